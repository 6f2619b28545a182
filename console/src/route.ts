// The pages' addresses, behind the `#`: one file is served, whatever is open.

import { signal } from "@preact/signals";

export type Route =
  | { page: "overview" }
  | { page: "mailings" }
  | { page: "mailing"; id: string }
  | { page: "send" }
  | { page: "keys" }
  | { page: "erase" };

function read(): Route {
  const [page = "", id] = location.hash.replace(/^#\/?/, "").split("/");
  if (page === "mailings" && id) return { page: "mailing", id: decodeURIComponent(id) };
  if (page === "mailings" || page === "send" || page === "keys" || page === "erase") return { page };
  return { page: "overview" };
}

export const route = signal<Route>(read());

addEventListener("hashchange", () => {
  route.value = read();
});

export function go(path: string): void {
  location.hash = path;
}
