// One webhook: its state, its actions and what was sent to it.

import { getWebhook, testWebhook, type Webhook } from "mmms-client";
import { useState } from "preact/hooks";
import { Icon } from "../icons.js";
import { type Keys, useKeys } from "../keys_by_id.js";
import { useLive } from "../live.js";
import { CopyId } from "../parts/copy.js";
import { useAct } from "../parts/dialog.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { management } from "../session.js";
import { stateOf } from "../words/webhooks.js";
import { Deliveries, PingNotice } from "./webhook_deliveries.js";
import { ChangeWebhook, DeleteWebhook, Replay, RotateSecret, Secret, type Shown } from "./webhook_dialogs.js";
import { eventsOf, StateBadge } from "./webhooks.js";

const PAUSE_MS = 5_000;

type Asked = { what: "change" | "rotate" | "delete" } | { what: "replay"; eventId: string | null };

export function WebhookPage({ id }: { id: string }) {
  const { value, fault, refresh } = useLive<Webhook>(
    async (signal) =>
      (await getWebhook({ client: management.value, path: { id }, signal, throwOnError: true })).data.data,
    () => PAUSE_MS,
    [id],
  );
  const back = (
    <p class="back">
      <a href="#/webhooks">
        <Icon name="back" />
        Webhooks
      </a>
    </p>
  );
  if (value) {
    return (
      <>
        {back}
        <Open webhook={value} refresh={refresh} stale={<Stale fault={fault} has />} />
      </>
    );
  }
  return (
    <>
      {back}
      <Heading>Webhook</Heading>
      {fault?.type === "not_found" || fault?.type === "validation_error" ? (
        <Empty title="There is no such webhook">
          <p>It may have been deleted, or its id is incomplete.</p>
        </Empty>
      ) : fault ? (
        <FaultNotice fault={fault} />
      ) : (
        <Skeleton rows={3} kind="row-space" />
      )}
    </>
  );
}

function Open({ webhook, refresh, stale }: { webhook: Webhook; refresh: () => void; stale: preact.ComponentChild }) {
  const keys = useKeys();
  const [asked, ask] = useState<Asked | null>(null);
  const [shown, show] = useState<Shown | null>(null);
  const [ping, setPing] = useState<{ id: string; at: number } | null>(null);
  const [changes, setChanges] = useState(0);
  const test = useAct(async () => {
    const { data } = await testWebhook({ client: management.value, path: { id: webhook.id }, throwOnError: true });
    setPing({ id: data.data.event_id, at: Date.now() });
  });
  const done = () => {
    setChanges(changes + 1);
    refresh();
  };
  const about = { webhook, close: () => ask(null), done };
  const button = (name: string, question: Asked, careful = false, disabled = false) => (
    <button
      type="button"
      class={careful ? "button is-careful" : "button"}
      disabled={disabled}
      onClick={() => ask(question)}
    >
      {name}
    </button>
  );
  return (
    <>
      <Heading
        beside={
          <>
            <button
              type="button"
              class="button is-primary"
              disabled={!webhook.enabled}
              aria-disabled={test.busy}
              onClick={() => void test.run()}
            >
              Send a ping
            </button>
            {button("Replay…", { what: "replay", eventId: null }, false, !webhook.enabled)}
            {button("Change…", { what: "change" })}
            {button("Rotate…", { what: "rotate" })}
            {button("Delete…", { what: "delete" }, true)}
          </>
        }
      >
        {webhook.url}
      </Heading>
      {stale}
      {test.fault && <FaultNotice fault={test.fault} />}
      {ping && <PingNotice key={ping.id} webhook={webhook} ping={ping} seen={done} />}
      <Facts webhook={webhook} keys={keys} />
      <Receiving />
      <Deliveries webhook={webhook} changes={changes} replay={(eventId) => ask({ what: "replay", eventId })} />
      {asked?.what === "change" && <ChangeWebhook {...about} />}
      {asked?.what === "rotate" && <RotateSecret {...about} show={show} />}
      {asked?.what === "delete" && <DeleteWebhook {...about} />}
      {asked?.what === "replay" && <Replay {...about} eventId={asked.eventId} />}
      {shown && <Secret shown={shown} close={() => show(null)} />}
    </>
  );
}

function Facts({ webhook, keys }: { webhook: Webhook; keys: Keys }) {
  const { disabled_at, failing_since, previous_secret_until: previous } = webhook;
  const { remedy } = stateOf(webhook);
  const since = disabled_at ?? failing_since;
  return (
    <>
      <dl class="facts">
        <dt>State</dt>
        <dd>
          <span class="state-of">
            <StateBadge webhook={webhook} />
            {since && (
              <span>
                since <Moment time={since} />
              </span>
            )}
            {webhook.replaying && <span class="soft">A replay is being made ready.</span>}
          </span>
        </dd>
        <dt>Events</dt>
        <dd>{eventsOf(webhook, keys)}</dd>
        <dt>Made</dt>
        <dd>
          <Moment time={webhook.created_at} />
        </dd>
        {previous && (
          <>
            <dt>Old secret</dt>
            <dd>
              <span>
                signs too, until <Moment time={previous} />
              </span>
            </dd>
          </>
        )}
        <dt>Id</dt>
        <dd>
          <CopyId id={webhook.id} what="the webhook’s id" />
        </dd>
      </dl>
      {remedy && <p class="notice is-unsure">{remedy}</p>}
    </>
  );
}

/** A short form of docs/webhooks.md. */
function Receiving() {
  return (
    <details class="card more numbers">
      <summary>How to receive these messages</summary>
      <ul class="bullets">
        <li>
          Verify the signature in <code>webhook-signature</code> with the secret, over <code>webhook-id</code>,{" "}
          <code>webhook-timestamp</code> and the body as it came, after Standard Webhooks. Refuse what is older than
          five minutes.
        </li>
        <li>Answer 2xx within 15 seconds, and do what takes longer afterwards. Redirects are not followed.</li>
        <li>
          Remember the <code>webhook-id</code>: a message may come more than once. The order is not promised;{" "}
          <code>data.sequence</code> tells that of a recipient’s events.
        </li>
        <li>
          A message is tried at once and then 5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours after the try
          before. A ping is tried once.
        </li>
        <li>An answer of 410, or five days of failures only, disable the webhook.</li>
      </ul>
      <p class="beneath">
        <a href="/docs">The API describes every field.</a>
      </p>
    </details>
  );
}
