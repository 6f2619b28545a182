// One mailing: its progress, its actions and its ids.

import { type CallerId, getMailing, type Mailing } from "mmms-client";
import { Fragment } from "preact";
import { Icon } from "../icons.js";
import { useLive } from "../live.js";
import { CopyId } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { doneOf, Figure, Progress, sentShare } from "../parts/status.js";
import { listAddress } from "../route.js";
import { management } from "../session.js";
import { counted, moment, number } from "../words/figures.js";
import { isOpen, isPlanned, isUnderWay, STATUSES, statusMeanings, statusNames } from "../words/statuses.js";
import { Actions } from "./mailing_actions.js";
import { Recipients } from "./recipients.js";

const LIVE_MS = 1_000;
const QUIET_MS = 10_000;

export function MailingPage({ id }: { id: string }) {
  const { value, fault, refresh } = useLive<Mailing>(
    async (signal) =>
      (await getMailing({ client: management.value, path: { id }, signal, throwOnError: true })).data.data,
    (mailing) => (mailing && isUnderWay(mailing) ? LIVE_MS : QUIET_MS),
    [id],
  );
  const back = (
    <p class="back">
      <a href={listAddress.value}>
        <Icon name="back" />
        Mailings
      </a>
    </p>
  );
  if (!value)
    return (
      <>
        {back}
        <Heading>Mailing</Heading>
        {fault?.type === "not_found" || fault?.type === "validation_error" ? (
          <Empty title="There is no such mailing">
            <p>Its id may be incomplete.</p>
          </Empty>
        ) : fault ? (
          <FaultNotice fault={fault} />
        ) : (
          <Skeleton rows={3} kind="row-space" />
        )}
      </>
    );
  return (
    <>
      {back}
      <Heading beside={<Actions mailing={value} done={refresh} />}>{value.subject}</Heading>
      <Stale fault={fault} has />
      <State mailing={value} lost={fault !== null} />
      <Facts mailing={value} />
      <Recipients mailing={value} lost={fault !== null} />
    </>
  );
}

function State({ mailing, lost }: { mailing: Mailing; lost: boolean }) {
  const { counts, subject, send_at } = mailing;
  const { done, total } = doneOf(counts);
  return (
    <section class="card state" aria-label="Progress">
      <p class="state-words">
        <span class="share">
          <strong>{sentShare(counts)}</strong> sent
        </span>
        <span>{`${number(done)} of ${counted(total, "recipient", "recipients")} done`}</span>
        {lost && isOpen(counts) ? (
          <span class="ended" key="lost">
            Not live
          </span>
        ) : send_at && isPlanned(mailing) ? (
          <span class="planned" key="planned">
            Planned <Moment time={send_at} />
          </span>
        ) : isOpen(counts) ? (
          <span class="live" key="open">
            Under way
          </span>
        ) : (
          <span class="ended" key="ended">
            Ended
          </span>
        )}
      </p>
      <Progress counts={counts} of={subject} large />
      <ul class="legend">
        {STATUSES.map((status) => (
          <li key={status} class={counts[status] === 0 ? "is-none" : undefined} title={statusMeanings[status]}>
            <span class={`swatch is-${status}`} aria-hidden="true" />
            <span>{statusNames[status]}</span>
            <Figure value={counts[status]} most={total} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Facts({ mailing }: { mailing: Mailing }) {
  const own: readonly (readonly [string, CallerId])[] = [
    ["email_id", mailing.email_id],
    ["emailRecipientId", mailing.emailRecipientId],
    ["client_env_id", mailing.client_env_id],
    ["projectId", mailing.projectId],
    ["closureId", mailing.closureId],
  ];
  return (
    <dl class="facts is-mailing">
      <dt>From</dt>
      <dd>
        <span dir="auto">{mailing.sender_name}</span>&nbsp;&lt;{mailing.sender_email}&gt;
      </dd>
      <dt>Accepted</dt>
      <dd>
        <Moment time={mailing.created_at} />
      </dd>
      {mailing.send_at && (
        <>
          <dt>{isPlanned(mailing) ? "Planned for" : "Planned"}</dt>
          <dd>
            <span>
              {moment(mailing.send_at)}, <Moment time={mailing.send_at} />
            </span>
          </dd>
        </>
      )}
      <dt>{Date.parse(mailing.expires_at) < Date.now() ? "Expired" : "Expires"}</dt>
      <dd>
        <Moment time={mailing.expires_at} />
      </dd>
      <dt>Mailing</dt>
      <dd>
        <CopyId id={mailing.id} what="the mailing's id" />
      </dd>
      <dt>Key</dt>
      <dd>
        <CopyId id={mailing.api_key_id} what="the key's id" />
      </dd>
      {own.map(([name, id]) =>
        id === null ? null : (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>
              <CopyId id={String(id)} what={name} />
            </dd>
          </Fragment>
        ),
      )}
    </dl>
  );
}
