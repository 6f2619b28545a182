// Recipients as people write them: one on each line.

import type { RecipientRequest } from "mmms-client";

const WITH_NAME = /^"?(.*?)"?\s*<([^<>]*)>$/;
const NAMES = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Katherine", "Donald", "Radia", "Tim", "Hedy"];

export function parseRecipients(text: string): RecipientRequest[] {
  const lines = text.split(/[\n\r]+/).map((line) => line.trim().replace(/[,;]$/, ""));
  return lines.filter((line) => line !== "").map(recipientOf);
}

function recipientOf(line: string): RecipientRequest {
  const [, name, mail] = WITH_NAME.exec(line) ?? [];
  if (mail === undefined) return { mail: line };
  return { mail: mail.trim(), ...(name && { name }) };
}

/** Addresses of a domain that is reserved for examples (RFC 2606). */
export function examples(count: number): string {
  const line = (_: unknown, at: number) => `${NAMES[at % NAMES.length]} <reader${at + 1}@example.com>`;
  return Array.from({ length: count }, line).join("\n");
}

const LABELS: Readonly<Record<string, string>> = {
  sender_email: "From:",
  sender_name: "Sender’s name:",
  subject: "Subject:",
  text_template: "Text:",
  html_template: "HTML:",
  recipients: "Recipients:",
  send_at: "Send at:",
};

const LONGEST = 60;

/** The form's label of a field; for a recipient its address, which the user can find among the lines. */
export function fieldName(field: string, recipients: readonly RecipientRequest[]): string {
  const [, at] = /^recipients\.(\d+)/.exec(field) ?? [];
  if (at === undefined) return LABELS[field] ?? `${field}:`;
  const mail = recipients[Number(at)]?.mail ?? "";
  return `Recipient ${mail.length > LONGEST ? `${mail.slice(0, LONGEST)}…` : mail}:`;
}
