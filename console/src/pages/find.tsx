// Recipients of all mailings: what became of somebody's mail.

import { type FoundRecipient, findRecipients, type RecipientStatus } from "mmms-client";
import { useState } from "preact/hooks";
import { useLive } from "../live.js";
import { Select } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { Badge } from "../parts/status.js";
import { Turn, useTurned } from "../parts/turn.js";
import { go, narrow, route } from "../route.js";
import { management } from "../session.js";
import { wordsOf } from "../words/details.js";
import { isKnown, statusNames, TROUBLE_FIRST } from "../words/statuses.js";

const PAUSE_MS = 10_000;
const PAGE = 50;
const MAILING = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface Page {
  items: FoundRecipient[];
  next: string | null;
}

/** The filters by which recipients are found, with their names on the page. */
const names = {
  mail: "Address",
  message_id: "Message id",
  email_id: "email_id",
  client_env_id: "client_env_id",
} as const;
type By = keyof typeof names;
const FILTERS = Object.keys(names) as readonly By[];
/** The ids that a text may be, in the order in which they are tried. */
const IDS = ["message_id", "email_id", "client_env_id"] as const satisfies readonly By[];

async function page(query: Readonly<Record<string, string | number>>, signal?: AbortSignal): Promise<Page> {
  const answer = await findRecipients({
    client: management.value,
    query,
    ...(signal && { signal }),
    throwOnError: true,
  });
  return answer.data.data;
}

export function Find() {
  const { query } = route.value;
  const status = query.get("status") ?? "";
  const given = FILTERS.filter((by) => query.get(by));
  const asked = Object.fromEntries(given.map((by) => [by, query.get(by) ?? ""]));
  const list = `${status} ${JSON.stringify(asked)}`;
  const turned = useTurned(list);
  const { after } = turned;
  const { value, fault } = useLive<Page>(
    (signal) => page({ limit: PAGE, ...asked, ...(status && { status }), ...(after && { after }) }, signal),
    () => PAUSE_MS,
    [list, after],
  );
  return (
    <>
      <Heading>Find mail</Heading>
      <p class="lead">Every recipient of every mailing, newest first: what became of somebody’s mail.</p>
      <Search status={status} />
      {given.length > 0 && (
        <ul class="chips" aria-label="Filters">
          {given.map((by) => (
            <li key={by} class="chip">
              <span dir="auto">
                {names[by]}: {asked[by]}
              </span>
              <button type="button" aria-label={`Remove ${names[by]}`} onClick={() => narrow({ [by]: "" })}>
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
      {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={6} kind="line-space" />)}
      {value && <Stale fault={fault} has />}
      {value && value.items.length === 0 && <Nothing value={value} isFirst={turned.cursors.length === 0} />}
      {value && value.items.length > 0 && <Table items={value.items} />}
      {value && <Turn turned={turned} next={value.next} size={PAGE} />}
    </>
  );
}

function Nothing({ value, isFirst }: { value: Page; isFirst: boolean }) {
  if (value.next) return <p class="nothing">None among the mailings that were looked into. Go on with older ones.</p>;
  if (!isFirst) return <p class="nothing">There are no more.</p>;
  return (
    <Empty title="No mail was found">
      <p>An address is found while it is kept: retention and erasure remove it. An id has to be complete.</p>
    </Empty>
  );
}

/** Finds out what a text is: the first by which something is found. A message id may look like an address. */
async function filterOf(text: string): Promise<By> {
  const tried: readonly By[] = /^[^@\s<>]+@[^@\s<>]+$/.test(text) ? ["mail", ...IDS] : IDS;
  for (const by of tried) {
    const found = await page({ [by]: text, limit: 1 });
    if (found.items.length > 0) return by;
  }
  return tried[0] ?? "mail";
}

function Search({ status }: { status: string }) {
  const [written, write] = useState("");
  const [isFaulty, setIsFaulty] = useState(false);
  const look = async () => {
    const text = written.trim();
    if (text === "") return;
    if (MAILING.test(text)) return go(`#/mailings/${text}`);
    try {
      const by = await filterOf(text);
      setIsFaulty(false);
      write("");
      narrow({ ...Object.fromEntries(FILTERS.map((of) => [of, ""])), [by]: text });
    } catch {
      setIsFaulty(true);
    }
  };
  return (
    <search aria-label="Recipients">
      <form
        class="filters is-search"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <div class="field">
          <label for={FIELD}>Address or id</label>
          <input
            id={FIELD}
            type="search"
            value={written}
            autocomplete="off"
            spellcheck={false}
            placeholder="ada@example.com"
            aria-invalid={isFaulty ? "true" : undefined}
            aria-describedby={`${FIELD}-hint`}
            onInput={(event) => write(event.currentTarget.value)}
          />
          <p class={isFaulty ? "hint is-error" : "hint"} id={`${FIELD}-hint`} role={isFaulty ? "alert" : undefined}>
            {isFaulty
              ? "The service does not answer, or this is no address and no id."
              : "A whole address, the id of a mailing or a message, email_id or client_env_id; then Enter."}
          </p>
        </div>
        <Select
          label="Status"
          value={status}
          change={(to) => narrow({ status: to })}
          options={[["", "Any status"], ...TROUBLE_FIRST.map((of) => [of, statusNames[of]] as const)]}
        />
      </form>
    </search>
  );
}

/** The id of the field, which the key `/` leads to. */
export const FIELD = "find-text";

function Table({ items }: { items: readonly FoundRecipient[] }) {
  return (
    <table class="cards card is-found">
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Status</th>
          <th scope="col">Subject</th>
          <th scope="col">Accepted</th>
        </tr>
      </thead>
      <tbody>
        {items.map((found) => (
          <tr key={`${found.id}.${found.index}`}>
            <td class="is-address" data-label="Address">
              <a href={`#/mailings/${found.id}/${found.index}`}>{found.recipient ?? "address removed"}</a>
            </td>
            <td data-label="Status">
              <Badge status={found.status} />
            </td>
            <td class="is-story" data-label="Subject">
              <p dir="auto">{found.subject || <span class="soft">removed</span>}</p>
              <p class="soft">{reasonOf(found.status, found)}</p>
            </td>
            <td data-label="Accepted">
              <Moment time={found.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function reasonOf(status: RecipientStatus, found: FoundRecipient): string {
  const words = wordsOf(found.status_detail, status);
  return words && isKnown(status) ? `${words.means}.` : "";
}
