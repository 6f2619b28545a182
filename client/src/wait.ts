import type { Client } from "./generated/client/index.js";
import { getMailing, type Mailing } from "./generated/index.js";
import { pause, retry } from "./retry.js";

export interface Progress {
  /** Recipients that have come to an end, whichever. */
  done: number;
  /** All recipients. */
  total: number;
  mailing: Mailing;
}

export interface Wait {
  client: Client;
  /** `data.id` of the answer to the mail. */
  id: string;
  /** Called after each look, the last one included. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Milliseconds between two looks; 1000 if left out. */
  interval?: number | undefined;
  /** Requests at most for each look; 6 if left out. */
  attempts?: number | undefined;
  /** Milliseconds in which each request has to be answered; 35,000 if left out. */
  timeout?: number | undefined;
  /** Stops waiting. The mailing goes on. */
  signal?: AbortSignal | undefined;
}

/**
 * Waits until no recipient of a mailing is queued or being sent to. The result's `counts` tell how many were sent,
 * failed, are unconfirmed and so on. Whether a sent mail is delivered is known later. A planned mailing waits for its
 * `send_at` first. It ends at the mailing's `expires_at` at the latest.
 *
 * @throws MmmsError if the mailing cannot be looked at, say because it is another key's
 */
export async function waitForMailing(wait: Wait): Promise<Mailing> {
  const { client, id, onProgress, interval = 1000, attempts = 6, timeout, signal } = wait;
  const look = (limit: AbortSignal) => getMailing({ client, path: { id }, signal: limit, throwOnError: true });
  for (;;) {
    const { data } = await retry(look, { attempts, timeout, signal });
    const mailing = data.data;
    const { queued, sending, ...ends } = mailing.counts;
    const done = Object.values(ends).reduce((sum, count) => sum + count, 0);
    onProgress?.({ done, total: done + queued + sending, mailing });
    if (queued + sending === 0) return mailing;
    await pause(interval, signal);
  }
}
