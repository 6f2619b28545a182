// What was sent to a webhook, and what befell the webhook itself, newest first.

import { listDeliveries, type Webhook, type WebhookDelivery } from "mmms-client";
import { useEffect } from "preact/hooks";
import { useLive } from "../live.js";
import { CopyId } from "../parts/copy.js";
import { Moment } from "../parts/moment.js";
import { FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { Turn, useTurned } from "../parts/turn.js";
import { management } from "../session.js";
import { duration, number } from "../words/figures.js";
import { changeOf, messageName, outcomeOf } from "../words/webhooks.js";

const PAGE = 50;
const PAUSE_MS = 5_000;
const LIVE_MS = 1_000;
/** A ping is answered, or has failed, within 15 seconds; after this time something else is wrong. */
const LATE_MS = 45_000;

interface Page {
  items: WebhookDelivery[];
  next: string | null;
}

async function load(id: string, limit: number, after: string | undefined, signal: AbortSignal): Promise<Page> {
  const query = { limit, ...(after && { after }) };
  const answer = await listDeliveries({ client: management.value, path: { id }, query, signal, throwOnError: true });
  return answer.data.data;
}

interface Listed {
  webhook: Webhook;
  /** Rises with each change from this page, so that the list is requested at once. */
  changes: number;
  replay: (eventId: string) => void;
}

export function Deliveries({ webhook, changes, replay }: Listed) {
  const turned = useTurned(webhook.id);
  const { after } = turned;
  const { value, fault, refresh } = useLive<Page>(
    (signal) => load(webhook.id, PAGE, after, signal),
    () => PAUSE_MS,
    [webhook.id, after],
  );
  useEffect(refresh, [changes]);
  return (
    <section class="recipients" aria-labelledby="deliveries-title">
      <h2 id="deliveries-title">Deliveries</h2>
      {value && <Stale fault={fault} has />}
      {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={4} kind="line-space" />)}
      {value && value.items.length === 0 && <p class="nothing">Nothing yet.</p>}
      {value && value.items.length > 0 && (
        <table class="cards card is-deliveries">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">What</th>
              <th scope="col">Outcome</th>
              <th scope="col">Next try</th>
              <th scope="col">Event</th>
            </tr>
          </thead>
          <tbody>
            {value.items.map((entry, at) => (
              <Line
                key={`${entry.at} ${entry.event_id} ${entry.attempt} ${at}`}
                entry={entry}
                replay={webhook.enabled ? replay : null}
              />
            ))}
          </tbody>
        </table>
      )}
      {value && <Turn turned={turned} next={value.next} size={PAGE} />}
    </section>
  );
}

function Line({ entry, replay }: { entry: WebhookDelivery; replay: ((eventId: string) => void) | null }) {
  const { event_id: eventId, attempt } = entry;
  if (entry.kind !== "try") {
    return (
      <tr class="is-change">
        <td data-label="Time">
          <Moment time={entry.at} />
        </td>
        <td data-label="What" colSpan={4}>
          <span>The webhook: {changeOf(entry)}</span>
        </td>
      </tr>
    );
  }
  const outcome = outcomeOf(entry);
  const name = messageName(entry.event_type);
  return (
    <tr>
      <td data-label="Time">
        <Moment time={entry.at} />
      </td>
      <td data-label="What">
        <span>
          {name}
          {attempt !== null && attempt > 1 && <span class="soft">, try {number(attempt)}</span>}
        </span>
      </td>
      <td class="is-story" data-label="Outcome">
        <p>
          <span class={`badge is-${outcome.tone}`}>{outcome.name}</span>
          {entry.duration_ms !== null && <span class="soft"> in {duration(entry.duration_ms)}</span>}
        </p>
        {outcome.remedy && <p class="soft">{outcome.remedy}</p>}
      </td>
      <td data-label="Next try">
        {entry.next_attempt_at ? (
          <Moment time={entry.next_attempt_at} />
        ) : (
          <span class="soft">{outcome.tone === "good" || name === "ping" ? "–" : "none"}</span>
        )}
      </td>
      <td class="is-ids" data-label="Event">
        {eventId && (
          <span class="is-event">
            <CopyId id={eventId} what="the event’s id" />
            {name !== "ping" && replay && (
              <button type="button" class="link" aria-label={`Send ${name} again`} onClick={() => replay(eventId)}>
                Again…
              </button>
            )}
          </span>
        )}
      </td>
    </tr>
  );
}

interface Pinged {
  webhook: Webhook;
  ping: { id: string; at: number };
  /** Called once when the outcome is known. */
  seen: () => void;
}

/** Looks for the outcome of a ping until it is there. */
export function PingNotice({ webhook, ping, seen }: Pinged) {
  const { value: entry } = useLive<WebhookDelivery | null>(
    async (signal, before) => {
      if (before) return before;
      const page = await load(webhook.id, 20, undefined, signal);
      return page.items.find(({ event_id }) => event_id === ping.id) ?? null;
    },
    (found) => (found ? 3_600_000 : LIVE_MS),
    [ping.id],
  );
  const known = entry !== null;
  useEffect(() => {
    if (known) seen();
  }, [known]);
  const late = !known && Date.now() - ping.at > LATE_MS;
  const outcome = entry && outcomeOf(entry);
  return (
    <div class={`notice is-${outcome ? outcome.tone : "unsure"}`} role="status">
      {outcome ? (
        <>
          <p class="notice-title">
            {outcome.tone === "good" ? "The ping has arrived" : "The ping has failed"}: {outcome.name}
          </p>
          {outcome.remedy && <p>{outcome.remedy}</p>}
        </>
      ) : late ? (
        <>
          <p class="notice-title">The ping has not been tried yet</p>
          <p>The programs that drain the queue send webhooks: is one of them running?</p>
        </>
      ) : (
        <p class="notice-title">A ping is being sent…</p>
      )}
    </div>
  );
}
