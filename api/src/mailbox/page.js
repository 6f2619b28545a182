// The mailbox page: the list of messages, live, and which of them is open.

import { consoleAddress, longTime, moveFocus, people, shortTime, showMessage } from "./message.js";
import { data, pathOf } from "./server.js";

const PAGE = 50;
const POLL_MS = 1000;
const POLL_AWAY_MS = 3000;
const SEARCH_MS = 200;

const $ = (id) => document.getElementById(id);

/** What the list shows: what a search finds, of one mailing or of all. `asked` counts the questions, so that a late answer to an old one is dropped. */
const list = {
  search: "",
  mailing: "",
  items: [],
  next: null,
  total: 0,
  loaded: false,
  shown: null,
  grown: false,
  asked: 0,
};
const rows = new Map();
/** The open message: its id from the address, and its content once that is here. */
const open = { id: null, content: null };

// ---- Server

function fetchPage(after, limit = PAGE) {
  const query = new URLSearchParams({ limit });
  if (list.search) query.set("search", list.search);
  if (list.mailing) query.set("mailing_id", list.mailing);
  if (after) query.set("after", after);
  return data(`?${query}`);
}

/** What is wrong with the polling, and with what was asked for last: a poll that works clears only its own. */
const problems = { poll: "", action: "" };

function showProblem(error, of = "poll") {
  const again = of === "poll" ? "Trying again…" : "";
  problems[of] = !error
    ? ""
    : error.status === 401 || error.status === 403
      ? "The mailbox needs the admin token: reload the page to sign in."
      : error.status
        ? `The server answered ${error.status}: ${error.message} ${again}`
        : `The server does not answer. ${again}`;
  const text = problems.poll || problems.action;
  if ($("problem").textContent !== text) $("problem").textContent = text;
  $("problem").hidden = !text;
  $("live").hidden = Boolean(problems.poll);
}

// ---- Address: the search, the mailing and the open message are in the hash

const readHash = () => new URLSearchParams(location.hash.slice(1));

function hashOf(id, { search, mailing } = list) {
  const hash = new URLSearchParams();
  if (mailing) hash.set("mailing", mailing);
  if (search) hash.set("search", search);
  if (id) hash.set("message", id);
  return `#${hash}`;
}

function follow() {
  const hash = readHash();
  const search = hash.get("search") ?? "";
  const mailing = hash.get("mailing") ?? "";
  if (search !== list.search || mailing !== list.mailing || !list.loaded) ask(search, mailing);
  if ($("search").value.trim() !== search) $("search").value = search;
  openMessage(hash.get("message"));
}

function replaceHash(id, of = list) {
  history.replaceState(null, "", hashOf(id, of));
  follow();
}

// ---- List

const isNarrowed = () => Boolean(list.search || list.mailing);

function ask(search, mailing) {
  Object.assign(list, { search, mailing, grown: false });
  $("of-mailing").hidden = !mailing;
  $("to-console").href = consoleAddress(mailing);
  $("list-scroll").scrollTop = 0;
  poll();
}

/** Which list it is, of all that can be asked for. */
const shownNow = () => hashOf(null);

/** The list after `page`, the newest messages now: what was loaded by "Load more" stays loaded. */
async function merge(page) {
  if (!list.grown) return page;
  const arrived = page.items.findIndex(({ id }) => id === list.items[0]?.id);
  const onlyArrivals = arrived >= 0 && page.total === list.total + arrived;
  if (onlyArrivals) return { ...page, items: [...page.items.slice(0, arrived), ...list.items], next: list.next };
  let items = page.items;
  let next = page.next;
  while (next && items.length < list.items.length) {
    const more = await fetchPage(next, 100);
    items = items.concat(more.items);
    next = more.next;
  }
  return { ...page, items, next };
}

function take({ items, next, total }) {
  const same =
    list.loaded &&
    total === list.total &&
    Boolean(next) === Boolean(list.next) &&
    items.length === list.items.length &&
    items.every(({ id }, at) => id === list.items[at].id);
  if (same) return;
  // Only mail that arrives while the page is open is pointed out, not the results of another search.
  const arrivals =
    list.shown === shownNow()
      ? Math.max(
          items.findIndex(({ id }) => id === list.items[0]?.id),
          0,
        )
      : 0;
  if (arrivals)
    $("news").textContent = arrivals === 1 ? `New message: ${items[0].subject}` : `${arrivals} new messages`;
  Object.assign(list, { items, next, total, loaded: true, shown: shownNow() });
  showList(arrivals);
}

