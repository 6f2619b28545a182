// The actions on a webhook, each with its consequences.

import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  type EventStatusFilter,
  replayEvents,
  rotateWebhook,
  type Webhook,
} from "mmms-client";
import { useState } from "preact/hooks";
import { Mistake } from "../fault.js";
import { type Keys, keyOptions } from "../keys_by_id.js";
import { CopyButton } from "../parts/copy.js";
import { Dialog, Question } from "../parts/dialog.js";
import { Check, Field, Select } from "../parts/field.js";
import { announce } from "../parts/news.js";
import { go } from "../route.js";
import { management } from "../session.js";
import { localOf, timeOf } from "../words/figures.js";
import { KINDS, meaningOf } from "../words/webhooks.js";

/** A secret that is shown only once. */
export interface Shown {
  title: string;
  note: string;
  secret: string;
}

interface About {
  close: () => void;
  done: () => void;
}

const LABELS: Readonly<Record<string, string>> = {
  url: "URL:",
  statuses: "Events:",
  api_key_id: "Key:",
  since: "Since:",
  event_id: "Event id:",
};
const nameOf = (field: string) => LABELS[field.split(".")[0] ?? ""] ?? field;

type Chosen = ReadonlySet<string>;

function Kinds({ all, setAll, chosen, choose }: KindsOf) {
  return (
    <>
      <Select<"all" | "some">
        label="Events"
        field="statuses"
        value={all ? "all" : "some"}
        change={(to) => setAll(to === "all")}
        options={[
          ["all", "all kinds, also those of later versions"],
          ["some", "only some kinds"],
        ]}
      />
      {!all && (
        <fieldset class="kinds">
          <legend class="unseen">Kinds of events</legend>
          {[...KINDS, ...unknownOf(chosen)].map((kind) => (
            <label key={kind} class="check">
              <input
                type="checkbox"
                checked={chosen.has(kind)}
                onChange={({ currentTarget: { checked } }) => {
                  const next = new Set(chosen);
                  if (checked) next.add(kind);
                  else next.delete(kind);
                  choose(next);
                }}
              />
              <span>
                <strong>{kind}</strong> <span class="soft">{isKnown(kind) && meaningOf(kind)}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}

interface KindsOf {
  all: boolean;
  setAll: (all: boolean) => void;
  chosen: Chosen;
  choose: (chosen: Chosen) => void;
}

const isKnown = (kind: string): kind is EventStatusFilter => (KINDS as readonly string[]).includes(kind);

/** Kinds that only a newer service knows: they stay as they are. */
const unknownOf = (chosen: Chosen): string[] => [...chosen].filter((kind) => !isKnown(kind));

/** The kinds for the API, which takes none as all. */
function kindsOf(all: boolean, chosen: Chosen): EventStatusFilter[] {
  if (all) return [];
  if (chosen.size === 0) throw new Mistake([{ field: "statuses", message: "are needed: choose at least one kind" }]);
  return [...chosen] as EventStatusFilter[];
}

function urlOf(url: string): string {
  if (url.trim() === "") throw new Mistake([{ field: "url", message: "is needed" }]);
  return url.trim();
}

const URL_HINT = "HTTPS, at a public address. Redirects are not followed.";

export function NewWebhook({ keys, close, done }: { keys: Keys; close: () => void; done: (shown: Shown) => void }) {
  const [url, setUrl] = useState("");
  const [all, setAll] = useState(true);
  const [chosen, choose] = useState<Chosen>(new Set(["delivered", "bounced", "complained"]));
  const [keyId, setKeyId] = useState("");
  const create = async () => {
    const statuses = kindsOf(all, chosen);
    const body = { url: urlOf(url), ...(!all && { statuses }), ...(keyId && { api_key_id: keyId }) };
    const { data } = await createWebhook({ client: management.value, body, throwOnError: true });
    done({ title: "The secret of the new webhook", note: "", secret: data.data.secret });
  };
  return (
    <Question title="New webhook" does="Make the webhook" act={create} close={close} nameOf={nameOf} wide>
      <Field
        label="URL"
        field="url"
        value={url}
        change={setUrl}
        placeholder="https://hooks.example.com/mail"
        mono
        hint={URL_HINT}
      />
      <Kinds all={all} setAll={setAll} chosen={chosen} choose={choose} />
      <Select
        label="Mailings"
        value={keyId}
        change={setKeyId}
        options={keyOptions(keys.list, "of every key").map(
          ([id, name]) => [id, id ? `only of ${name}` : name] as const,
        )}
      />
    </Question>
  );
}

interface AboutWebhook extends About {
  webhook: Webhook;
}

export function ChangeWebhook({ webhook, close, done }: AboutWebhook) {
  const [url, setUrl] = useState(webhook.url);
  const [all, setAll] = useState(webhook.statuses.length === 0);
  const [chosen, choose] = useState<Chosen>(new Set<string>(webhook.statuses));
  const [enabled, setEnabled] = useState(webhook.enabled);
  const change = async () => {
    const statuses = kindsOf(all, chosen);
    const body = {
      ...(urlOf(url) !== webhook.url && { url: urlOf(url) }),
      ...(statuses.join() !== webhook.statuses.join() && { statuses }),
      ...(enabled !== webhook.enabled && { enabled }),
    };
    await changeWebhook({ client: management.value, path: { id: webhook.id }, body, throwOnError: true });
    close();
    done();
    announce("The webhook is changed");
  };
  return (
    <Question title="Change the webhook" does="Change it" act={change} close={close} nameOf={nameOf} wide>
      <Field label="URL" field="url" value={url} change={setUrl} mono hint={URL_HINT} />
      <Kinds all={all} setAll={setAll} chosen={chosen} choose={choose} />
      <Check label="Enabled" value={enabled} change={setEnabled} />
      {!enabled && (
        <p class="notice is-unsure">
          While it is disabled, nothing is sent to it, and events that were still to be sent are dropped. A replay sends
          what it has missed.
        </p>
      )}
    </Question>
  );
}

export function RotateSecret({ webhook, close, done, show }: AboutWebhook & { show: (shown: Shown) => void }) {
  const rotate = async () => {
    const { data } = await rotateWebhook({ client: management.value, path: { id: webhook.id }, throwOnError: true });
    close();
    done();
    show({
      title: "The new secret",
      note: "For 24 hours each message has a signature of the old secret too.",
      secret: data.data.secret,
    });
  };
  return (
    <Question title="Rotate the secret?" does="Make a new secret" act={rotate} close={close}>
      <p>
        The receiver needs the new secret within 24 hours: until then each message has two signatures, one of each
        secret.
      </p>
    </Question>
  );
}

export function DeleteWebhook({ webhook, close }: AboutWebhook) {
  const remove = async () => {
    await deleteWebhook({ client: management.value, path: { id: webhook.id }, throwOnError: true });
    close();
    go("#/webhooks");
    announce("The webhook is deleted");
  };
  return (
    <Question title="Delete this webhook?" does="Delete" keeps="Keep it" dangerous act={remove} close={close}>
      <p>
        Nothing more is sent to <strong>{webhook.url}</strong>, and its deliveries are no longer listed. To stop it for
        a while, disable it instead.
      </p>
    </Question>
  );
}

const DAY_MS = 86_400_000;

/** Sends events again: one that is given, or those since a time. */
export function Replay({ webhook, eventId, close, done }: AboutWebhook & { eventId: string | null }) {
  const [which, setWhich] = useState<"since" | "one">(eventId ? "one" : "since");
  const [since, setSince] = useState(() => localOf(new Date(Date.now() - DAY_MS).toISOString()));
  const [id, setId] = useState(eventId ?? "");
  const replay = async () => {
    const time = timeOf(since);
    if (which === "since" && !time) throw new Mistake([{ field: "since", message: "needs a date and a time" }]);
    if (which === "one" && !id.trim()) throw new Mistake([{ field: "event_id", message: "is needed" }]);
    const body = which === "one" ? { event_id: id.trim() } : { since: time };
    await replayEvents({ client: management.value, path: { id: webhook.id }, body, throwOnError: true });
    close();
    done();
    announce(which === "one" ? "The event is being sent again" : "Events are being sent again");
  };
  return (
    <Question title="Send events again?" does="Send again" act={replay} close={close} nameOf={nameOf}>
      <p>An event that was sent before keeps its id, by which the receiver knows it. Later events do not wait.</p>
      <Select<"since" | "one">
        label="Events"
        value={which}
        change={setWhich}
        options={[
          ["since", "all since a time"],
          ["one", "one event"],
        ]}
      />
      {which === "since" ? (
        <Field
          label="Since"
          field="since"
          type="datetime-local"
          value={since}
          change={setSince}
          hint="Only events of the kinds that the webhook is sent, as long as they are kept (EVENT_DAYS, 30 days by default)."
        />
      ) : (
        <Field label="Event id" field="event_id" value={id} change={setId} mono hint="Of whichever kind it is." />
      )}
    </Question>
  );
}

export function Secret({ shown: { title, note, secret }, close }: { shown: Shown; close: () => void }) {
  return (
    <Dialog title={title} close={close} wide firm>
      <p>
        <strong>Copy it now: it is shown only once.</strong> {note}
      </p>
      <p class="secret">
        <code>{secret}</code>
        <CopyButton text={secret} what="The secret" label="Copy" />
      </p>
      <p class="soft">
        The receiver checks with it that messages are from here: <code>verifyWebhook</code> of the client, or a library
        of Standard Webhooks.
      </p>
      <div class="choices">
        <button type="button" class="button is-primary" onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
