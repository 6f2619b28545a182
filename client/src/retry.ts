import { MmmsError } from "./error.js";

/** An answer comes within 25 seconds; one that takes longer than this will not come. */
export const LONGEST_ANSWER_MS = 35_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A longer `Retry-After` is handed to the caller, who knows whether it can wait. */
const LONGEST_RETRY_AFTER_S = 300;
const PASSING = new Set([429, 502, 503, 504]);

/** Whether the same request may succeed later: no answer came, or one that says "not now". */
export function isPassing(error: unknown): boolean {
  if (error instanceof MmmsError) return PASSING.has(error.status) || error.error_type === "idempotency_in_progress";
  if (error instanceof SyntaxError) return true;
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

/** Whether the service said that it has done nothing: even a request that must not be made twice may then be repeated. */
export function isUndone(error: unknown): boolean {
  if (!(error instanceof MmmsError)) return false;
  return error.status === 429 || error.error_type === "service_unavailable";
}

/** Milliseconds before the next attempt, after so many. Half of it is chance, so that callers do not return at once. */
export function pauseBefore(attempts: number, error: unknown, chance = Math.random()): number {
  const backoff = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  const asked = error instanceof MmmsError && error.retry_after !== null ? error.retry_after * 1000 : 0;
  return Math.max(asked, backoff * (0.5 + chance / 2));
}

export interface Retries {
  attempts: number;
  signal: AbortSignal | undefined;
  /** Milliseconds in which each attempt has to be answered. */
  timeout?: number | undefined;
  /** The errors after which the request is repeated. */
  repeats?: ((error: unknown) => boolean) | undefined;
}

/** Calls until it succeeds, fails for good, or has failed `attempts` times. */
export async function retry<T>(call: (signal: AbortSignal) => Promise<T>, retries: Retries): Promise<T> {
  const { attempts, signal, timeout = LONGEST_ANSWER_MS, repeats = isPassing } = retries;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeout);
    try {
      return await call(signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      signal?.throwIfAborted();
      const tooLong = error instanceof MmmsError && (error.retry_after ?? 0) > LONGEST_RETRY_AFTER_S;
      if (attempt >= attempts || tooLong || !repeats(error)) throw error;
      await pause(pauseBefore(attempt, error), signal);
    }
  }
}

export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}
