import { MmmsError } from "./error.js";

/** An answer comes within 25 seconds; one that takes longer than this will not come. */
const LONGEST_ANSWER_MS = 35_000;
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

/** Milliseconds before the next attempt, after so many. Half of it is chance, so that callers do not return at once. */
export function pauseBefore(attempts: number, error: unknown, chance = Math.random()): number {
  const backoff = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  const asked = error instanceof MmmsError && error.retry_after !== null ? error.retry_after * 1000 : 0;
  return Math.max(asked, backoff * (0.5 + chance / 2));
}

/** Calls until it succeeds, fails for good, or has failed `attempts` times. */
export async function retry<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { attempts, signal }: { attempts: number; signal: AbortSignal | undefined },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(LONGEST_ANSWER_MS);
    try {
      return await call(signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      signal?.throwIfAborted();
      const tooLong = error instanceof MmmsError && (error.retry_after ?? 0) > LONGEST_RETRY_AFTER_S;
      if (attempt >= attempts || tooLong || !isPassing(error)) throw error;
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
