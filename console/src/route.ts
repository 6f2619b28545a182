// The pages' addresses, after the `#`: the server has one file for all pages. The filters of a page are part of its
// address, so that a reload, the back button and a shared link show the same.

import { signal } from "@preact/signals";

type Place =
  | { page: "overview" }
  | { page: "mailings" }
  | { page: "mailing"; id: string }
  | { page: "message"; id: string; index: number }
  | { page: "find" }
  | { page: "send" }
  | { page: "suppressions" }
  | { page: "webhooks" }
  | { page: "webhook"; id: string }
  | { page: "keys" }
  | { page: "erase" };

export type Route = Place & { query: URLSearchParams };

const LISTED = ["mailings", "find", "send", "suppressions", "webhooks", "keys", "erase"] as const;

function read(): Route {
  const [path = "", ...rest] = location.hash.replace(/^#\/?/, "").split("?");
  const query = new URLSearchParams(rest.join("?"));
  return { ...placeOf(path), query };
}

function placeOf(path: string): Place {
  const [page = "", id, index = ""] = path.split("/");
  if (page === "mailings" && id && /^\d{1,5}$/.test(index))
    return { page: "message", id: decoded(id), index: Number(index) };
  if (page === "mailings" && id) return { page: "mailing", id: decoded(id) };
  if (page === "webhooks" && id) return { page: "webhook", id: decoded(id) };
  return { page: LISTED.find((of) => of === page) ?? "overview" };
}

/** A truncated address must not show an empty page. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const LIST = "mmms.list";

export const route = signal<Route>(read());
/** The address of the list of mailings with its last filters, for the link back to it. */
export const listAddress = signal(sessionStorage.getItem(LIST) ?? "#/mailings");
noteList();

addEventListener("hashchange", () => {
  route.value = read();
  noteList();
});

function noteList(): void {
  if (route.value.page !== "mailings") return;
  listAddress.value = location.hash;
  sessionStorage.setItem(LIST, location.hash);
}

export function go(path: string): void {
  location.hash = path;
}

/** Sets filters of the open page; an empty filter is removed from the address. */
export function narrow(changes: Readonly<Record<string, string>>): void {
  const query = new URLSearchParams(route.value.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const [path = ""] = location.hash.split("?");
  const text = query.toString();
  go(`${path || "#/"}${text && `?${text}`}`);
}
