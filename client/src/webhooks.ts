import type { Result } from "./answer.js";
import type { Connection } from "./connection.js";
import { setting, wrong } from "./settings.js";
import { verifyWebhook, type WebhookHeaders, type WebhookMessage } from "./webhook.js";

export interface SignedMessage {
  /** The body as it came, byte for byte: `await request.text()`. */
  payload: string | Uint8Array;
  headers: WebhookHeaders;
  /** The webhook's secret, or several; `MMMS_WEBHOOK_SECRET` of the environment if left out. */
  secret?: string | readonly string[] | undefined;
}

/** `mmms.webhooks` */
export class Webhooks {
  constructor(private readonly connection: Connection) {}

  /** Checks that a message is signed by a webhook and at most five minutes old; else `error.type` is `invalid_signature`. */
  verify({ payload, headers, secret }: SignedMessage): Promise<Result<WebhookMessage>> {
    return this.connection.settle(async () => {
      const known = setting(secret, "MMMS_WEBHOOK_SECRET");
      if (!known?.length) throw wrong("secret", "MMMS_WEBHOOK_SECRET", "is missing");
      try {
        return await verifyWebhook(payload, headers, known);
      } catch (error) {
        throw error instanceof TypeError ? wrong("secret", "MMMS_WEBHOOK_SECRET", "must begin with whsec_") : error;
      }
    });
  }
}
