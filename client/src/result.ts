import type { Event } from "./generated/index.js";

/**
 * A message of the result queue. Messages may come twice and in any order: keep the one with the highest `sequence` of
 * each `id` and `index`, and ignore a `status` that you do not know.
 */
export type MailResult = Omit<Event, "api_key_id" | "copies">;
