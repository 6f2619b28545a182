/** The deployed service, as any HTTP client sees it. */
export class Service {
  constructor(
    private readonly url: string,
    private readonly adminToken: string,
  ) {}

  async get(path: string): Promise<Answer> {
    return this.call("GET", path, {});
  }

  /** What a browser asks before a page may send; a page of no known origin is told of none. */
  async preflight(path: string): Promise<Answer> {
    return this.call("OPTIONS", path, {
      origin: "https://smoke.invalid",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-api-key",
    });
  }

  /** With an API key, or as the one who manages. */
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

  /** This very answer, or what came instead. */
  expect(status: number): this {
    if (this.status === status) return this;
    throw new Error(`${this.request} answered ${this.status} instead of ${status}: ${this.text.slice(0, 500)}`);
  }

  /** `data` of the body. */
  // biome-ignore lint/suspicious/noExplicitAny: each step knows what it asked for
  get data(): any {
    return JSON.parse(this.text).data;
  }
}
