// The webhooks, with their state.

import { listWebhooks, type Webhook } from "mmms-client";
import { useState } from "preact/hooks";
import { type Keys, useKeys } from "../keys_by_id.js";
import { useLive } from "../live.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { management } from "../session.js";
import { stateOf } from "../words/webhooks.js";
import { NewWebhook, Secret, type Shown } from "./webhook_dialogs.js";

const PAUSE_MS = 5_000;

/** There are at most 100 webhooks. */
async function all(signal: AbortSignal): Promise<Webhook[]> {
  const answer = await listWebhooks({ client: management.value, query: { limit: 100 }, signal, throwOnError: true });
  return answer.data.data.items;
}

export function Webhooks() {
  const { value, fault, refresh } = useLive<Webhook[]>(all, () => PAUSE_MS, []);
  const keys = useKeys();
  const [isNew, setIsNew] = useState(false);
  const [shown, show] = useState<Shown | null>(null);
  return (
    <>
      <Heading
        beside={
          <button type="button" class="button is-primary" onClick={() => setIsNew(true)}>
            New webhook
          </button>
        }
      >
        Webhooks
      </Heading>
      <p class="lead">
        A webhook is an address of yours to which each event of a recipient is posted, signed, such as delivered or
        bounced.
      </p>
      {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={3} kind="row-space" />)}
      {value && <Stale fault={fault} has />}
      {value && value.length === 0 && (
        <Empty title="No webhook yet">
          <p>Make one for a program that wants to know what becomes of mail, as soon as it is known.</p>
          <p>
            <button type="button" class="button is-primary" onClick={() => setIsNew(true)}>
              Make a webhook
            </button>
          </p>
        </Empty>
      )}
      {value && value.length > 0 && (
        <ul class="rows card">
          {value.map((webhook) => (
            <Row key={webhook.id} webhook={webhook} keys={keys} />
          ))}
        </ul>
      )}
      {isNew && (
        <NewWebhook
          keys={keys}
          close={() => setIsNew(false)}
          done={(made) => {
            setIsNew(false);
            refresh();
            show(made);
          }}
        />
      )}
      {shown && <Secret shown={shown} close={() => show(null)} />}
    </>
  );
}

function Row({ webhook, keys }: { webhook: Webhook; keys: Keys }) {
  const { failing_since, disabled_at } = webhook;
  const since = disabled_at ?? failing_since;
  return (
    <li>
      <a class="row is-webhook" href={`#/webhooks/${webhook.id}`}>
        <span class="row-subject">{webhook.url}</span>
        <span class="row-time">
          <StateBadge webhook={webhook} />
        </span>
        <span class="row-from">{eventsOf(webhook, keys)}</span>
        <span class="row-words">
          {since ? (
            <>
              since <Moment time={since} />
            </>
          ) : (
            <>
              made <Moment time={webhook.created_at} />
            </>
          )}
        </span>
      </a>
    </li>
  );
}

export function StateBadge({ webhook }: { webhook: Webhook }) {
  const { name, tone } = stateOf(webhook);
  return <span class={`badge is-${tone}`}>{name}</span>;
}

/** What is sent to a webhook, in words. */
export function eventsOf({ statuses, api_key_id }: Webhook, keys: Keys): string {
  const kinds = statuses.length === 0 ? "All events" : statuses.join(", ");
  return api_key_id === null ? kinds : `${kinds}, of the key ${keys.nameOf(api_key_id)}`;
}
