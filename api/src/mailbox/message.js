// One message: its facts and its parts. What it says reaches the document as text only, and its
// HTML as the source of a sandboxed frame, so that no captured mail can act here.

import { faultOfLink, linksOf } from "./links.js";
import { addressOf, call, pathOf } from "./server.js";

// Laying out megabytes of base64 would stall the page; the whole source is one download away.
const SOURCE_SHOWN = 400_000;
const TABS = ["html", "text", "links", "headers", "source", "attachments"];

const $ = (id) => document.getElementById(id);
let shownId = null;
// Stays for the next message: who compares sources wants the source again.
let wantedTab = "html";

export function showMessage(message) {
  shownId = message.id;
  $("subject").textContent = message.subject || "(no subject)";
  const facts = [
    ["From", people(message.from, true)],
    ["To", people(message.to, true)],
    ["Cc", people(message.cc, true)],
    ["Bcc", people(message.bcc, true)],
    ["Reply-To", people(message.reply_to, true)],
    ["Captured", `${longTime(message.captured_at)}, ${size(message.size)}`],
  ].filter(([, value]) => value);
  $("facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [element("dt", name), fact(value)]),
    element("dt", "Mailing"),
    mailingFact(message),
  );
  $("text").textContent = message.text ?? "";
  $("headers").replaceChildren(
    ...message.headers.map(({ name, value }) => {
      const line = element("tr");
      const head = element("th", name);
      head.scope = "row";
      line.append(head, element("td", value));
      return line;
    }),
  );
  $("attachments").replaceChildren(...message.attachments.map((attachment) => attachmentItem(message.id, attachment)));
  $("attachment-count").textContent = message.attachments.length;
  const links = linksOf(message);
  $("links").replaceChildren(...links.map(linkItem));
  $("link-count").textContent = links.length;
  $("source").textContent = "";
  $("source-note").textContent = "";
  $("download-source").href = addressOf(message.id, "/source");
  $("download-source").download = `${message.id}.eml`;
  $("frame-space").replaceChildren();

  const has = {
    html: message.html !== null,
    text: message.text !== null,
    links: links.length > 0,
    headers: true,
    source: true,
    attachments: message.attachments.length > 0,
  };
  for (const tab of TABS) $(`tab-${tab}`).hidden = !has[tab];
  showTab([wantedTab, ...TABS].find((tab) => has[tab]));
}

function fact(value) {
  const made = element("dd", value);
  made.dir = "auto";
  return made;
}

export const consoleAddress = (mailing) => `/console#/mailings/${encodeURIComponent(mailing)}`;

/** The recipient has the number that the API and the console call it by. */
function mailingFact({ mailing_id: mailing, index }) {
  const made = element("dd");
  const console = element("a", mailing);
  console.href = consoleAddress(mailing);
  console.title = "See the mailing in the console";
  const others = element("a", "its other mails");
  others.href = `#${new URLSearchParams({ mailing })}`;
  made.append(console, `, recipient ${index} – `, others);
  return made;
}

/** The frame follows no link, so the page offers them; one that would lead nowhere is only named. */
function linkItem(address) {
  const item = element("li");
  const fault = faultOfLink(address);
  if (fault) {
    const shown = element("code", address || "(empty)");
    const said = element("span", `Broken: ${fault}`);
    said.className = "broken";
    item.append(shown, said);
    return item;
  }
  const link = element("a", address);
  Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer" });
  item.append(link);
  return item;
}

function attachmentItem(id, { index, filename, content_type: type, inline, size: bytes }) {
  const item = $("attachment").content.firstElementChild.cloneNode(true);
  const name = filename || `attachment-${index}`;
  const link = item.querySelector("a");
  link.href = addressOf(id, `/attachments/${index}`);
  link.download = name;
  item.querySelector(".attachment-name").textContent = name;
  item.querySelector(".attachment-about").textContent = [size(bytes), type, inline ? "inline" : ""]
    .filter(Boolean)
    .join(" · ");
  return item;
}

function showTab(shown) {
  for (const tab of TABS) {
    $(`tab-${tab}`).setAttribute("aria-selected", String(tab === shown));
    $(`tab-${tab}`).tabIndex = tab === shown ? 0 : -1;
    $(`panel-${tab}`).hidden = tab !== shown;
  }
  if (shown === "html" && !$("frame-space").firstChild) {
    // A fresh frame for each message: another address in the same one would be a step in the history.
    const frame = $("frame").content.firstElementChild.cloneNode(true);
    frame.src = addressOf(shownId, "/html");
    $("frame-space").append(frame);
  }
  if (shown === "source" && !$("source").textContent) showSource(shownId);
}

async function showSource(id) {
  $("source-note").textContent = "Loading…";
  try {
    const source = await (await call(pathOf(id, "/source"))).text();
    if (id !== shownId) return;
    $("source").textContent = source.slice(0, SOURCE_SHOWN);
    $("source-note").textContent = source.length > SOURCE_SHOWN ? "Only the beginning is shown." : "";
  } catch (error) {
    if (id === shownId) $("source-note").textContent = `The source could not be read: ${error.message}`;
  }
}

// ---- Moving between the parts

/** Moves the focus among `entries` by `steps`, a function for each key. */
export function moveFocus(event, entries, steps) {
  if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return null;
  const at = entries.indexOf(document.activeElement);
  const target = entries[Math.min(Math.max(steps[event.key](at, entries.length), 0), entries.length - 1)];
  event.preventDefault();
  target?.focus();
  return target;
}

function choose(tab) {
  if (!tab) return;
  wantedTab = tab.id.replace("tab-", "");
  showTab(wantedTab);
}

$("tabs").addEventListener("click", ({ target }) => choose(target.closest("[role=tab]")));
$("tabs").addEventListener("keydown", (event) =>
  choose(
    moveFocus(event, [...$("tabs").querySelectorAll("[role=tab]:not([hidden])")], {
      ArrowRight: (at, count) => (at + 1) % count,
      ArrowLeft: (at, count) => (at - 1 + count) % count,
      Home: () => 0,
      End: (_at, count) => count - 1,
    }),
  ),
);
document.querySelector(".widths").addEventListener("click", ({ target }) => {
  const { width } = target.dataset;
  if (!width) return;
  $("frame-space").dataset.width = width;
  for (const button of target.parentElement.children) button.setAttribute("aria-pressed", String(button === target));
});

// ---- Words

const today = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const another = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const longTime = (time) => full.format(new Date(time));

export function shortTime(time) {
  const then = new Date(time);
  return (then.toDateString() === new Date().toDateString() ? today : another).format(then);
}

export function people(entries, whole = false) {
  return [entries ?? []]
    .flat()
    .map(({ name, mail }) => (!name ? mail : whole ? `${name} <${mail}>` : name))
    .join(", ");
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const kilobytes = bytes / 1024;
  return kilobytes < 1024 ? `${kilobytes.toFixed(1)} KiB` : `${(kilobytes / 1024).toFixed(1)} MiB`;
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
