// For pages and servers. The class `Mmms` is all that most programs need; the functions beneath it are for those that need
// an operation without a method, or a page of fewer bytes. What only servers need of them is in `mmms-client/server`.

export type { Result } from "./answer.js";
export { type ClientSettings, createClient } from "./client.js";
export type { CallOptions } from "./connection.js";
export { MmmsError, type MmmsErrorType } from "./error.js";
export type { Client } from "./generated/client/index.js";
export * from "./generated/index.js";
export type { Known } from "./known.js";
export type { Listing, Page } from "./listing.js";
// In place of the generated ones of the same names.
export {
  type DryRunMailResponses,
  dryRunMail,
  type SendMailData,
  type SendMailResponse,
  type SendMailResponses,
  sendMail,
} from "./mail.js";
export type { AcceptedMail, SendOptions, WaitOptions } from "./mails.js";
export { Mmms, type MmmsSettings } from "./mmms.js";
export type { AnyAddress, AnyAttachment, AnyRecipient, Mail } from "./request.js";
export type { MailResult } from "./result.js";
export type { Progress } from "./wait.js";
export type { WebhookEvent, WebhookHeaders, WebhookMessage, WebhookPing } from "./webhook.js";
export type { SignedMessage } from "./webhooks.js";
