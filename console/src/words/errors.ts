// What each error of a request means and what to do: docs/errors.md in few words.

import type { ErrorType, Known } from "mmms-client";

interface Words {
  title: string;
  mend: string;
}

export const errorWords: Readonly<Record<Known<ErrorType>, Words>> = {
  validation_error: {
    title: "Something in this is not right",
    mend: "Nothing was done. Mend what is named here and try again.",
  },
  authentication_error: {
    title: "The service does not know this key or token",
    mend: "It may be misspelt, revoked, or changed since.",
  },
  authorization_error: {
    title: "This key may not do that",
    mend: "It is tied to other senders, or it is meant for web pages of its own. Take another key.",
  },
  not_found: {
    title: "That is not there",
    mend: "It may have been removed, or the id is not complete.",
  },
  method_not_allowed: {
    title: "The service does not do that here",
    mend: "The console and the service may be of different versions: reload the page.",
  },
  idempotency_conflict: {
    title: "This mail was changed after it was sent in",
    mend: "Look at the mailings whether the first one went out, then send again.",
  },
  idempotency_in_progress: {
    title: "This mail is being taken right now",
    mend: "Wait a moment and try again: it is not sent twice.",
  },
  gone: {
    title: "The content of this mailing has been removed",
    mend: "That happens a day after a mailing has ended. It has to be sent in as a new one.",
  },
  payload_too_large: {
    title: "This is too large",
    mend: "A request holds 4 MiB: send to fewer recipients at once.",
  },
  unsupported_media_type: {
    title: "The service does not understand this",
    mend: "The console and the service may be of different versions: reload the page.",
  },
  send_rejected: {
    title: "The mail system refused this mail for good",
    mend: "Its words are below. Correct the address or the mail, and send it anew.",
  },
  rate_limit_exceeded: {
    title: "Too much at once",
    mend: "Wait a little and try again.",
  },
  internal_error: {
    title: "The service made a mistake",
    mend: "Its log has the reason under the request's id.",
  },
  service_unavailable: {
    title: "The service cannot do that now",
    mend: "Its database or its queue is away. Try again in a moment.",
  },
};

/** Nothing for a type that only a newer service knows. */
export function wordsOf(type: ErrorType): Words | undefined {
  return Object.hasOwn(errorWords, type) ? errorWords[type as Known<ErrorType>] : undefined;
}