async function refresh() {
  list.asked += 1;
  const { asked } = list;
  const page = await fetchPage();
  if (asked !== list.asked) return;
  const merged = await merge(page);
  if (asked !== list.asked) return;
  take(merged);
}

async function loadMore() {
  $("more").disabled = true;
  showProblem(null, "action");
  try {
    const { next } = list;
    const asked = shownNow();
    const page = await fetchPage(next);
    // A poll may have renewed the list meanwhile; the button is there to be pressed again.
    if (asked !== shownNow() || next !== list.next) return;
    list.grown = true;
    const first = page.items[0]?.id;
    take({ ...page, total: list.total, items: list.items.concat(page.items) });
    rows.get(first)?.querySelector("a").focus({ preventScroll: true });
  } catch (error) {
    showProblem(error, "action");
  } finally {
    $("more").disabled = false;
  }
}

function showList(arrivals) {
  const scroll = $("list-scroll");
  const anchor = scroll.scrollTop > 0 ? [...rows.values()].find((row) => row.offsetTop >= scroll.scrollTop) : null;
  const anchorTop = anchor?.offsetTop;
  let place = $("list").firstElementChild;
  for (const [at, message] of list.items.entries()) {
    const row = rows.get(message.id) ?? newRow(message, at < arrivals);
    row.querySelector("a").setAttribute("href", hashOf(message.id));
    if (row === place) place = place.nextElementSibling;
    else $("list").insertBefore(row, place);
  }
  while (place) {
    const gone = place;
    place = place.nextElementSibling;
    rows.delete(gone.dataset.id);
    gone.remove();
  }
  if (anchor?.isConnected) scroll.scrollTop += anchor.offsetTop - anchorTop;

  const none = list.items.length === 0;
  $("count").textContent = isNarrowed() ? `${list.total} found` : String(list.total);
  $("no-match").hidden = !(none && isNarrowed());
  $("list-empty").hidden = !(none && !isNarrowed());
  $("more").hidden = !list.next;
  $("clear").disabled = none && !isNarrowed();
  document.title = list.total && !isNarrowed() ? `(${list.total}) Mailbox – MMMS` : "Mailbox – MMMS";
  showPane();
  markOpen();
}

function newRow(message, arrived) {
  const row = $("row").content.firstElementChild.cloneNode(true);
  row.dataset.id = message.id;
  const put = (part, text) => {
    row.querySelector(part).textContent = text;
  };
  put(".row-to", people(message.to) || people(message.bcc) || "No recipient");
  put(".row-subject", message.subject || "(no subject)");
  put(".row-snippet", message.snippet ?? "");
  const time = row.querySelector("time");
  time.dateTime = message.captured_at;
  time.title = longTime(message.captured_at);
  time.textContent = shortTime(message.captured_at);
  row.querySelector(".row-clip").toggleAttribute("hidden", !message.attachments);
  row.classList.toggle("arrived", arrived);
  rows.set(message.id, row);
  return row;
}

