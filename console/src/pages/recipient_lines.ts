// Recipients as people write them: one a line.

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

/** Addresses of a domain that is nobody's (RFC 2606). */
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
};

/** `recipients.3.mail` is the fourth. */
export function fieldName(field: string): string {
  const [, at] = /^recipients\.(\d+)/.exec(field) ?? [];
  return at === undefined ? (LABELS[field] ?? `${field}:`) : `Recipient ${Number(at) + 1}:`;
}
