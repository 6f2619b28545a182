import type { Client } from "./generated/client/index.js";
import type { MailRequest } from "./generated/index.js";
import { type SendMailResponse, sendMail } from "./mail.js";
import { retry } from "./retry.js";

export interface ReliableMail {
  client: Client;
  body: MailRequest;
  /**
   * Names this mail for 24 hours: the same key with the same body never sends twice, also from another process. One
   * is made up for this call if it is left out.
   */
  idempotencyKey?: string | undefined;
  /** Queue it even for one recipient, and answer at once. */
  respondAsync?: boolean | undefined;
  /** Requests at most; 6 if left out. */
  attempts?: number | undefined;
  /** Milliseconds in which each request has to be answered; 35,000 if left out. */
  timeout?: number | undefined;
  /** Stops asking. What the service has taken by then is sent all the same. */
  signal?: AbortSignal | undefined;
}

/**
 * Sends a mail once, however often it has to ask: no answer, 429, 502, 503, 504 and `idempotency_in_progress` are
 * asked again, after what `Retry-After` says. `status` of the result tells sent (200) from queued (202); with `send_at`
 * in the body it is queued.
 *
 * @throws MmmsError what asking again does not mend, or the last of the answers
 * @throws TypeError what `fetch` threw, if the last request got no answer
 */
export async function sendReliably(mail: ReliableMail): Promise<SendMailResponse> {
  const { client, idempotencyKey = newKey(), respondAsync = false, attempts = 6, timeout, signal } = mail;
  const headers = { "Idempotency-Key": idempotencyKey, ...(respondAsync && { Prefer: "respond-async" }) };
  // The key stands for these bytes: what the caller changes while this waits must not get in.
  const body = structuredClone(mail.body);
  const send = (limit: AbortSignal) => sendMail({ client, body, headers, signal: limit, throwOnError: true });
  const { data } = await retry(send, { attempts, timeout, signal });
  return data;
}

/** 128 random bits: `crypto.randomUUID` is missing in pages without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