function markOpen() {
  for (const [id, row] of rows) {
    const link = row.querySelector("a");
    if (id === open.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const link of document.querySelectorAll(".to-list")) link.setAttribute("href", hashOf(null));
}

// ---- Message

function openMessage(id) {
  if (id === open.id) return;
  const closed = open.id;
  Object.assign(open, { id, content: null });
  $("missing-text").textContent = "";
  markOpen();
  if (id) {
    loadOpen().catch(showProblem);
    return;
  }
  showPane();
  if (narrow.matches) rows.get(closed)?.querySelector("a").focus();
}

async function loadOpen() {
  const { id } = open;
  try {
    const content = await data(pathOf(id));
    if (id !== open.id || open.content) return;
    open.content = content;
    showMessage(content);
    showPane();
    if (narrow.matches) $("subject").focus({ preventScroll: true });
  } catch (error) {
    if (id !== open.id) return;
    if (error.status !== 404) throw error;
    $("missing-text").textContent = "This message is no longer here.";
  } finally {
    showPane();
  }
}

/** Which of the right-hand views is shown; on a phone, also whether it or the list is. */
function showPane() {
  const empty = list.loaded && list.total === 0 && !isNarrowed();
  const missing = Boolean($("missing-text").textContent);
  $("message").hidden = !open.content;
  $("missing").hidden = !missing;
  $("welcome").hidden = !(empty && !open.id);
  $("nothing-open").hidden = Boolean(open.id) || empty || !list.loaded;
  document.body.dataset.view = open.content || missing || (empty && !open.id) ? "message" : "list";
}

async function deleteOpen() {
  const { id } = open;
  const at = list.items.findIndex((message) => message.id === id);
  const neighbour = list.items[at + 1] ?? list.items[at - 1];
  showProblem(null, "action");
  try {
    await data(pathOf(id), "DELETE");
  } catch (error) {
    if (error.status !== 404) {
      showProblem(error, "action");
      return;
    }
  }
  if (open.id === id) replaceHash(null);
  await poll();
  $("news").textContent = "Message deleted";
  (rows.get(neighbour?.id)?.querySelector("a") ?? $("search")).focus();
}

async function clearAll() {
  $("clear-dialog").close();
  showProblem(null, "action");
  try {
    const { deleted } = await data("", "DELETE");
    $("search").value = "";
    replaceHash(null, { search: "", mailing: "" });
    await poll();
    $("news").textContent = `${deleted} messages deleted`;
  } catch (error) {
    showProblem(error, "action");
  }
}

// ---- Life of the page

const narrow = matchMedia("(max-width: 50rem)");
let timer = 0;

async function poll() {
  clearTimeout(timer);
  let wait = POLL_MS;
  try {
    await refresh();
    if (open.id && !open.content && !$("missing-text").textContent) await loadOpen();
    showProblem(null);
  } catch (error) {
    showProblem(error);
    wait = POLL_AWAY_MS;
  }
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(poll, wait);
}

function showCommands() {
  $("make-key").textContent = `curl ${location.origin}/v1/api-key \\
  -H 'content-type: application/json' \\
  -d '{"name": "first"}'`;
  $("send-mail").textContent = `curl ${location.origin}/v1/mail \\
  -H 'x-api-key: THE KEY FROM STEP 1' \\
  -H 'content-type: application/json' \\
  -d '{"sender_email": "hello@example.com", "sender_name": "Example",
       "recipients": [{"mail": "john@example.com", "name": "John"}],
       "subject": "Hello {{name}}",
       "html_template": "<h1>Hello {{name}}!</h1>"}'`;
}

let typing = 0;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(
    () => replaceHash(open.id, { search: $("search").value.trim(), mailing: list.mailing }),
    SEARCH_MS,
  );
});
$("show-all").addEventListener("click", () => {
  replaceHash(open.id, { search: "", mailing: "" });
  $("search").focus();
});
$("all-mailings").addEventListener("click", () => {
  replaceHash(open.id, { search: list.search, mailing: "" });
  $("list").focus();
});
$("more").addEventListener("click", loadMore);
$("delete").addEventListener("click", deleteOpen);
$("clear").addEventListener("click", () => $("clear-dialog").showModal());
$("clear-no").addEventListener("click", () => $("clear-dialog").close());
$("clear-yes").addEventListener("click", clearAll);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("list").focus();
});

$("list").addEventListener("keydown", (event) =>
  moveFocus(event, [...document.querySelectorAll(".row")], {
    ArrowDown: (at) => at + 1,
    ArrowUp: (at) => at - 1,
    Home: () => 0,
    End: (_at, count) => count - 1,
  }),
);
for (const button of document.querySelectorAll(".copy")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText($(button.dataset.copies).textContent);
    button.textContent = "Copied";
    $("news").textContent = "Copied";
  });
}
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea") || $("clear-dialog").open) return;
  if (event.key === "/" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    $("search").focus();
  }
  if (event.key === "Escape" && open.id) location.hash = hashOf(null);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") poll();
});
window.addEventListener("hashchange", follow);

showCommands();
follow();
