import type { CallOptions, Connection } from "./connection.js";
import { type Event, type ListEventsData, listEvents } from "./generated/index.js";
import type { Listing } from "./listing.js";

/** `mmms.events` */
export class Events {
  constructor(private readonly connection: Connection) {}

  /**
   * The feed of events, oldest first, without gaps. To follow it, read pages with `await`, and keep their `next`: ask
   * again later with it as `after`, also at the end.
   */
  list(query: ListEventsData["query"] = {}, options?: CallOptions): Listing<Event> {
    return this.connection.list(
      (call, after) => listEvents({ ...call, query: { ...query, after } as typeof query }),
      query.after,
      options,
    );
  }
}
