import type { ErrorBody, ErrorType, FieldError } from "./generated/index.js";

/**
 * The API's `error_type`, or what happened where MMMS did not answer: `network_error`, `gateway_error` (a gateway or a
 * proxy answered in its place), `timeout`, `aborted` (by the caller's signal); `settings_error` and `invalid_signature`
 * are found before anything is sent.
 */
export type MmmsErrorType =
  | ErrorType
  | "network_error"
  | "gateway_error"
  | "timeout"
  | "aborted"
  | "settings_error"
  | "invalid_signature";

/** What is known of an error beside the answer. */
export interface ErrorContext {
  /** For an error that is not an answer of MMMS. */
  type?: MmmsErrorType;
  message?: string;
  /** Where MMMS was asked. */
  url?: string | undefined;
  cause?: unknown;
}

/** Why a request did not succeed. */
export class MmmsError extends Error {
  override readonly name = "MmmsError";
  /** For programs. */
  readonly type: MmmsErrorType;
  /** The HTTP status; 0 where there was no answer, 400 also for what was refused before it was sent. */
  readonly status: number;
  /** What is wrong where. */
  readonly fields: readonly FieldError[];
  /** More for people. */
  readonly details: string | null;
  /** To name when asking the operator; `null` where MMMS did not answer. */
  readonly requestId: string | null;
  /** Seconds after which asking again may help, where the answer says so. */
  readonly retryAfter: number | null;
  /** Where MMMS was asked, if it did not answer. */
  readonly url: string | null;
  readonly #known: ErrorType | null;

  constructor(response: Response | null, body: Omit<ErrorBody, "request_id"> | null, context: ErrorContext = {}) {
    const { cause } = context;
    super(body?.message ?? context.message ?? inItsPlace(response, context.url), cause === undefined ? {} : { cause });
    this.#known = body?.error_type ?? null;
    this.type = this.#known ?? context.type ?? "gateway_error";
    this.status = response?.status ?? body?.status ?? 0;
    this.fields = body?.errors ?? [];
    this.details = body?.details ?? null;
    const headers = response?.headers;
    this.requestId = (body as ErrorBody | null)?.request_id ?? headers?.get("x-request-id") ?? null;
    const wait = headers?.get("retry-after") ?? "";
    this.retryAfter = /^\d+$/.test(wait) ? Number(wait) : null;
    this.url = context.url ?? null;
  }

  /** `type`, but `null` where MMMS did not answer. */
  get error_type(): ErrorType | null {
    return this.#known;
  }

  /** The same as `fields`. */
  get errors(): readonly FieldError[] {
    return this.fields;
  }

  /** The same as `requestId`. */
  get request_id(): string | null {
    return this.requestId;
  }

  /** The same as `retryAfter`. */
  get retry_after(): number | null {
    return this.retryAfter;
  }

  /** The message, each field with its path, and the request's id, a line each. */
  override toString(): string {
    const { message, type, details, fields, requestId } = this;
    const lines = fields.map(({ field, message }) => `${field}: ${message}`);
    if (requestId) lines.push(`request id: ${requestId}`);
    return [`MmmsError: ${message} (${type}${details ? `, ${details}` : ""})`, ...lines].join("\n  ");
  }

  /** With the message, which `JSON.stringify` leaves out of other errors. */
  toJSON(): object {
    const { message, type, status, fields, details, requestId } = this;
    return { message, type, status, fields, details, requestId };
  }
}

function inItsPlace(response: Response | null, url: string | undefined): string {
  const place = url ? ` at ${url}` : "";
  return `A gateway or another server answered in the place of MMMS${place}, with HTTP status ${response?.status}. Check the address, and the log of the gateway.`;
}

export function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === "object" && body !== null && "error_type" in body && "request_id" in body;
}
