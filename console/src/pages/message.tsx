// One mail: what became of it, and how it looks.

import {
  type Event,
  getMailing,
  getRecipient,
  type Mailing,
  type RecipientContent,
  type RecipientDetails,
} from "mmms-client";
import { type ComponentChildren, Fragment } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../icons.js";
import { useKeys } from "../keys_by_id.js";
import { useLive } from "../live.js";
import { CopyButton, CopyId } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { HtmlFrame } from "../parts/html_frame.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { Badge } from "../parts/status.js";
import { management, service, token } from "../session.js";
import { wordsOf } from "../words/details.js";
import { eventName, eventWords } from "../words/events.js";
import { moment, number } from "../words/figures.js";
import { isKnown, statusMeanings } from "../words/statuses.js";

const LIVE_MS = 1_000;
const QUIET_MS = 10_000;

interface Shown {
  mailing: Mailing;
  recipient: RecipientDetails;
}

export function MessagePage({ id, index }: { id: string; index: number }) {
  const { value, fault } = useLive<Shown>(
    async (signal) => {
      const options = { client: management.value, signal, throwOnError: true } as const;
      const [mailing, recipient] = await Promise.all([
        getMailing({ ...options, path: { id } }),
        getRecipient({ ...options, path: { id, index } }),
      ]);
      return { mailing: mailing.data.data, recipient: recipient.data.data };
    },
    (shown) => (shown && ["queued", "sending"].includes(shown.recipient.status) ? LIVE_MS : QUIET_MS),
    [id, index],
  );
  const back = (
    <p class="back">
      <a href={`#/mailings/${encodeURIComponent(id)}`}>
        <Icon name="back" />
        Mailing
      </a>
    </p>
  );
  if (!value) {
    const isUnknown = fault?.type === "not_found" || fault?.type === "validation_error";
    return (
      <>
        {back}
        <Heading>Message</Heading>
        {isUnknown ? (
          <Empty title="There is no such message">
            <p>Its mailing may have been removed, or the address of this page is incomplete.</p>
          </Empty>
        ) : fault ? (
          <FaultNotice fault={fault} />
        ) : (
          <Skeleton rows={4} kind="row-space" />
        )}
      </>
    );
  }
  const { mailing, recipient } = value;
  return (
    <>
      {back}
      <Heading beside={<Actions mailing={mailing} index={index} />}>
        {recipient.content?.subject ?? (mailing.subject || "Message")}
      </Heading>
      <Stale fault={fault} has />
      <Outcome recipient={recipient} />
      <Facts mailing={mailing} recipient={recipient} />
      <Timeline mailing={mailing} recipient={recipient} />
      <Content content={recipient.content} />
    </>
  );
}

function Actions({ mailing, index }: { mailing: Mailing; index: number }) {
  const url = `${location.origin}/v1/mail/${mailing.id}/recipients/${index}`;
  const signed = token.value === null ? "" : ' -H "authorization: Bearer $ADMIN_TOKEN"';
  return (
    <>
      {service.value?.mailbox && (
        <a class="button" href={`/mailbox#mailing=${encodeURIComponent(mailing.id)}`}>
          Open the mailbox
        </a>
      )}
      <CopyButton text={`curl${signed} '${url}'`} what="The command" label="Copy as curl" />
    </>
  );
}

/** The status in a sentence, with the words of the mail system and what to do. */
function Outcome({ recipient }: { recipient: RecipientDetails }) {
  const { status, next_attempt_at: next } = recipient;
  const words = wordsOf(recipient.status_detail, status);
  return (
    <section class="card outcome" aria-label="Status">
      <p class="outcome-status">
        <Badge status={status} />{" "}
        <span>{words ? `${words.means}.` : isKnown(status) && `${statusMeanings[status]}.`}</span>
      </p>
      {words?.remedy && <p>{words.remedy}</p>}
      {recipient.last_error && (
        <p class="said" dir="auto">
          “{recipient.last_error}”
        </p>
      )}
      {next && (
        <p>
          {recipient.attempts > 0 ? "Next attempt" : "First attempt"} at the earliest {moment(next)},{" "}
          <Moment time={next} />.
        </p>
      )}
    </section>
  );
}

