// One mailing: how far it is, what can be done about it, and its ids.

import { cancelMailing, getMailing, type Id, type Mailing, type Resendable, resendMailing } from "mmms-client";
import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../icons.js";
import { useLive } from "../live.js";
import { CopyId } from "../parts/copy.js";
import { Question } from "../parts/dialog.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { tell } from "../parts/news.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { doneOf, Progress } from "../parts/status.js";
import { management, service } from "../session.js";
import { counted, number } from "../words/figures.js";
import { isOpen, STATUSES, statusMeanings, statusNames } from "../words/statuses.js";
import { Recipients } from "./recipients.js";

const LIVE_MS = 1_000;
const QUIET_MS = 10_000;

export function MailingPage({ id }: { id: string }) {
  const { value, fault, refresh } = useLive<Mailing>(
    async (signal) =>
      (await getMailing({ client: management.value, path: { id }, signal, throwOnError: true })).data.data,
    (mailing) => (mailing && isOpen(mailing.counts) ? LIVE_MS : QUIET_MS),
    [id],
  );
  const back = (
    <p class="back">
      <a href="#/mailings">
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
            <p>Its id may not be complete, or it was erased long ago.</p>
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
      <State mailing={value} />
      <Facts mailing={value} />
      <Recipients mailing={value} />
    </>
  );
}

function State({ mailing: { counts, subject } }: { mailing: Mailing }) {
  const { done, total, percent } = doneOf(counts);
  return (
    <section class="card state" aria-label="Progress">
      <p class="state-words">
        <strong>{percent} %</strong>
        <span>
          {number(done)} of {counted(total, "recipient", "recipients")} done
        </span>
        <span class={isOpen(counts) ? "live" : "ended"}>{isOpen(counts) ? "Under way" : "Ended"}</span>
      </p>
      <Progress counts={counts} of={subject} large />
      <ul class="legend">
        {STATUSES.map((status) => (
          <li key={status} class={counts[status] === 0 ? "is-none" : undefined} title={statusMeanings[status]}>
            <span class={`swatch is-${status}`} aria-hidden="true" />
            <span>{statusNames[status]}</span>
            <strong>{number(counts[status])}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** With its mails alone, where the subject is the same in all of them. */
function mailboxOf({ subject }: Mailing): string {
  return subject.includes("{{") ? "/mailbox" : `/mailbox#search=${encodeURIComponent(subject)}`;
}

type Asked = "cancel" | Resendable;

function Actions({ mailing, done }: { mailing: Mailing; done: () => void }) {
  const [asked, ask] = useState<Asked | null>(null);
  const { counts, id } = mailing;
  const close = () => ask(null);
  const client = management.value;

  const cancel = async () => {
    const { data } = await cancelMailing({ client, path: { id }, throwOnError: true });
    close();
    done();
    tell(`${counted(data.data.cancelled, "mail", "mails")} cancelled`);
  };
  const resend = async (status: Resendable) => {
    const { data } = await resendMailing({ client, path: { id }, body: { status }, throwOnError: true });
    close();
    done();
    tell(`${counted(data.data.accepted, "mail", "mails")} queued again`);
  };

  return (
    <>
      {service.value?.mailbox && (
        <a class="button" href={mailboxOf(mailing)}>
          Open the mailbox
        </a>
      )}
      {counts.failed > 0 && (
        <button type="button" class="button" onClick={() => ask("failed")}>
          Send failed again…
        </button>
      )}
      {counts.unconfirmed > 0 && (
        <button type="button" class="button" onClick={() => ask("unconfirmed")}>
          Send unconfirmed again…
        </button>
      )}
      <button type="button" class="button is-careful" onClick={() => ask("cancel")} disabled={counts.queued === 0}>
        Cancel…
      </button>
      {asked === "cancel" && (
        <Question
          title="Cancel what is waiting?"
          does="Cancel the rest"
          keeps="Let it go on"
          dangerous
          act={cancel}
          close={close}
        >
          <p>
            {counted(counts.queued, "recipient is", "recipients are")} still waiting and will not be sent to. What has
            been sent, or is being sent right now, stays as it is.
          </p>
        </Question>
      )}
      {asked === "failed" && (
        <Question title="Send to the failed ones again?" does="Send again" act={() => resend("failed")} close={close}>
          <p>
            The same mail goes to {counted(counts.failed, "recipient", "recipients")} again. An address that was refused
            for good will most likely be refused again: read why below.
          </p>
        </Question>
      )}
      {asked === "unconfirmed" && (
        <Question
          title="Send to the unconfirmed ones again?"
          does="Send, perhaps twice"
          dangerous
          act={() => resend("unconfirmed")}
          close={close}
        >
          <p>
            Nobody can know whether the mail reached these {counted(counts.unconfirmed, "recipient", "recipients")}.
            Whoever got it gets it a second time.
          </p>
        </Question>
      )}
    </>
  );
}

function Facts({ mailing }: { mailing: Mailing }) {
  const own: readonly (readonly [string, Id])[] = [
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
        {mailing.sender_name} &lt;{mailing.sender_email}&gt;
      </dd>
      <dt>Sent in</dt>
      <dd>
        <Moment time={mailing.created_at} />
      </dd>
      <dt>Expires</dt>
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
