// The kinds of events, the states of webhooks and the outcomes of tries: a short form of docs/webhooks.md.

import type { EventStatusFilter, Webhook, WebhookDelivery } from "mmms-client";

/** Every kind of events that a webhook can be limited to: a kind that the service gets has to be added here. */
const kinds: Readonly<Record<EventStatusFilter, string>> = {
  sent: "accepted by the mail system",
  delivered: "accepted by the recipient’s mail server",
  bounced: "came back",
  complained: "marked as spam by the recipient",
  failed: "will not be sent",
  unconfirmed: "may or may not have been sent",
  suppressed: "not sent, because the address must not be mailed",
  cancelled: "cancelled before it was sent",
  delayed: "not delivered yet, and tried again",
  copy_bounced: "the mail to a cc or bcc address came back",
  copy_complained: "the owner of a cc or bcc address complained",
  copy_suppressed: "a cc or bcc address must not be mailed, and was left out",
  unsubscribed: "the recipient has left the list of the mail",
  resubscribed: "the recipient has undone it",
};

export const KINDS = Object.keys(kinds) as readonly EventStatusFilter[];

export function meaningOf(kind: EventStatusFilter): string {
  return kinds[kind];
}

export interface State {
  name: string;
  tone: "good" | "unsure" | "bad";
  /** The remedy, empty if there is nothing to do. */
  remedy: string;
}

const REPLAY = "Enable it under Change, and then replay the events that it has missed.";

const disabled: Readonly<Record<string, string>> = {
  requested: "Disabled on request",
  gone: "Disabled: its answer was 410 (gone)",
  failing: "Disabled: it has failed for five days",
};

export function stateOf({ enabled, disabled_reason, failing_since }: Webhook): State {
  if (!enabled) {
    const reason = disabled_reason ?? "";
    const name = Object.hasOwn(disabled, reason) ? disabled[reason] : `Disabled: ${reason}`;
    return { name: name ?? "Disabled", tone: reason === "requested" ? "unsure" : "bad", remedy: REPLAY };
  }
  if (failing_since !== null) {
    return {
      name: "Failing",
      tone: "bad",
      remedy: "Events are tried again for more than a day. After five days of failures the webhook is disabled.",
    };
  }
  return { name: "Live", tone: "good", remedy: "" };
}

const changes: Readonly<Record<string, string>> = {
  created: "Created",
  changed: "Changed",
  rotated: "Secret rotated",
  enabled: "Enabled",
  replayed: "Replay begun",
};

/** What befell the webhook itself. */
export function changeOf({ kind, reason }: WebhookDelivery): string {
  if (kind === "disabled") {
    const why = reason ?? "";
    return (Object.hasOwn(disabled, why) ? disabled[why] : `Disabled: ${why}`) ?? "Disabled";
  }
  return (Object.hasOwn(changes, kind) ? changes[kind] : undefined) ?? kind;
}

const failures: Readonly<Record<string, readonly [string, string]>> = {
  name_not_found: ["The host’s name leads to no address", "Check the URL and the DNS."],
  address_refused: ["The host is at private addresses only, to which nothing is sent", "Use a public address."],
  connection_failed: ["The host takes no connection", "Start the receiver, and open its firewall."],
  tls_failed: ["The certificate is not trusted, or is one of another name", "Renew it, with its whole chain."],
  no_answer: ["The connection ended without an answer", "The log of the receiver, or of its proxy, has the cause."],
  timed_out: ["No answer came within 15 seconds", "Answer first, and work later."],
};

export interface Outcome {
  name: string;
  tone: "good" | "bad";
  remedy: string;
}

export function outcomeOf({ http_status: status, failure }: WebhookDelivery): Outcome {
  if (status !== null) {
    if (status >= 200 && status < 300) return { name: `HTTP ${status}`, tone: "good", remedy: "" };
    const remedy =
      status === 410
        ? "This disables the webhook."
        : status >= 300 && status < 400
          ? "Redirects are not followed: enter the address that it leads to."
          : "Only an answer of 2xx is a success.";
    return { name: `HTTP ${status}`, tone: "bad", remedy };
  }
  const [name, remedy] = failures[failure ?? ""] ?? [failure ?? "no answer", ""];
  return { name, tone: "bad", remedy };
}

/** The name of a message: the kind of its event, or a ping. */
export function messageName(type: string | null): string {
  return type === null ? "–" : type.replace(/^mail\./, "");
}