function Facts({ mailing, recipient }: Shown) {
  const keys = useKeys();
  return (
    <dl class="facts is-mailing">
      <dt>To</dt>
      <dd dir="auto">{recipient.recipient ?? <span class="soft">address removed</span>}</dd>
      <dt>From</dt>
      <dd>
        <span dir="auto">{mailing.sender_name}</span>&nbsp;&lt;{mailing.sender_email}&gt;
      </dd>
      <dt>Key</dt>
      <dd>{keys.nameOf(mailing.api_key_id)}</dd>
      <dt>Attempts</dt>
      <dd>{number(recipient.attempts)}</dd>
      <dt>Mailing</dt>
      <dd>
        <CopyId id={mailing.id} what="the mailing's id" />
      </dd>
      <dt>Index</dt>
      <dd title="The recipient’s place in the request, from 0">{recipient.index}</dd>
      {recipient.message_id && (
        <>
          <dt>Message id</dt>
          <dd>
            <CopyId id={recipient.message_id} what="the message id" />
          </dd>
        </>
      )}
      {recipient.email_id !== null && (
        <>
          <dt>email_id</dt>
          <dd>
            <CopyId id={String(recipient.email_id)} what="email_id" />
          </dd>
        </>
      )}
    </dl>
  );
}

function Timeline({ mailing, recipient }: Shown) {
  const { events } = recipient;
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      <ol class="timeline">
        <Moved name="Accepted" time={mailing.created_at}>
          MMMS has stored the mail.
        </Moved>
        {events.map((event) => (
          <Happened key={event.event_id} event={event} />
        ))}
        {recipient.next_attempt_at && (
          <Moved
            name={recipient.attempts > 0 ? "Next attempt" : "First attempt"}
            time={recipient.next_attempt_at}
            ahead
          >
            {recipient.attempts > 0 && recipient.last_error && <span dir="auto">After: “{recipient.last_error}”</span>}
          </Moved>
        )}
      </ol>
      {events.length === 0 && !recipient.next_attempt_at && (
        <p class="soft">
          Events are kept for a time only; those of this mail have been removed, or none has happened yet.
        </p>
      )}
    </section>
  );
}

function Happened({ event }: { event: Event }) {
  const said = event.bounce?.diagnostic ?? event.last_error;
  return (
    <Moved name={eventName(event.status)} time={event.occurred_at}>
      {eventWords(event)}
      {said && (
        <span class="said" dir="auto">
          {" "}
          “{said}”
        </span>
      )}
    </Moved>
  );
}

interface Move {
  name: string;
  time: string;
  ahead?: boolean;
  children: ComponentChildren;
}

function Moved({ name, time, ahead = false, children }: Move) {
  return (
    <li class={ahead ? "is-ahead" : undefined}>
      <p>
        <strong>{name}</strong>{" "}
        <span class="soft">
          {moment(time)}, <Moment time={time} />
        </span>
      </p>
      <p>{children}</p>
    </li>
  );
}

const PARTS = ["html", "text", "headers"] as const;
type Part = (typeof PARTS)[number];
const partNames: Readonly<Record<Part, string>> = { html: "HTML", text: "Text", headers: "Headers" };

function Content({ content }: { content: RecipientContent }) {
  const [chosen, choose] = useState<Part | null>(null);
  if (!content) {
    return (
      <section aria-labelledby="content-title">
        <h2 id="content-title">Content</h2>
        <p class="nothing">The content has been removed: it is kept for a day after the mailing has ended.</p>
      </section>
    );
  }
  const headers = Object.entries(content.headers);
  const has: Readonly<Record<Part, boolean>> = {
    html: content.html !== null,
    text: content.text !== null,
    headers: headers.length > 0,
  };
  const open = chosen ?? PARTS.find((part) => has[part]) ?? "text";
  return (
    <section class="content" aria-labelledby="content-title">
      <h2 id="content-title">Content</h2>
      <fieldset class="tabs" aria-label="Show of the content">
        {PARTS.filter((part) => has[part]).map((part) => (
          <button key={part} type="button" aria-pressed={part === open} onClick={() => choose(part)}>
            {partNames[part]}
          </button>
        ))}
      </fieldset>
      {content.shortened && <p class="soft">This mail is larger than 4 MiB: its end is not shown.</p>}
      {open === "html" && content.html !== null && (
        <>
          <HtmlFrame html={content.html} title="The HTML of the mail" />
          <p class="soft">Shown without scripts and remote images.</p>
        </>
      )}
      {open === "text" && content.text !== null && (
        <pre class="card" dir="auto">
          {content.text}
        </pre>
      )}
      {open === "headers" && (
        <dl class="facts">
          {headers.map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ))}
        </dl>
      )}
    </section>
  );
}
