/** The deployed service, from an HTTP client's view. */
export class Service {
  constructor(
    private readonly url: string,
    private readonly adminToken: string,
  ) {}

  async get(path: string): Promise<Answer> {
    return this.call("GET", path, {});
  }

  /** A browser's preflight request; the answer for an unknown origin names no origin. */
  async preflight(path: string): Promise<Answer> {
    return this.call("OPTIONS", path, {
      origin: "https://smoke.invalid",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-api-key",
    });
  }

  /** Sends a request with an API key or with the admin token. */
  async as(
    key: string | "admin",
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const access: Record<string, string> =
      key === "admin" ? { authorization: `Bearer ${this.adminToken}` } : { "x-api-key": key };
    return this.call(method, path, { ...access, ...headers }, body);
  }

  private async call(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<Answer> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      signal: AbortSignal.timeout(35_000),
      ...sent,
    });
    return new Answer(`${method} ${path}`, response.status, response.headers, await response.text());
  }
}

export class Answer {
  constructor(
    private readonly request: string,
    private readonly status: number,
    readonly headers: Headers,
    readonly text: string,
  ) {}

  /** Returns this answer if it has that status, or throws an error with its text. */
  expect(status: number): this {
    if (this.status === status) return this;
    throw new Error(`${this.request} answered ${this.status} instead of ${status}: ${this.text.slice(0, 500)}`);
  }

  /** `data` of the body. */
  // biome-ignore lint/suspicious/noExplicitAny: each step knows the form of its answer
  get data(): any {
    return JSON.parse(this.text).data;
  }
}
