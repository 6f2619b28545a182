// The names of API keys, for pages that show something of a key.

import { type ApiKey, listApiKeys } from "mmms-client";
import { useLive } from "./live.js";
import { management } from "./session.js";
import { shortId } from "./words/figures.js";

const PAUSE_MS = 60_000;

async function all(signal: AbortSignal): Promise<ApiKey[]> {
  const items: ApiKey[] = [];
  let after: string | null = null;
  do {
    const query: { limit: number; after?: string } = { limit: 100, ...(after && { after }) };
    const answer = await listApiKeys({ client: management.value, query, signal, throwOnError: true });
    const page: { items: ApiKey[]; next: string | null } = answer.data.data;
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

export interface Keys {
  list: readonly ApiKey[];
  /** The name of a key, or its id if it has none or is revoked. */
  nameOf: (id: string) => string;
}

export function useKeys(): Keys {
  const { value } = useLive<ApiKey[]>(all, () => PAUSE_MS, []);
  const list = value ?? [];
  return { list, nameOf: (id) => list.find((key) => key.id === id)?.name ?? shortId(id) };
}

/** The options of a field that chooses a key. */
export function keyOptions(keys: readonly ApiKey[], none: string): (readonly [string, string])[] {
  return [["", none], ...keys.map(({ id, name }) => [id, name ?? id] as const)];
}
