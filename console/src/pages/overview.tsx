// Sent mail, the time it took, and waiting mail.

import { getStatistics, listMailings, type Statistics } from "mmms-client";
import { HoursChart, NumbersTable, TimesChart } from "../charts/charts.js";
import { useLive } from "../live.js";
import { Heading } from "../parts/heading.js";
import { FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { narrow, route } from "../route.js";
import { knownKeys, management, service } from "../session.js";
import { counted, duration, number } from "../words/figures.js";
import { LATE_SECONDS, sum, wellOf } from "../words/well.js";
import { Rates } from "./rates.js";

const RANGES = [
  ["24", "24 hours"],
  ["72", "3 days"],
  ["168", "7 days"],
] as const;
type Range = (typeof RANGES)[number][0];

const HOUR_MS = 3_600_000;
const LIVE_MS = 1_000;
const QUIET_MS = 10_000;

interface Seen {
  statistics: Statistics;
  /** True if the service has no mailing yet. */
  isNew: boolean;
}

async function load(range: Range, signal: AbortSignal, before: Seen | null): Promise<Seen> {
  const client = management.value;
  const from = new Date(Date.now() - (Number(range) - 1) * HOUR_MS).toISOString();
  const { data } = await getStatistics({ client, query: { from }, signal, throwOnError: true });
  // The first steps stay until the user leaves the page, so that the content below does not move.
  if (before) return { statistics: data.data, isNew: before.isNew };
  const mailings = await listMailings({ client, query: { limit: 1 }, signal, throwOnError: true });
  return { statistics: data.data, isNew: mailings.data.data.items.length === 0 };
}

export function Overview() {
  const asked = route.value.query.get("hours");
  const range = RANGES.find(([of]) => of === asked)?.[0] ?? "24";
  const { value, fault } = useLive<Seen>(
    (signal, before) => load(range, signal, before),
    (seen) => (seen && seen.statistics.waiting.queued + seen.statistics.waiting.sending > 0 ? LIVE_MS : QUIET_MS),
    [range],
  );
  return (
    <>
      <Heading
        beside={
          <fieldset class="switch" aria-label="Time shown">
            {RANGES.map(([of, name]) => (
              <button
                key={of}
                type="button"
                aria-pressed={of === range}
                onClick={() => narrow({ hours: of === "24" ? "" : of })}
              >
                {name}
              </button>
            ))}
          </fieldset>
        }
      >
        Overview
      </Heading>
      {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={1} kind="pictures-space" />)}
      {value && <Stale fault={fault} has />}
      {value?.isNew && <FirstSteps />}
      {value && <Pictures statistics={value.statistics} range={range} />}
    </>
  );
}

function FirstSteps() {
  return (
    <section class="card steps" aria-labelledby="steps-title">
      <h2 id="steps-title">A first mail in a minute</h2>
      <ol>
        <li class={knownKeys.value.length > 0 ? "is-done" : undefined}>
          <a href="#/keys">Make a key</a>. Every program that sends mail needs one.
        </li>
        <li>
          <a href="#/send">Send a mail</a> with it, to one address or to a thousand.
        </li>
        <li>
          Watch its progress under <a href="#/mailings">Mailings</a>
          {service.value?.mailbox ? (
            <>
              , and read it in the <a href="/mailbox">mailbox</a>: nothing leaves this machine.
            </>
          ) : (
            "."
          )}
        </li>
      </ol>
    </section>
  );
}

