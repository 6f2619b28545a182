// The reason of a recipient's status and the remedy: a short form of docs/errors.md.

import type { Known, RecipientStatus, StatusDetail } from "mmms-client";

type Detail = Known<StatusDetail>;

interface Words {
  means: string;
  remedy: string;
}

const UNKNOWN = "Ask the recipient or the mail system if the mail arrived. A resend may send it a second time.";
const WAIT = "Nothing to do: the service retries.";

const words: Readonly<Record<Detail, Words>> = {
  refused: {
    means: "The mail system permanently refused the mail",
    remedy: "Correct the address or the mail and send a new one.",
  },
  invalid_message: {
    means: "The mail cannot be written as a valid message",
    remedy: "Shorten the part that is named here and send a new mail.",
  },
  corrupt: {
    means: "The mail cannot be read from the database",
    remedy: "Find out which program wrote to the database and send a new mail: a resend would fail in the same way.",
  },
  expired: {
    means: "It could not be sent in time",
    remedy: "Find the cause in the log, then resend it.",
  },
  attempts_exhausted: {
    means: "The mail system did not accept the mail in any attempt",
    remedy: "Fix the cause that is named here, then resend it.",
  },
  not_connected: {
    means: "The mail system could not be reached",
    remedy: "Check MAIL_TRANSPORT, the network and the certificate. The service retries.",
  },
  deferred: { means: "The mail system temporarily refuses the mail", remedy: WAIT },
  throttled: { means: "The mail system accepts no more mail at this rate", remedy: WAIT },
  quota: {
    means: "The account's daily quota is used up",
    remedy: "The service retries. Wait, or have the quota raised.",
  },
  account: {
    means: "The mail system refuses the account",
    remedy: "Check its credentials, rights and verified senders. The mail waits until it expires.",
  },
  mailbox_unavailable: {
    means: "The mailbox folder cannot be written",
    remedy: "Check MAILBOX_DIR, its permissions and the disk.",
  },
  connection_lost: { means: "The connection broke before the whole mail was sent", remedy: WAIT },
  timeout: { means: "The mail system took too long to answer", remedy: WAIT },
  unclear_answer: { means: "The answer does not say if the mail system accepted the mail", remedy: UNKNOWN },
  lease_expired: { means: "The service stopped while it was sending the mail", remedy: UNKNOWN },
  cancelled: { means: "It was cancelled before it was sent", remedy: "Nothing to do." },
  bounce_permanent: {
    means: "The recipient's mail server refuses mail to this address for good",
    remedy: "Do not write to this address again.",
  },
  bounce_transient: {
    means: "The recipient's mail server did not accept the mail, such as for a full mailbox",
    remedy: "Send a new mail later.",
  },
  bounce_undetermined: {
    means: "The mail came back, and the answer does not say why",
    remedy: "Read the answer that is named here.",
  },
  complaint: {
    means: "The recipient has marked the mail as spam",
    remedy: "Do not write to this address again.",
  },
  suppressed_bounce: {
    means: "Not sent: an earlier mail to this address bounced",
    remedy: "If the address is right, take it off the list of suppressed addresses, then send a new mail.",
  },
  suppressed_complaint: {
    means: "Not sent: the recipient has marked an earlier mail as spam",
    remedy: "Do not write to this address again, unless its owner asks for it.",
  },
  suppressed_manual: {
    means: "Not sent: somebody has put this address on the list of suppressed addresses",
    remedy: "Ask who did, before you take it off the list.",
  },
  suppressed_unsubscribe: {
    means: "Not sent: the recipient has unsubscribed from this list",
    remedy: "Nothing to do.",
  },
  suppressed_by_ses: {
    means: "SES has not sent the mail: the address is on the suppression list of the account",
    remedy: "If the address is right, take it off SES's list, then send a new mail.",
  },
  rejected: {
    means: "SES has found a virus in the mail and has not sent it",
    remedy: "Check the attachments and send a new mail.",
  },
  rendering_failure: {
    means: "SES could not fill the mail's template",
    remedy: "Report it as a fault of this service, and send a new mail.",
  },
};

/** The texts of the same codes if the mail system may have accepted the mail before the connection broke. */
const unconfirmed: Readonly<Partial<Record<Detail, string>>> = {
  connection_lost: "The connection broke when the mail system may already have accepted the mail",
  timeout: "No answer came in time, and the mail system may already have accepted the mail",
};

function isKnown(detail: StatusDetail & string): detail is Detail {
  return Object.hasOwn(words, detail);
}

/** Null for a code that only a newer service knows. */
export function wordsOf(detail: StatusDetail, status: RecipientStatus): Words | null {
  if (detail === null || !isKnown(detail)) return null;
  const own = words[detail];
  return status === "unconfirmed" ? { means: unconfirmed[detail] ?? own.means, remedy: UNKNOWN } : own;
}
