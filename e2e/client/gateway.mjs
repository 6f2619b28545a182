// A gateway in front of the server, with the faults of one.

import { once } from "node:events";
import { createServer } from "node:http";

/** A page, as a gateway has it for its own errors. */
const PAGE = "<html><h1>Bad Gateway</h1></html>";

/**
 * What it does with a request: `carry` it, `lose` its answer, `cut` the answer in the middle, `hang`, `refuse` it for so
 * many seconds, say that the service has `moved` with this status, answer with a `page` or with nothing (`empty`) and this status, or with the service's own error of this
 * status (`error`).
 */
export class Gateway {
  #faults = [];
  /** The requests since the last plan. */
  seen = [];

  static async before(base) {
    const gateway = new Gateway();
    gateway.server = createServer((request, response) => gateway.#answer(base, request, response));
    await once(gateway.server.listen(0, "127.0.0.1"), "listening");
    gateway.url = `http://127.0.0.1:${gateway.server.address().port}`;
    return gateway;
  }

  /** What to do with the next requests, the first one first; those after them are carried. */
  plan(faults) {
    this.#faults = [...faults];
    this.seen = [];
  }

  /** What was done with the requests since the last plan. */
  get done() {
    return this.seen.map(({ fault }) => fault);
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #answer(base, request, response) {
    const chunks = await request.toArray();
    const fault = this.#faults.shift() ?? "carry";
    const { method, url } = request;
    this.seen.push({ fault, method, url, at: performance.now(), key: request.headers["idempotency-key"] });
    const [verb, number] = fault.split(" ");
    if (verb === "hang") return;
    if (verb === "page") return response.writeHead(number, { "content-type": "text/html" }).end(PAGE);
    if (verb === "empty") return response.writeHead(number, { "content-length": "0" }).end();
    if (verb === "moved") return response.writeHead(number, { location: base + url }).end();
    if (verb === "error") return this.#error(Number(number), response);
    if (verb === "refuse") {
      return response.writeHead(429, { "retry-after": number }).end('{"message":"Too Many Requests"}');
    }
    const { host, connection, ...headers } = request.headers;
    const body = chunks.length ? Buffer.concat(chunks) : undefined;
    const answer = await fetch(base + url, { method, headers, body });
    const text = await answer.text();
    if (verb === "lose") return response.destroy();
    const whole = verb === "cut" ? text.slice(0, text.length / 2) : text;
    return response.writeHead(answer.status, { "content-type": "application/json" }).end(whole);
  }

  #error(status, response) {
    const error_type = status === 503 ? "service_unavailable" : "internal_error";
    const body = { status, message: "It failed", error_type, details: null, errors: [], request_id: "the request" };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}
