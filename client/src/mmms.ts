import { type ClientSettings, createClient } from "./client.js";
import { Connection } from "./connection.js";
import { MmmsError } from "./error.js";
import { Events } from "./events.js";
import type { Client } from "./generated/client/index.js";
import { Mails } from "./mails.js";
import { LONGEST_ANSWER_MS } from "./retry.js";
import { checkedUrl, isHeaderValue, isPage, setting, wrong } from "./settings.js";
import { Suppressions } from "./suppressions.js";
import { Webhooks } from "./webhooks.js";

export interface MmmsSettings extends Omit<ClientSettings, "baseUrl"> {
  /** Where MMMS is, such as `https://mail.example.com`; `MMMS_URL` of the environment if left out. */
  baseUrl?: string | undefined;
  /** `MMMS_API_KEY` of the environment if left out. In a page it has to be a browser key: every visitor can read it. */
  apiKey?: string | undefined;
  /**
   * Requests at most for each call, after 429, 502, 503, 504 or no answer: 4 if left out. In a page it is 1: a visitor
   * waits there and can press the button again, and most failures of a page's request, such as a missing origin, do not
   * pass.
   */
  attempts?: number | undefined;
  /** Milliseconds in which each request has to be answered; 35,000 if left out, since MMMS answers within 25 seconds. */
  timeout?: number | undefined;
}

/**
 * MMMS, at one address and with one API key.
 *
 * Calls give `{ data, error }` and do not throw, whatever the network, a gateway or MMMS answers. Only reading a list
 * with `for await` throws its {@link MmmsError}.
 */
export class Mmms {
  /** For the operations that have no method here: `createWebhook({ client: mmms.client, … })`. */
  readonly client: Client;
  readonly mail: Mails;
  readonly events: Events;
  readonly suppressions: Suppressions;
  readonly webhooks: Webhooks;

  /** @throws MmmsError of type `settings_error` if there is no address or no key */
  constructor(settings: MmmsSettings = {}) {
    const { adminToken, attempts = isPage() ? 1 : 4, timeout = LONGEST_ANSWER_MS } = settings;
    const given = setting(settings.baseUrl, "MMMS_URL");
    if (!given) throw wrong("baseUrl", "MMMS_URL", "is missing");
    const baseUrl = checkedUrl(given);
    const apiKey = setting(settings.apiKey, "MMMS_API_KEY");
    if (!apiKey && !adminToken) throw wrong("apiKey", "MMMS_API_KEY", "is missing");
    if (!isHeaderValue(apiKey)) throw wrong("apiKey", "MMMS_API_KEY", "has characters that no key has");
    const fetch = onlyJson(settings.fetch, baseUrl);
    this.client = createClient({ baseUrl, apiKey, adminToken, fetch });
    const connection = new Connection(this.client, baseUrl, { attempts, timeout });
    this.mail = new Mails(connection);
    this.events = new Events(connection);
    this.suppressions = new Suppressions(connection);
    this.webhooks = new Webhooks(connection);
  }
}

/** Finds what answers in the place of MMMS with a success: a proxy's sign-in page, another server. */
function onlyJson(given: typeof fetch | undefined, url: string): typeof fetch {
  return async (...request) => {
    const answer = await (given ?? globalThis.fetch)(...request);
    if (!answer.ok || answer.headers.get("content-type")?.includes("json")) return answer;
    await answer.body?.cancel();
    throw new MmmsError(answer, null, { url });
  };
}
