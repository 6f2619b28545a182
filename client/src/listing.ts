import { errorOf, type Result, settle } from "./answer.js";

/** A part of a list. */
export interface Page<T> {
  items: T[];
  /** The cursor to go on with, as `after`; `null` at the end, but never of events. */
  next: string | null;
}

/**
 * A list. `for await (const item of list)` reads all of it, page by page, and throws an `MmmsError` where a page
 * cannot be read; `const { data, error } = await list` reads one page.
 */
export class Listing<T> implements AsyncIterable<T>, PromiseLike<Result<Page<T>>> {
  constructor(
    private readonly read: (after: string | undefined) => Promise<Page<T>>,
    private readonly after: string | undefined,
    private readonly url: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited
  then<A = Result<Page<T>>, B = never>(
    onfulfilled?: ((result: Result<Page<T>>) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return settle(() => this.read(this.after), this.url, this.signal).then(onfulfilled, onrejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let { after } = this;
    for (;;) {
      const { items, next } = await this.read(after).catch((error) => {
        throw errorOf(error, this.url, this.signal);
      });
      yield* items;
      // The end of the feed of events has a cursor, too: its own.
      if (next === null || next === after) return;
      after = next;
    }
  }
}
