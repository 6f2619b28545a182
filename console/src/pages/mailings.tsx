// All mailings, newest first, with their progress.

import { type ApiKey, getMailing, listApiKeys, listMailings, type Mailing } from "mmms-client";
import { useEffect, useState } from "preact/hooks";
import { type Live, useLive } from "../live.js";
import { Select } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { doneOf, inWords, Progress, sentShare } from "../parts/status.js";
import { narrow, route } from "../route.js";
import { management } from "../session.js";
import { counted, number } from "../words/figures.js";
import { isOpen, isPlanned, isUnderWay, TROUBLES } from "../words/statuses.js";

type Which = "all" | "open" | "ended";

interface Filter {
  which: Which;
  keyId: string;
  emailId: string;
}

interface Shown {
  items: Mailing[];
  next: string | null;
  /** Newer mailings that are not shown yet, because they would move the rows that the user is reading. */
  newer: Mailing[];
}

function filterOf(query: URLSearchParams): Filter {
  const show = query.get("show");
  return {
    which: show === "open" || show === "ended" ? show : "all",
    keyId: query.get("key") ?? "",
    emailId: query.get("email_id") ?? "",
  };
}

function filterBy({ which, keyId, emailId }: Filter): void {
  narrow({ show: which === "all" ? "" : which, key: keyId, email_id: emailId });
}

const LIVE_MS = 1_000;
const QUIET_MS = 5_000;
/** The maximum number of open mailings after the first page that are requested one by one. */
const MOST_FOLLOWED = 10;

async function page(filter: Filter, signal: AbortSignal | undefined, after?: string) {
  const { data } = await listMailings({
    client: management.value,
    query: {
      ...(filter.which !== "all" && { open: filter.which === "open" }),
      ...(filter.keyId && { api_key_id: filter.keyId }),
      ...(filter.emailId && { email_id: filter.emailId }),
      ...(after && { after }),
      limit: 25,
    },
    ...(signal && { signal }),
    throwOnError: true,
  });
  return data.data;
}

async function load(filter: Filter, signal: AbortSignal, before: Shown | null): Promise<Shown> {
  const first = await page(filter, signal);
  if (!before || before.items.length === 0) return { ...first, newer: [] };
  const fresh = new Map(first.items.map((mailing) => [mailing.id, mailing]));
  const missing = before.items.filter((mailing) => !fresh.has(mailing.id) && isOpen(mailing.counts));
  for (const { id } of missing.slice(0, MOST_FOLLOWED)) {
    const { data } = await getMailing({ client: management.value, path: { id }, signal, throwOnError: true });
    fresh.set(id, data.data);
  }
  const known = new Set(before.items.map(({ id }) => id));
  const newest = before.items[0]?.created_at ?? "";
  return {
    items: before.items.map((mailing) => fresh.get(mailing.id) ?? mailing),
    next: before.next,
    newer: first.items.filter(({ id, created_at }) => !known.has(id) && created_at >= newest),
  };
}

export function Mailings() {
  const filter = filterOf(route.value.query);
  const list = useLive<Shown>(
    (signal, before) => load(filter, signal, before),
    (shown) => (shown?.items.some(isUnderWay) ? LIVE_MS : QUIET_MS),
    [filter.which, filter.keyId, filter.emailId],
  );
  return (
    <>
      <Heading
        beside={
          <a class="button is-primary" href="#/send">
            Send mail
          </a>
        }
      >
        Mailings
      </Heading>
      <Filters filter={filter} change={filterBy} />
      <List list={list} filter={filter} reset={() => filterBy({ which: "all", keyId: "", emailId: "" })} />
    </>
  );
}

function Filters({ filter, change }: { filter: Filter; change: (filter: Filter) => void }) {
  const [emailId, setEmailId] = useState(filter.emailId);
  // The back button changes the filter too.
  useEffect(() => setEmailId(filter.emailId), [filter.emailId]);
  const keys = useLive<ApiKey[]>(
    async (signal) =>
      (await listApiKeys({ client: management.value, query: { limit: 100 }, signal, throwOnError: true })).data.data
        .items,
    () => 60_000,
    [],
  );
  return (
    <search aria-label="Mailings">
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          change({ ...filter, emailId: emailId.trim() });
        }}
      >
        <Select<Which>
          label="Show"
          value={filter.which}
          change={(which) => change({ ...filter, which })}
          options={[
            ["all", "All"],
            ["open", "Under way"],
            ["ended", "Ended"],
          ]}
        />
        <Select
          label="Key"
          value={filter.keyId}
          change={(keyId) => change({ ...filter, keyId })}
          options={keyOptions(keys.value ?? [], filter.keyId)}
        />
        <div class="field">
          <label for="email-id">Your id (email_id)</label>
          <input
            id="email-id"
            type="search"
            value={emailId}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setEmailId(event.currentTarget.value)}
            // This event also occurs when the field's own button empties it.
            onChange={(event) => change({ ...filter, emailId: event.currentTarget.value.trim() })}
          />
        </div>
      </form>
    </search>
  );
}

