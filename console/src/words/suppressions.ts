// The reasons for which addresses are not mailed.

import type { SuppressionReason } from "mmms-client";

interface Words {
  name: string;
  means: string;
}

export const REASONS = ["bounce", "complaint", "manual", "unsubscribe"] as const satisfies readonly SuppressionReason[];

export const reasonWords: Readonly<Record<SuppressionReason, Words>> = {
  bounce: { name: "Bounce", means: "Mail to it has bounced for good" },
  complaint: { name: "Complaint", means: "Its owner has marked a mail as spam" },
  manual: { name: "Manual", means: "Somebody has put it on the list" },
  unsubscribe: { name: "Unsubscribe", means: "Its owner has unsubscribed" },
};

export function isReason(text: string): text is SuppressionReason {
  return Object.hasOwn(reasonWords, text);
}

/** Undefined for a reason that only a newer service knows. */
export function wordsOf(reason: string): Words | undefined {
  return isReason(reason) ? reasonWords[reason] : undefined;
}
