// Whether mail leaves: always in sight.

import { service } from "../session.js";

const LIVE: Readonly<Record<string, string>> = { ses: "Amazon SES", smtp: "SMTP" };

/** The name of the mail system that takes the mail. */
export function leavesBy(): string {
  const transport = service.value?.transport ?? "";
  return LIVE[transport] ?? transport;
}

export function Mode() {
  const facts = service.value;
  if (!facts) return null;
  return (
    <p class={facts.mailbox ? "mode is-captured" : "mode is-live"}>
      <strong>{facts.mailbox ? "Captured" : "Live"}</strong>
      <span>{facts.mailbox ? "nothing leaves" : leavesBy()}</span>
      <span class="soft">{facts.version}</span>
    </p>
  );
}
