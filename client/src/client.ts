import { isErrorBody, MmmsError } from "./error.js";
import { type Client, createClient as createFetchClient } from "./generated/client/index.js";

/** How to reach MMMS, and as whom. */
export interface ClientSettings {
  /** Where it is: `https://mail.example.com`. */
  baseUrl: string;
  /** Goes along as `x-api-key`. In a page it has to be a browser key: every visitor can read it there. */
  apiKey?: string | undefined;
  /** Opens the management calls. Never in a page. */
  adminToken?: string | undefined;
  /** In place of the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/**
 * What every operation of the API takes as `client`.
 *
 * An operation gives `{ data }` for a success and `{ error }` for an error of the service. With `throwOnError: true`
 * it gives `data` and throws an {@link MmmsError}. It rejects in both cases where there is no answer of the
 * service: with what `fetch` threw, or with an {@link MmmsError} whose `error_type` is `null` if a gateway answered.
 */
export function createClient({ baseUrl, apiKey, adminToken, fetch }: ClientSettings): Client {
  const client = createFetchClient({
    baseUrl: baseUrl.replace(/\/+$/, ""),
    auth: ({ scheme }) => (scheme === "bearer" ? adminToken : apiKey),
    // A page of a gateway is no answer, whatever type it says it has.
    parseAs: "json",
    // MMMS redirects no request. Another server must not get the key, nor may a POST become a GET on its way.
    redirect: "manual",
    ...(fetch && { fetch }),
  });
  client.interceptors.error.use((error, response: Response | undefined, _request, { throwOnError, baseUrl }) => {
    if (!response) throw error;
    const body = isErrorBody(error) ? error : null;
    if (throwOnError || !body) throw new MmmsError(response, body, body ? {} : { url: String(baseUrl) });
    return body;
  });
  return client;
}
