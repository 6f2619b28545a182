// The actions on a mailing, each with its consequences.

import { cancelMailing, type Mailing, type ResendableStatus, resendMailing } from "mmms-client";
import { useState } from "preact/hooks";
import { Question } from "../parts/dialog.js";
import { Select } from "../parts/field.js";
import { announce } from "../parts/news.js";
import { management, service } from "../session.js";
import { counted } from "../words/figures.js";

interface About {
  mailing: Mailing;
  close: () => void;
  done: () => void;
}

/** The buttons are always the same, so that none moves under the pointer while the mailing is being sent. */
export function Actions({ mailing, done }: { mailing: Mailing; done: () => void }) {
  const [asked, ask] = useState<"cancel" | "resend" | null>(null);
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
      <button type="button" class="button is-careful" onClick={() => ask("cancel")} disabled={counts.queued === 0}>
        Cancel…
      </button>
      {asked === "cancel" && <Cancel {...about} />}
      {asked === "resend" && <Resend {...about} />}
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
