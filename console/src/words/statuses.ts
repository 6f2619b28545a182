// The statuses in the order in which a recipient may go through them.

import type { Known, Mailing, MailingCounts, RecipientStatus } from "mmms-client";

export type Status = Known<RecipientStatus>;

export const STATUSES = [
  "delivered",
  "sent",
  "sending",
  "queued",
  "unconfirmed",
  "bounced",
  "complained",
  "suppressed",
  "failed",
  "cancelled",
] as const satisfies readonly Status[];

/** The order for narrow places, which may cut the list: statuses that need attention come first. */
export const TROUBLE_FIRST = [
  "failed",
  "bounced",
  "complained",
  "unconfirmed",
  "suppressed",
  "queued",
  "sending",
  "sent",
  "delivered",
  "cancelled",
] as const satisfies readonly Status[];

/** The statuses of recipients that the mail has not reached, or may not have reached. */
export const TROUBLES = [
  "failed",
  "bounced",
  "complained",
  "suppressed",
  "unconfirmed",
] as const satisfies readonly Status[];

export const statusNames: Readonly<Record<Status, string>> = {
  queued: "Queued",
  sending: "Sending",
  sent: "Sent",
  failed: "Failed",
  unconfirmed: "Unconfirmed",
  cancelled: "Cancelled",
  suppressed: "Suppressed",
  delivered: "Delivered",
  bounced: "Bounced",
  complained: "Complained",
};

export const statusMeanings: Readonly<Record<Status, string>> = {
  queued: "stored, and will be sent",
  sending: "handed to the mail system right now",
  sent: "accepted by the mail system; whether it was delivered is not known",
  failed: "will not be sent",
  unconfirmed: "may or may not have been sent",
  cancelled: "cancelled before it was sent",
  suppressed: "not sent, because the address must not be mailed",
  delivered: "accepted by the recipient's mail server",
  bounced: "sent, and came back",
  complained: "delivered, and marked as spam by the recipient",
};

export function isKnown(status: RecipientStatus): status is Status {
  return Object.hasOwn(statusNames, status);
}

export function totalOf(counts: MailingCounts): number {
  return STATUSES.reduce((sum, status) => sum + counts[status], 0);
}

/** The number of recipients whose mail the mail system has accepted, whatever came of it later. */
export function acceptedOf(counts: MailingCounts): number {
  return counts.sent + counts.delivered + counts.bounced + counts.complained;
}

export function isOpen(counts: MailingCounts): boolean {
  return counts.queued + counts.sending > 0;
}

/** Whether nothing of it is sent yet, because its time has not come. */
export function isPlanned({ send_at, counts }: Mailing): boolean {
  return send_at !== null && Date.parse(send_at) > Date.now() && counts.queued > 0 && counts.sending === 0;
}

export function isUnderWay(mailing: Mailing): boolean {
  return isOpen(mailing.counts) && !isPlanned(mailing);
}
