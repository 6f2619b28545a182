// The question before a mailing is sent, with what a dry run says about it.

import type { DryRun } from "mmms-client";
import { Question } from "../parts/dialog.js";
import { leavesBy } from "../parts/mode.js";
import { Moment } from "../parts/moment.js";
import { counted, moment, number, size } from "../words/figures.js";

interface Tried {
  tried: DryRun;
  /** Those of the recipients, by their index. */
  addresses: readonly string[];
  sender: string;
  captured: boolean;
  planned: string | null;
  send: () => Promise<void>;
  close: () => void;
}

/** The number of addresses of a list that are named. */
const NAMED = 3;

export function SendQuestion({ tried, addresses, sender, captured, planned, send, close }: Tried) {
  const { accepted, repeated, suppressed, first } = tried;
  const recipients = counted(addresses.length, "recipient", "recipients");
  const named = (indexes: readonly number[]) => {
    const some = indexes.slice(0, NAMED).map((index) => addresses[index] ?? "");
    return `${some.join(", ")}${indexes.length > NAMED ? " …" : ""}`;
  };
  return (
    <Question
      title={captured ? `Send to ${recipients}?` : `Send to ${recipients} for real?`}
      does={`Send ${counted(accepted.length, "mail", "mails")}`}
      keeps="Do not send"
      dangerous={!captured}
      act={send}
      close={close}
    >
      <p>
        <strong dir="auto">{first.subject}</strong> is sent from {sender}. A dry run says:
      </p>
      <dl class="facts">
        <dt>Accepted</dt>
        <dd>
          {number(accepted.length)} of {recipients}
        </dd>
        <dt>Repeated</dt>
        <dd>
          {repeated.length === 0
            ? "no address occurs twice"
            : `${number(repeated.length)}, who get a mail for each time: ${named(repeated)}`}
        </dd>
        <dt>Suppressed</dt>
        <dd>
          {suppressed.length === 0
            ? "no address is suppressed"
            : `${number(suppressed.length)}, who get no mail: ${named(suppressed)}`}
        </dd>
        <dt>Largest mail</dt>
        <dd>{size(tried.largest_bytes)}</dd>
        {planned && (
          <>
            <dt>Begins</dt>
            <dd>{moment(planned)}</dd>
          </>
        )}
        <dt>Done</dt>
        <dd>
          <span>
            about {moment(tried.done_at)}, <Moment time={tried.done_at} />
          </span>
        </dd>
      </dl>
      <p>
        {captured
          ? "Mail is captured here, and nothing leaves this machine."
          : planned
            ? "Planned mail can be moved and cancelled until it is sent."
            : `Live: mail leaves by ${leavesBy()}, and cannot be taken back.`}
      </p>
    </Question>
  );
}
