// The addresses that must not be mailed.

import { listSuppressions, type Suppression, type SuppressionReason } from "mmms-client";
import { useEffect, useState } from "preact/hooks";
import { type Keys, useKeys } from "../keys_by_id.js";
import { useLive } from "../live.js";
import { Select } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { Turn, useTurned } from "../parts/turn.js";
import { narrow, route } from "../route.js";
import { management, service } from "../session.js";
import { isReason, REASONS, reasonWords, wordsOf } from "../words/suppressions.js";
import { AddSuppression, RemoveSuppression } from "./suppression_dialogs.js";
import { ImportSuppressions } from "./suppression_import.js";

const PAUSE_MS = 10_000;
const PAGE = 50;

interface Page {
  items: Suppression[];
  next: string | null;
}

type Asked = { what: "add" | "import" } | { what: "remove"; entry: Suppression };

export function Suppressions() {
  // Never part of the page's own address, because browsers store addresses.
  const [mail, setMail] = useState("");
  const asked = route.value.query.get("reason") ?? "";
  const reason: SuppressionReason | "" = isReason(asked) ? asked : "";
  const keys = useKeys();
  const turned = useTurned(`${mail} ${reason}`);
  const { after } = turned;
  const { value, fault, refresh } = useLive<Page>(
    async (signal) => {
      const query = {
        limit: PAGE,
        ...(mail && { mail }),
        ...(reason && { reason }),
        ...(after && { after }),
      };
      const answer = await listSuppressions({ client: management.value, query, signal, throwOnError: true });
      return answer.data.data;
    },
    () => PAUSE_MS,
    [mail, reason, after],
  );
  const [question, ask] = useState<Asked | null>(null);
  const about = { keys, close: () => ask(null), done: refresh };
  const isFiltered = mail !== "" || reason !== "";
  return (
    <>
      <Heading
        beside={
          <>
            <button type="button" class="button" onClick={() => ask({ what: "import" })}>
              Import…
            </button>
            <button type="button" class="button is-primary" onClick={() => ask({ what: "add" })}>
              Add an address
            </button>
          </>
        }
      >
        Suppressions
      </Heading>
      <p class="lead">
        Addresses on this list are not mailed. A permanent bounce and a complaint put an address on it, and so can you.
        {service.value?.mailbox && " Test addresses of the simulator are never put on it."}
      </p>
      <Filters mail={mail} find={setMail} reason={reason} />
      {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={6} kind="line-space" />)}
      {value && <Stale fault={fault} has />}
      {value && value.items.length === 0 && turned.cursors.length === 0 && (
        <Nothing
          mail={mail}
          isFiltered={isFiltered}
          reset={() => {
            setMail("");
            narrow({ reason: "" });
          }}
        />
      )}
      {value && value.items.length > 0 && (
        <Table items={value.items} keys={keys} remove={(entry) => ask({ what: "remove", entry })} />
      )}
      {value && <Turn turned={turned} next={value.next} size={PAGE} />}
      {question?.what === "add" && <AddSuppression {...about} />}
      {question?.what === "import" && <ImportSuppressions {...about} />}
      {question?.what === "remove" && <RemoveSuppression {...about} entry={question.entry} />}
    </>
  );
}

function Filters({ mail, find, reason }: { mail: string; find: (mail: string) => void; reason: string }) {
  const [written, write] = useState(mail);
  const [isPart, setIsPart] = useState(false);
  useEffect(() => write(mail), [mail]);
  const look = (text: string) => {
    const address = text.trim();
    const whole = address === "" || /^[^@\s]+@[^@\s]+$/.test(address);
    setIsPart(!whole);
    if (whole) find(address);
  };
  return (
    <search aria-label="Suppressions">
      <form
        class="filters is-search"
        onSubmit={(event) => {
          event.preventDefault();
          look(written);
        }}
      >
        <div class="field">
          <label for="suppressed-mail">Address</label>
          <input
            id="suppressed-mail"
            type="search"
            value={written}
            autocomplete="off"
            spellcheck={false}
            placeholder="ada@example.com"
            aria-invalid={isPart ? "true" : undefined}
            aria-describedby={isPart ? "suppressed-mail-error" : undefined}
            onInput={(event) => write(event.currentTarget.value)}
            // This event also occurs when the field's own button empties it.
            onChange={(event) => look(event.currentTarget.value)}
          />
          {isPart && (
            <p class="hint is-error" id="suppressed-mail-error" role="alert">
              Enter the whole address: only a hash of it may be left on the list.
            </p>
          )}
        </div>
        <Select
          label="Reason"
          value={reason}
          change={(to) => narrow({ reason: to })}
          options={[["", "Any reason"], ...REASONS.map((of) => [of, reasonWords[of].name] as const)]}
        />
      </form>
    </search>
  );
}

function Table({ items, keys, remove }: { items: Suppression[]; keys: Keys; remove: (entry: Suppression) => void }) {
  return (
    <table class="cards card is-suppressions">
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Reason</th>
          <th scope="col">Not sent</th>
          <th scope="col">Added</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {items.map((entry) => (
          <tr key={entry.id}>
            <td class="is-address" data-label="Address">
              {entry.mail ? (
                <span>{entry.mail}</span>
              ) : (
                <span class="soft" title="The address was erased. A hash that is left still suppresses it.">
                  address removed
                </span>
              )}
            </td>
            <td class="is-story" data-label="Reason">
              <p>
                <strong>{wordsOf(entry.reason)?.name ?? entry.reason}</strong>
                <span class="soft">{wordsOf(entry.reason) && ` ${wordsOf(entry.reason)?.means}`}</span>
              </p>
            </td>
            <td data-label="Not sent">
              <span>{scopeOf(entry, keys)}</span>
            </td>
            <td data-label="Added">
              <Moment time={entry.created_at} />
            </td>
            <td class="is-action">
              <button
                type="button"
                class="button is-careful"
                aria-label={`Remove ${entry.mail ?? "the removed address"}…`}
                onClick={() => remove(entry)}
              >
                Remove…
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The mail that an entry suppresses. */
export function scopeOf({ list, api_key_id }: Suppression, keys: Keys): string {
  return api_key_id === null ? "All mail" : `The list ${list ?? ""} of the key ${keys.nameOf(api_key_id)}`;
}

function Nothing({ mail, isFiltered, reset }: { mail: string; isFiltered: boolean; reset: () => void }) {
  if (isFiltered) {
    return (
      <Empty title={mail ? "This address is not on the list" : "No address has this reason"}>
        {mail && <p>Mail to {mail} is sent, unless another filter hides its entry.</p>}
        <p>
          <button type="button" class="button" onClick={reset}>
            Show all
          </button>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title="No address is suppressed">
      <p>If you come from another service, import its list before the first mailing.</p>
    </Empty>
  );
}
