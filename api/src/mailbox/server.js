// The mailbox over HTTP.

const API = "/mailbox/api/messages";
const ANSWER_MS = 10_000;

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export async function call(path, method = "GET") {
  const response = await fetch(API + path, { method, cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS) });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Refused(response.status, body?.message ?? response.statusText);
}

export const data = async (path, method) => (await (await call(path, method)).json()).data;
export const pathOf = (id, part = "") => `/${encodeURIComponent(id)}${part}`;
export const addressOf = (id, part) => API + pathOf(id, part);
