import type { ErrorBody, ErrorType, FieldError } from "./generated/index.js";

/** An answer that is not a success. */
export class MmmsError extends Error {
  override readonly name = "MmmsError";
  /** The HTTP status. */
  readonly status: number;
  /** For programs; `null` where something before the service answered in its place: a gateway, a proxy. */
  readonly error_type: ErrorType | null;
  /** More for people. */
  readonly details: string | null;
  /** What is wrong where. */
  readonly errors: readonly FieldError[];
  /** To name when asking the operator; `null` where something before the service answered in its place. */
  readonly request_id: string | null;
  /** Seconds after which asking again may help, where the answer says so. */
  readonly retry_after: number | null;

  constructor(response: Response, body: ErrorBody | null) {
    super(body?.message ?? `HTTP status ${response.status}, not from MMMS`);
    this.status = response.status;
    this.error_type = body?.error_type ?? null;
    this.details = body?.details ?? null;
    this.errors = body?.errors ?? [];
    this.request_id = body?.request_id ?? response.headers.get("x-request-id");
    const wait = response.headers.get("retry-after");
    this.retry_after = wait !== null && /^\d+$/.test(wait) ? Number(wait) : null;
  }
}

export function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === "object" && body !== null && "error_type" in body && "request_id" in body;
}
