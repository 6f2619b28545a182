import { type Result, settle } from "./answer.js";
import type { Client } from "./generated/client/index.js";
import { Listing, type Page } from "./listing.js";
import { isUndone, retry } from "./retry.js";

/** What every call takes. */
export interface CallOptions {
  /** Requests at most; the client's if left out. */
  attempts?: number | undefined;
  /** Milliseconds in which each request has to be answered; the client's if left out. */
  timeout?: number | undefined;
  /** Stops asking. What MMMS has taken by then stays. */
  signal?: AbortSignal | undefined;
}

/** What an operation is given beside its own path, query and body. */
export interface Call {
  client: Client;
  signal: AbortSignal;
  throwOnError: true;
}

/** A call that repeats no request whose first copy may have had its effect. */
export interface Once {
  once?: boolean;
}

/** How all calls reach MMMS. */
export class Connection {
  constructor(
    readonly client: Client,
    readonly url: string,
    private readonly defaults: { attempts: number; timeout: number },
  ) {}

  /** The options of a call, with the client's own where it has none. */
  with({ attempts, timeout, signal }: CallOptions) {
    const { defaults } = this;
    return { attempts: attempts ?? defaults.attempts, timeout: timeout ?? defaults.timeout, signal };
  }

  /** Asks for one thing, and gives the `data` of the answer. */
  ask<T>(
    operation: (call: Call) => Promise<{ data: { data: T } }>,
    { once = false, ...options }: CallOptions & Once = {},
  ): Promise<Result<T>> {
    return this.settle(() => this.take(operation, { once, ...options }), options);
  }

  settle<T>(call: () => Promise<T>, { signal }: CallOptions = {}): Promise<Result<T>> {
    return settle(call, this.url, signal);
  }

  /** A list, read page by page. */
  list<T>(
    operation: (call: Call, after: string | undefined) => Promise<{ data: { data: Page<T> } }>,
    after: string | undefined,
    options: CallOptions = {},
  ): Listing<T> {
    const read = (from: string | undefined) => this.take<Page<T>>((call) => operation(call, from), options);
    return new Listing(read, after, this.url, options.signal);
  }

  private async take<T>(
    operation: (call: Call) => Promise<{ data: { data: T } }>,
    { once, ...options }: CallOptions & Once,
  ): Promise<T> {
    const call = (signal: AbortSignal) => operation({ client: this.client, signal, throwOnError: true });
    const { data } = await retry(call, { ...this.with(options), ...(once && { repeats: isUndone }) });
    if (typeof data?.data !== "object") throw new SyntaxError("the answer has no data");
    return data.data;
  }
}