/** The options include a revoked key if the address names it. */
function keyOptions(keys: readonly ApiKey[], chosen: string): (readonly [string, string])[] {
  const live = keys.map((key) => [key.id, key.name ?? key.id] as const);
  const isLive = chosen === "" || keys.some(({ id }) => id === chosen);
  return [["", "Any key"], ...live, ...(isLive ? [] : [[chosen, chosen] as const])];
}

function List({ list, filter, reset }: { list: Live<Shown>; filter: Filter; reset: () => void }) {
  const { value, fault } = list;
  if (!value) return fault ? <FaultNotice fault={fault} /> : <Skeleton rows={6} kind="row-space" />;
  if (value.items.length === 0 && !fault)
    return <Nothing filtered={filter.which !== "all" || filter.keyId !== "" || filter.emailId !== ""} reset={reset} />;
  return (
    <>
      <Stale fault={fault} has />
      <p class="newer" role="status">
        {value.newer.length > 0 ? (
          <button
            type="button"
            class="link"
            onClick={() => list.change((shown) => ({ ...shown, items: [...shown.newer, ...shown.items], newer: [] }))}
          >
            Show {counted(value.newer.length, "new mailing", "new mailings")}
          </button>
        ) : fault ? (
          <span class="ended">Not live</span>
        ) : (
          <span class="live">Live</span>
        )}
      </p>
      <ul class="rows card">
        {value.items.map((mailing) => (
          <Row key={mailing.id} mailing={mailing} />
        ))}
      </ul>
      {value.next && <More list={list} filter={filter} after={value.next} />}
    </>
  );
}

function More({ list, filter, after }: { list: Live<Shown>; filter: Filter; after: string }) {
  const [busy, setBusy] = useState(false);
  const more = async () => {
    if (busy) return;
    setBusy(true);
    try {
      const { items, next } = await page(filter, undefined, after);
      list.change((shown) => ({ ...shown, items: [...shown.items, ...items], next }));
    } catch {
      list.refresh();
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button is-more" onClick={more} aria-disabled={busy}>
      Show older mailings
    </button>
  );
}

function Row({ mailing }: { mailing: Mailing }) {
  const { counts } = mailing;
  const { done, total } = doneOf(counts);
  const trouble = inWords(counts, TROUBLES);
  const rest = inWords(counts, ["queued", "sending", "sent", "delivered", "cancelled"]);
  const progress = isOpen(counts) ? `${number(done)} of ${counted(total, "recipient", "recipients")} done` : "";
  return (
    <li>
      <a class="row" href={`#/mailings/${mailing.id}`}>
        <span class="row-subject" dir="auto">
          {mailing.subject}
        </span>
        <span class="row-from">
          <span dir="auto">{mailing.sender_name}</span> &lt;{mailing.sender_email}&gt;
        </span>
        <span class="row-time">
          <Moment time={mailing.created_at} />
        </span>
        <span class="row-progress">
          <Progress counts={counts} of={mailing.subject} />
          <span class="row-percent">{`${sentShare(counts)} sent`}</span>
        </span>
        <span class="row-words">
          {mailing.send_at && isPlanned(mailing) && (
            <strong class="planned">
              Planned <Moment time={mailing.send_at} />{" "}
            </strong>
          )}
          {trouble && <strong class="is-bad-text">{trouble}</strong>}
          {[trouble && rest ? `, ${rest}` : rest, progress].filter(Boolean).join(" – ")}
        </span>
      </a>
    </li>
  );
}

function Nothing({ filtered, reset }: { filtered: boolean; reset: () => void }) {
  if (filtered)
    return (
      <Empty title="No mailing matches the filters">
        <p>
          <button type="button" class="button" onClick={reset}>
            Show all
          </button>
        </p>
      </Empty>
    );
  return (
    <Empty title="No mail yet">
      <p>Every accepted mailing appears here, with the status of each recipient.</p>
      <p>
        <a class="button is-primary" href="#/send">
          Send a first mail
        </a>
      </p>
    </Empty>
  );
}