function Pictures({ statistics, range }: { statistics: Statistics; range: Range }) {
  const { hours, waiting } = statistics;
  const name = RANGES.find(([of]) => of === range)?.[1] ?? "";
  const sent = sum(hours, (hour) => hour.sent);
  const failed = sum(hours, (hour) => hour.failed);
  const unconfirmed = sum(hours, (hour) => hour.unconfirmed);
  const cancelled = sum(hours, (hour) => hour.cancelled);
  const ended = sent + failed + unconfirmed + cancelled;
  const latest = hours.findLast((hour) => hour.time_to_sent_ms !== null)?.time_to_sent_ms ?? null;
  const uncounted = hours.filter((hour) => !hour.counted).length;
  const well = wellOf(statistics, name);
  return (
    <>
      <p class={`well is-${well.tone}`} role="status">
        {well.words}
      </p>
      <dl class="tiles">
        <Tile
          name={`Sent in ${name}`}
          figure={number(sent)}
          note={ended > 0 ? `of ${number(ended)} that ended` : "nothing ended"}
        />
        <Tile
          name="Failed or unconfirmed"
          figure={number(failed + unconfirmed)}
          note={`${number(failed)} failed, ${number(unconfirmed)} unconfirmed`}
          tone={failed + unconfirmed > 0 ? "bad" : undefined}
        />
        <Tile
          name="Waiting now"
          figure={number(waiting.queued + waiting.sending)}
          note={
            waiting.oldest_due_at === null
              ? laterOf(waiting) > 0
                ? `${number(laterOf(waiting))} due later`
                : "nothing is due"
              : `the oldest for ${duration(waiting.oldest_due_seconds * 1000)}`
          }
          tone={waiting.oldest_due_seconds >= LATE_SECONDS ? "bad" : undefined}
        />
        <Tile
          name="Accepted to sent"
          figure={latest ? duration(latest.p95) : "–"}
          note={latest ? `95 of 100; half within ${duration(latest.p50)}` : "nothing sent yet"}
        />
      </dl>
      <HoursChart hours={hours} name={name} />
      <Rates statistics={statistics} name={name} />
      <div class="beside-each-other">
        <TimesChart hours={hours} name={name} />
        <WaitingPicture waiting={waiting} />
      </div>
      {uncounted > 0 && (
        <p class="notice is-unsure">
          {counted(uncounted, "hour is", "hours are")} not counted yet, for example after an update or a long stop. The
          service counts them without further action.
        </p>
      )}
      <NumbersTable hours={hours} />
    </>
  );
}

function Tile({ name, figure, note, tone }: { name: string; figure: string; note: string; tone?: "bad" | undefined }) {
  return (
    <div class={tone ? `card tile is-${tone}` : "card tile"}>
      <dt>{name}</dt>
      <dd class="tile-figure">{figure}</dd>
      <dd class="tile-note">{note}</dd>
    </div>
  );
}

/** The number of queued recipients that are not due yet, such as those with a retry. */
function laterOf({ queued, due }: Statistics["waiting"]): number {
  return Math.max(0, queued - due);
}

/** The age of the waiting mail, and its meaning. */
function ageOf(waiting: Statistics["waiting"]): { words: string; note: string; late: boolean } {
  const seconds = waiting.oldest_due_seconds;
  const later = laterOf(waiting);
  if (waiting.oldest_due_at !== null) {
    const late = seconds >= LATE_SECONDS;
    const note = late ? "That is long: the log has the cause." : "The oldest mail is sent first.";
    return { words: `The oldest has been due for ${duration(seconds * 1000)}`, note, late };
  }
  if (later > 0) {
    const note =
      "The mail system temporarily refused it, or its time has not come. The page of the mailing gives the reason.";
    return { words: `${counted(later, "mail is", "mails are")} queued and due later`, note, late: false };
  }
  if (waiting.sending > 0) {
    return { words: "Nothing else is due", note: "All waiting mail is being sent.", late: false };
  }
  return { words: "Nothing is due", note: "New mail is sent at once.", late: false };
}

function WaitingPicture({ waiting }: { waiting: Statistics["waiting"] }) {
  const later = laterOf(waiting);
  const parts = [
    ["sending", "Being sent", waiting.sending],
    ["queued", "Due now", waiting.due],
    ["later", "Due later", later],
  ] as const;
  const most = Math.max(1, ...parts.map(([, , count]) => count));
  const age = ageOf(waiting);
  return (
    <section class="card picture" aria-labelledby="waiting-title">
      <h2 id="waiting-title">Waiting mail</h2>
      <ul class="columns">
        {parts.map(([kind, name, count]) => (
          <li key={kind}>
            <span>{name}</span>
            <strong>{number(count)}</strong>
            <span class="column" aria-hidden="true">
              <span class={`is-${kind}`} style={{ width: `${(count * 100) / most}%` }} />
            </span>
          </li>
        ))}
      </ul>
      <p class="age">
        <strong>{age.words}</strong>
        <span class={age.late ? "is-bad-text" : "soft"}>{age.note}</span>
      </p>
    </section>
  );
}
