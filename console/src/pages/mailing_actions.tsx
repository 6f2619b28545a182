// The actions on a mailing, each with its consequences.

import { cancelMailing, type Mailing, type ResendableStatus, rescheduleMailing, resendMailing } from "mmms-client";
import { useState } from "preact/hooks";
import { Mistake } from "../fault.js";
import { Question } from "../parts/dialog.js";
import { Field, Select } from "../parts/field.js";
import { announce } from "../parts/news.js";
import { management, service } from "../session.js";
import { counted, localOf, moment, timeOf } from "../words/figures.js";

interface About {
  mailing: Mailing;
  close: () => void;
  done: () => void;
}

/** The buttons are always the same, so that none moves under the pointer while the mailing is being sent. */
export function Actions({ mailing, done }: { mailing: Mailing; done: () => void }) {
  const [asked, ask] = useState<"cancel" | "resend" | "reschedule" | null>(null);
  const { counts } = mailing;
  const about = { mailing, done, close: () => ask(null) };
  return (
    <>
      {service.value?.mailbox && (
        <a class="button" href={mailboxOf(mailing)}>
          Open the mailbox
        </a>
      )}
      <button
        type="button"
        class="button"
        onClick={() => ask("resend")}
        disabled={counts.failed + counts.unconfirmed === 0}
      >
        Resend…
      </button>
      <button type="button" class="button" onClick={() => ask("reschedule")} disabled={counts.queued === 0}>
        Reschedule…
      </button>
      <button type="button" class="button is-careful" onClick={() => ask("cancel")} disabled={counts.queued === 0}>
        Cancel…
      </button>
      {asked === "cancel" && <Cancel {...about} />}
      {asked === "resend" && <Resend {...about} />}
      {asked === "reschedule" && <Reschedule {...about} />}
    </>
  );
}

const mailboxOf = ({ id }: Mailing) => `/mailbox#mailing=${encodeURIComponent(id)}`;

function Cancel({ mailing: { id, counts }, close, done }: About) {
  const cancel = async () => {
    const { data } = await cancelMailing({ client: management.value, path: { id }, throwOnError: true });
    close();
    done();
    announce(`${counted(data.data.cancelled, "mail", "mails")} cancelled`);
  };
  return (
    <Question
      title="Cancel the queued recipients?"
      does="Cancel the rest"
      keeps="Do not cancel"
      dangerous
      act={cancel}
      close={close}
    >
      <p>
        {counted(counts.queued, "recipient is", "recipients are")} queued and will not get the mail. Mail that has been
        sent, or is being sent right now, stays as it is.
      </p>
    </Question>
  );
}

function Reschedule({ mailing: { id, counts, send_at }, close, done }: About) {
  const [when, setWhen] = useState(() => localOf(send_at ?? new Date(Date.now() + 3_600_000).toISOString()));
  const reschedule = async (to: string | null) => {
    if (to === null) throw new Mistake([{ field: "send_at", message: "needs a date and a time" }]);
    const path = { id };
    const { data } = await rescheduleMailing({
      client: management.value,
      path,
      body: { send_at: to },
      throwOnError: true,
    });
    close();
    done();
    const { moved, send_at: planned } = data.data;
    const what = counted(moved, "mail is", "mails are");
    announce(
      planned && Date.parse(planned) > Date.now() ? `${what} planned for ${moment(planned)}` : `${what} sent now`,
    );
  };
  return (
    <Question
      title="Send at another time?"
      does="Reschedule"
      act={() => reschedule(timeOf(when))}
      close={close}
      nameOf={() => "Send at"}
    >
      <p>
        {counted(counts.queued, "recipient is", "recipients are")} queued and will not get the mail before this time.
        Mail that has been sent, or is being sent right now, stays as it is.
      </p>
      <Field
        label="Send at"
        type="datetime-local"
        field="send_at"
        value={when}
        change={setWhen}
        hint="In the time zone of this browser, at most 30 days ahead. A time that has just passed sends at once."
      />
    </Question>
  );
}

function Resend({ mailing: { id, counts }, close, done }: About) {
  const [status, setStatus] = useState<ResendableStatus>(counts.failed > 0 ? "failed" : "unconfirmed");
  const choices = (["failed", "unconfirmed"] as const).filter((choice) => counts[choice] > 0);
  const resend = async () => {
    const path = { id };
    const { data } = await resendMailing({ client: management.value, path, body: { status }, throwOnError: true });
    close();
    done();
    announce(`${counted(data.data.accepted, "mail", "mails")} queued again`);
  };
  return (
    <Question
      title="Resend the mail?"
      does={status === "failed" ? "Resend" : "Resend, perhaps twice"}
      dangerous={status === "unconfirmed"}
      act={resend}
      close={close}
    >
      <Select<ResendableStatus>
        label="Recipients with the status"
        value={status}
        change={setStatus}
        options={choices.map((choice) => [choice, `${choice}: ${counted(counts[choice], "recipient", "recipients")}`])}
      />
      {status === "failed" ? (
        <p>
          They get the same mail. An address that was permanently refused will most likely be refused again: the list
          gives the reason of each failure.
        </p>
      ) : (
        <p class="notice is-unsure">
          These recipients may or may not have got the mail. Those who got it will get it a second time.
        </p>
      )}
    </Question>
  );
}
