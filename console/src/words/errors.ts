// The meaning of each error of a request and the remedy: a short form of docs/errors.md.

import type { ErrorType, Known } from "mmms-client";

interface Words {
  title: string;
  remedy: string;
}

export const errorWords: Readonly<Record<Known<ErrorType>, Words>> = {
  validation_error: {
    title: "The request is not valid",
    remedy: "Nothing was done. Fix the fields that are named here and try again.",
  },
  authentication_error: {
    title: "The service does not know this key or token",
    remedy: "It may be misspelt, revoked or replaced.",
  },
  authorization_error: {
    title: "This key does not permit that",
    remedy: "It is restricted to other senders or recipients, or it is a browser key. Use another key, or change it.",
  },
  not_found: {
    title: "The service did not find it",
    remedy: "It may have been removed, or its id is incomplete.",
  },
  method_not_allowed: {
    title: "The service has no such operation",
    remedy: "The console and the service may be of different versions: reload the page.",
  },
  idempotency_conflict: {
    title: "This mail was changed after it was submitted",
    remedy: "Look under Mailings if the first one was sent, then send again.",
  },
  idempotency_in_progress: {
    title: "This mail is being accepted right now",
    remedy: "Wait a moment and try again: it is not sent twice.",
  },
  gone: {
    title: "The content of this mailing has been removed",
    remedy: "That happens a day after a mailing has ended. Send a new mailing.",
  },
  payload_too_large: {
    title: "The request is too large",
    remedy: "A request has at most 4 MiB: send to fewer recipients at once.",
  },
  unsupported_media_type: {
    title: "The service does not understand the request",
    remedy: "The console and the service may be of different versions: reload the page.",
  },
  recipient_suppressed: {
    title: "The recipient must not be mailed",
    remedy: "The address is on the list of suppressed addresses: earlier mail bounced, or its owner does not want any.",
  },
  send_rejected: {
    title: "The mail system permanently refused this mail",
    remedy: "Its reply is below. Correct the address or the mail, and send a new one.",
  },
  rate_limit_exceeded: {
    title: "Too many requests",
    remedy: "Wait a little and try again.",
  },
  internal_error: {
    title: "The service failed",
    remedy: "Its log has the cause under the request's id.",
  },
  service_unavailable: {
    title: "The service is not available",
    remedy: "Its database or its queue does not work. Try again in a moment.",
  },
};

/** Undefined for a type that only a newer service knows. */
export function wordsOf(type: ErrorType): Words | undefined {
  return Object.hasOwn(errorWords, type) ? errorWords[type as Known<ErrorType>] : undefined;
}
