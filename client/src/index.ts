// For pages and servers. What only servers need is in `mmms-client/server`.

export { type ClientSettings, createClient } from "./client.js";
export { MmmsError } from "./error.js";
export type { Client } from "./generated/client/index.js";
export * from "./generated/index.js";
export type { Known } from "./known.js";
// In place of the generated ones of the same names.
export {
  type DryRunMailResponses,
  dryRunMail,
  type SendMailData,
  type SendMailResponse,
  type SendMailResponses,
  sendMail,
} from "./mail.js";
export type { MailResult } from "./result.js";
