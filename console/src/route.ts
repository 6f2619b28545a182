// The pages' addresses, behind the `#`: one file is served, whatever is open. What a page is narrowed to stands there
// too, so that a reload, the back button and a link that is passed on show the same.

import { signal } from "@preact/signals";

type Place =
  | { page: "overview" }
  | { page: "mailings" }
  | { page: "mailing"; id: string }
  | { page: "send" }
  | { page: "keys" }
  | { page: "erase" };

export type Route = Place & { query: URLSearchParams };

function read(): Route {
  const [path = "", ...rest] = location.hash.replace(/^#\/?/, "").split("?");
  const query = new URLSearchParams(rest.join("?"));
  return { ...placeOf(path), query };
}

function placeOf(path: string): Place {
  const [page = "", id] = path.split("/");
  if (page === "mailings" && id) return { page: "mailing", id: decoded(id) };
  if (page === "mailings" || page === "send" || page === "keys" || page === "erase") return { page };
  return { page: "overview" };
}

/** An address that somebody cut short must not leave an empty page. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const LIST = "mmms.list";

export const route = signal<Route>(read());
/** The list of mailings as it was narrowed last, for the way back to it. */
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

/** Narrows the open page; what is empty leaves the address. */
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
