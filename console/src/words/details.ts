// Why a recipient is where it is, and what to do: docs/errors.md in few words.

import type { Known, RecipientStatus, StatusDetail } from "mmms-client";

type Detail = Known<StatusDetail>;

interface Words {
  means: string;
  mend: string;
}

const UNKNOWN = "Ask the recipient or the mail system whether it came. Sending again could be the second mail.";
const WAIT = "Nothing to do: it is tried again by itself.";

const words: Readonly<Record<Detail, Words>> = {
  refused: {
    means: "The mail system refused it for good",
    mend: "Correct the address or the mail and send a new one.",
  },
  invalid_message: {
    means: "No valid mail could be made of it",
    mend: "Shorten what is named here and send a new one.",
  },
  corrupt: {
    means: "What the database holds of it cannot be read",
    mend: "Ask what wrote to the database and send a new mail: sending this one again finds the same.",
  },
  expired: {
    means: "It could not be sent in time",
    mend: "Find out in the log what held it up, then send it again.",
  },
  attempts_exhausted: {
    means: "The mail system did not take it, however often it was tried",
    mend: "See that the mail system is well, then send it again.",
  },
  not_connected: {
    means: "The mail system could not be reached",
    mend: "Check MAIL_TRANSPORT, the network and the certificate. It is tried again by itself.",
  },
  deferred: { means: "The mail system does not want it now", mend: WAIT },
  throttled: { means: "It was too much at once for the mail system", mend: WAIT },
  quota: {
    means: "The account has sent all that it may in a day",
    mend: "It goes on by itself tomorrow, or when the quota is raised.",
  },
  account: {
    means: "The mail system refuses the account",
    mend: "Check its credentials, rights and verified senders. The mail waits until it expires.",
  },
  mailbox_unavailable: {
    means: "The mailbox folder cannot be written",
    mend: "Check MAILBOX_DIR, its rights and the disk.",
  },
  connection_lost: { means: "The connection broke before it was sent whole", mend: WAIT },
  timeout: { means: "The mail system took too long to answer", mend: WAIT },
  unclear_answer: { means: "The answer does not say whether the mail system has it", mend: UNKNOWN },
  lease_expired: { means: "The service was stopped while it was sending this", mend: UNKNOWN },
  cancelled: { means: "It was cancelled before it was sent", mend: "Nothing to do." },
};

/** The same codes, where the mail system may have taken the mail before it broke off. */
const unconfirmed: Readonly<Partial<Record<Detail, string>>> = {
  connection_lost: "The connection broke when the mail system may already have taken it",
  timeout: "No answer came in time, and the mail system may already have taken it",
};

function isKnown(detail: StatusDetail & string): detail is Detail {
  return Object.hasOwn(words, detail);
}

/** Nothing for a code that only a newer service knows. */
export function wordsOf(detail: StatusDetail, status: RecipientStatus): Words | null {
  if (detail === null || !isKnown(detail)) return null;
  const own = words[detail];
  return status === "unconfirmed" ? { means: unconfirmed[detail] ?? own.means, mend: UNKNOWN } : own;
}
