import { MmmsError } from "./error.js";
import type { FieldError } from "./generated/index.js";
import { isPage } from "./settings.js";
import { WebhookError } from "./webhook.js";

/** What every call gives: `error` is `null` exactly when it succeeded. */
export type Result<T> = { data: T; error: null } | { data: null; error: MmmsError };

/** Makes a result of a call. `url` is where MMMS was asked. */
export async function settle<T>(
  call: () => Promise<T>,
  url: string,
  signal: AbortSignal | null | undefined,
): Promise<Result<T>> {
  try {
    return { data: await call(), error: null };
  } catch (error) {
    return { data: null, error: errorOf(error, url, signal) };
  }
}

/** A request that is refused before it is sent. */
export function invalid(fields: FieldError[], cause?: unknown): MmmsError {
  const message = cause instanceof Error ? `The request is not valid: ${cause.message}` : "The request is not valid";
  const body = { status: 400, message, error_type: "validation_error", details: null, errors: fields };
  return new MmmsError(null, body, { cause });
}

/** The error for whatever was thrown instead of an answer. */
export function errorOf(cause: unknown, url: string, signal?: AbortSignal | null): MmmsError {
  if (cause instanceof MmmsError) return cause;
  if (cause instanceof WebhookError) {
    return new MmmsError(null, null, { type: "invalid_signature", message: cause.message, cause });
  }
  if (cause instanceof Error && cause.name === "TimeoutError") {
    const message = `${url} did not answer in time. A mail may be taken all the same: send it again with the same idempotencyKey, or look for that with mail.list.`;
    return new MmmsError(null, null, { type: "timeout", message, url, cause });
  }
  if (signal?.aborted) {
    const message = "The call was stopped by its signal. What MMMS has taken by then is sent all the same.";
    return new MmmsError(null, null, { type: "aborted", message, url, cause });
  }
  if (cause instanceof SyntaxError) {
    const message = `The answer from ${url} is not JSON, or only a part of it. Check that this is the address of MMMS, and the log of a gateway in front of it.`;
    return new MmmsError(null, null, { type: "gateway_error", message, url, cause });
  }
  const hint = isPage()
    ? "Or no API key has the origin of this page: the browser's console then says CORS."
    : "It is set by baseUrl or MMMS_URL.";
  const message = `No answer from ${url}: ${reasonOf(cause)}. Is MMMS running, and is this its address? ${hint}`;
  return new MmmsError(null, null, { type: "network_error", message, url, cause });
}

/** What `fetch` says, and beneath it the system: `fetch failed, ECONNREFUSED`. */
function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const { code, message: beneath } = (cause ?? {}) as { code?: string; message?: string };
  return [message, code ?? beneath].filter(Boolean).join(", ");
}
