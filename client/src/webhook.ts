import type { Event } from "./generated/index.js";

/** An event, as it is posted to a webhook. */
export interface WebhookEvent {
  /** `mail.` and the status of the event. A later version of MMMS may have others. */
  type: `mail.${string}`;
  /** When it happened. */
  timestamp: string;
  data: Event;
}

/** What `POST /v1/webhooks/{id}/test` sends. */
export interface WebhookPing {
  type: "ping";
  timestamp: string;
  data: { webhook_id: string };
}

export type WebhookMessage = WebhookEvent | WebhookPing;

/** A message is not one of this webhook: answer 400, and do nothing. */
export class WebhookError extends Error {
  override name = "WebhookError";
}

/** The header fields of a request: of `fetch`'s `Request`, or Node's `IncomingMessage.headers`. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

/** Seconds by which the sender's clock and this one may differ, the time on the way included. */
const TOLERANCE = 5 * 60;

/**
 * Checks that a message is of a webhook, and not older than five minutes, and returns it. `body` is what came, byte for
 * byte: JSON that was parsed and written again has another signature. With several secrets, any of them may have
 * signed.
 *
 * Signatures are those of Standard Webhooks, compared in constant time by WebCrypto. A message may come more than once:
 * remember its `webhook-id` where that matters.
 *
 * @throws WebhookError if it is not
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
): Promise<WebhookMessage> {
  const id = field(headers, "webhook-id");
  const timestamp = field(headers, "webhook-timestamp");
  const signatures = field(headers, "webhook-signature");
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!/^\d{1,15}$/.test(timestamp) || age > TOLERANCE) {
    throw new WebhookError("the message is too old, or its time is none");
  }
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  const given = signatures.split(" ").flatMap((signature) => {
    const [version, value = ""] = signature.split(",", 2);
    const bytes = version === "v1" ? decode(value) : undefined;
    return bytes ? [bytes] : [];
  });
  for (const one of typeof secret === "string" ? [secret] : secret) {
    const key = await keyOf(one);
    for (const signature of given) {
      if (await crypto.subtle.verify("HMAC", key, signature, signed)) return JSON.parse(text);
    }
  }
  throw new WebhookError("the message is not signed with this secret");
}

function field(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value !== "string" || value === "") throw new WebhookError(`the header ${name} is missing`);
  return value;
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = decode(secret.replace(/^whsec_/, ""));
  if (!bytes?.length) throw new TypeError("the secret of a webhook begins with whsec_");
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
