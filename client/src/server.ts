// What takes longer than one request, and what is sent to a server: for programs that can wait and be reached.

export { type ReliableMail, sendReliably } from "./send.js";
export { type Progress, type Wait, waitForMailing } from "./wait.js";
export {
  verifyWebhook,
  WebhookError,
  type WebhookEvent,
  type WebhookHeaders,
  type WebhookMessage,
  type WebhookPing,
} from "./webhook.js";
