import type { Result } from "./answer.js";
import type { CallOptions, Connection } from "./connection.js";
import {
  addSuppression,
  type ImportedSuppressions,
  importSuppressions,
  type ListSuppressionsData,
  listSuppressions,
  type RemovedSuppression,
  removeSuppression,
  type Suppression,
  type SuppressionRequest,
} from "./generated/index.js";
import type { Listing } from "./listing.js";

/** `mmms.suppressions`: the addresses that are not mailed. */
export class Suppressions {
  constructor(private readonly connection: Connection) {}

  /** All entries that the key may see, or those of an address or a reason. */
  list(query: ListSuppressionsData["query"] = {}, options?: CallOptions): Listing<Suppression> {
    return this.connection.list(
      (call, after) => listSuppressions({ ...call, query: { ...query, after } as typeof query }),
      query.after,
      options,
    );
  }

  /** Adds an address. */
  add(entry: SuppressionRequest, options?: CallOptions): Promise<Result<Suppression>> {
    return this.connection.ask((call) => addSuppression({ ...call, body: entry }), options);
  }

  /** Adds up to 1,000 addresses. */
  import(entries: SuppressionRequest[], options?: CallOptions): Promise<Result<ImportedSuppressions>> {
    return this.connection.ask((call) => importSuppressions({ ...call, body: { entries } }), options);
  }

  /** Takes an entry off the list, by its `id`. */
  remove(id: string, options?: CallOptions): Promise<Result<RemovedSuppression>> {
    const removal = { ...options, once: true };
    return this.connection.ask((call) => removeSuppression({ ...call, path: { id } }), removal);
  }
}
