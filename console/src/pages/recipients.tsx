// The recipients of a mailing, each with its status.

import { listRecipients, type Mailing, type Recipient } from "mmms-client";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../icons.js";
import { useLive } from "../live.js";
import { CopyId } from "../parts/copy.js";
import { Moment } from "../parts/moment.js";
import { FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { Badge, Figure } from "../parts/status.js";
import { go, narrow, route } from "../route.js";
import { management } from "../session.js";
import { wordsOf } from "../words/details.js";
import { number } from "../words/figures.js";
import { isOpen, STATUSES, type Status, statusNames, TROUBLE_FIRST, totalOf } from "../words/statuses.js";
import { addressToErase } from "./erase.js";

const LIVE_MS = 1_000;
const QUIET_MS = 15_000;
const PAGE = 50;

interface Shown {
  items: Recipient[];
  next: string | null;
}

export function Recipients({ mailing, lost }: { mailing: Mailing; lost: boolean }) {
  const asked = route.value.query.get("status");
  const status: Status | null = STATUSES.find((of) => of === asked) ?? null;
  // A cursor is valid only for the list that it came from.
  const [turned, turn] = useState<{ status: Status | null; cursors: readonly string[] }>({ status, cursors: [] });
  const cursors = turned.status === status ? turned.cursors : [];
  const setCursors = (to: readonly string[]) => turn({ status, cursors: to });
  const after = cursors.at(-1);
  const open = isOpen(mailing.counts);
  const { value, fault, refresh } = useLive<Shown>(
    async (signal) => {
      const query = { limit: PAGE, ...(status && { status }), ...(after && { after }) };
      const answer = await listRecipients({
        client: management.value,
        path: { id: mailing.id },
        query,
        signal,
        throwOnError: true,
      });
      return answer.data.data;
    },
    () => (open ? LIVE_MS : QUIET_MS),
    [mailing.id, status, after, open],
  );
  const { counts } = mailing;
  const all = totalOf(counts);
  const summary = STATUSES.map((of) => counts[of]).join();
  useEffect(refresh, [summary]);

  return (
    <section class="recipients" aria-labelledby="recipients-title">
      <h2 id="recipients-title">Recipients</h2>
      <fieldset class="tabs" aria-label="Show recipients">
        {[null, ...TROUBLE_FIRST].map((of) => (
          <button
            key={of ?? "all"}
            type="button"
            aria-pressed={of === status}
            onClick={() => {
              turn({ status: of, cursors: [] });
              narrow({ status: of ?? "" });
            }}
          >
            {of ? statusNames[of] : "All"} <Figure value={of ? counts[of] : all} most={all} />
          </button>
        ))}
      </fieldset>
      {value && !lost && <Stale fault={fault} has />}
      <div class="recipients-space">
        {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={8} kind="line-space" />)}
        {value && value.items.length === 0 && (
          <p class="nothing">None{status ? ` is ${statusNames[status].toLowerCase()}` : ""}.</p>
        )}
        {value && value.items.length > 0 && <Table mailingId={mailing.id} items={value.items} />}
      </div>
      {(cursors.length > 0 || value?.next) && (
        <div class="turn">
          <button
            type="button"
            class="button"
            aria-disabled={cursors.length === 0}
            onClick={() => cursors.length > 0 && setCursors(cursors.slice(0, -1))}
          >
            Back
          </button>
          <button
            type="button"
            class="button"
            aria-disabled={!value?.next}
            onClick={() => value?.next && setCursors([...cursors, value.next])}
          >
            Next {PAGE}
          </button>
        </div>
      )}
    </section>
  );
}

function Table({ mailingId, items }: { mailingId: string; items: readonly Recipient[] }) {
  return (
    <table class="cards card">
      <thead>
        <tr>
          <th scope="col" class="is-number" title="The recipient’s place in the request, from 0: the API’s index">
            Index
          </th>
          <th scope="col">Address</th>
          <th scope="col">Status</th>
          <th scope="col">Details</th>
          <th scope="col">Ids</th>
        </tr>
      </thead>
      <tbody>
        {items.map((recipient) => (
          <Line key={recipient.index} mailingId={mailingId} recipient={recipient} />
        ))}
      </tbody>
    </table>
  );
}

function Line({ mailingId, recipient }: { mailingId: string; recipient: Recipient }) {
  const { recipient: address, status, sent_at, queued_at, attempts } = recipient;
  const words = wordsOf(recipient.status_detail, status);
  return (
    <tr>
      <td class="is-number" data-label="Index">
        {recipient.index}
      </td>
      <td class="is-address" data-label="Address">
        {address ? (
          <span class="address">
            <a href={`#/mailings/${mailingId}/${recipient.index}`}>{address}</a>
            <button
              type="button"
              class="copy"
              aria-label={`Erase ${address}`}
              title="Erase this address…"
              onClick={() => {
                addressToErase.value = address;
                go("#/erase");
              }}
            >
              <Icon name="erase" />
            </button>
          </span>
        ) : (
          <a class="soft" href={`#/mailings/${mailingId}/${recipient.index}`}>
            erased
          </a>
        )}
      </td>
      <td data-label="Status">
        <Badge status={status} />
      </td>
      <td class="is-story" data-label="Details">
        {words && (
          <p>
            <strong>{words.means}.</strong> {words.remedy}
          </p>
        )}
        {recipient.last_error && (
          <p class="said" dir="auto">
            “{recipient.last_error}”
          </p>
        )}
        <p class="soft" key={status}>
          {sent_at ? (
            <>
              Sent <Moment time={sent_at} />
            </>
          ) : queued_at ? (
            <>
              {status === "queued" || status === "sending" ? "Queued since" : "Queued"} <Moment time={queued_at} />
            </>
          ) : (
            "Not sent"
          )}
          {attempts > 1 && `, ${number(attempts)} attempts`}
        </p>
      </td>
      <td class="is-ids" data-label="Ids">
        {recipient.message_id && <CopyId id={recipient.message_id} what="the message id" />}
        {recipient.email_recipient_id !== null && (
          <CopyId id={String(recipient.email_recipient_id)} what="your id of the recipient" />
        )}
        {!recipient.message_id && recipient.email_recipient_id === null && <span class="soft">–</span>}
      </td>
    </tr>
  );
}
