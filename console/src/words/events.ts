// What the events of a recipient mean.

import type { Event, EventStatus } from "mmms-client";
import { statusNames } from "./statuses.js";

const names: Readonly<Record<string, string>> = {
  ...statusNames,
  delayed: "Delayed",
  copy_bounced: "Copy bounced",
  copy_complained: "Copy complained",
  copy_suppressed: "Copy left out",
  unsubscribed: "Unsubscribed",
  resubscribed: "Subscribed again",
};

const meanings: Readonly<Record<string, string>> = {
  sent: "The mail system has accepted the mail.",
  failed: "The mail was not accepted, and is not tried again.",
  unconfirmed: "It cannot be known whether the mail system accepted the mail.",
  cancelled: "The mail was cancelled before it was sent.",
  suppressed: "The address must not be mailed: nothing was delivered.",
  delivered: "The recipient’s mail server has accepted the mail.",
  complained: "The recipient has marked the mail as spam.",
  delayed: "The mail system could not deliver the mail yet, and tries again.",
  unsubscribed: "The recipient has left the list by the link in the mail.",
  resubscribed: "The recipient has undone it.",
};

const bounces: Readonly<Record<string, string>> = {
  permanent: "The mail came back for good.",
  transient: "The mail came back, for a reason that may pass.",
  undetermined: "The mail came back.",
};

export function eventName(status: EventStatus): string {
  return names[status] ?? status;
}

export function eventWords({ status, bounce, copies }: Event): string {
  const which = copies && copies.length > 0 ? copies.join(", ") : "a copy";
  switch (status) {
    case "bounced":
      return bounces[bounce?.type ?? "undetermined"] ?? "The mail came back.";
    case "copy_bounced":
      return `The mail to ${which} came back.`;
    case "copy_complained":
      return `The owner of the address of ${which} has marked the mail as spam.`;
    case "copy_suppressed":
      return `The address of ${which} must not be mailed, and was left out.`;
    default:
      return meanings[status] ?? "";
  }
}
