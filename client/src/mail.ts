// One request of the API is two operations here: a mail that is sent, and a dry run. Their answers differ in more than
// their status, so each has types of its own.

import type { RequestResult } from "./generated/client/index.js";
import {
  type DryRunResponse,
  type SendMailData as GeneratedData,
  sendMail as generated,
  type Options,
  type QueuedMailResponse,
  type SendMailErrors,
  type SentMailResponse,
} from "./generated/index.js";

/** What {@link sendMail} takes. */
export type SendMailData = Omit<GeneratedData, "query"> & { query?: never };

export type SendMailResponses = {
  /** The mail system has accepted the mail to the one recipient. */
  200: SentMailResponse;
  /** The mail is stored and is sent in the background, or at its `send_at`; or it is `unconfirmed`. */
  202: QueuedMailResponse;
};

export type SendMailResponse = SendMailResponses[keyof SendMailResponses];

export type DryRunMailResponses = { 200: DryRunResponse };

/**
 * Send mail
 *
 * Mail to one recipient is sent while the caller waits (200). Mail to several recipients, and with `send_at` also mail to
 * one, is queued (202), as is a single mail that cannot be sent now.
 */
export const sendMail = <ThrowOnError extends boolean = false>(
  options: Options<SendMailData, ThrowOnError>,
): RequestResult<SendMailResponses, SendMailErrors, ThrowOnError> =>
  generated(options as Options<GeneratedData, ThrowOnError>) as unknown as RequestResult<
    SendMailResponses,
    SendMailErrors,
    ThrowOnError
  >;

/**
 * Try a mail without sending it
 *
 * Checks the request as {@link sendMail} does, with the same errors, and tells what would become of it. Nothing is stored
 * and nothing is sent. It needs the key of a server, or with `adminToken` none.
 */
export const dryRunMail = <ThrowOnError extends boolean = false>(
  options: Options<SendMailData, ThrowOnError>,
): RequestResult<DryRunMailResponses, SendMailErrors, ThrowOnError> =>
  generated({ ...options, query: { dry_run: true } } as Options<
    GeneratedData,
    ThrowOnError
  >) as unknown as RequestResult<DryRunMailResponses, SendMailErrors, ThrowOnError>;
