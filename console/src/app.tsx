// The frame around every page: navigation, the open page, and sign-in.

import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icons.js";
import { Erase } from "./pages/erase.js";
import { FIELD, Find } from "./pages/find.js";
import { Keys } from "./pages/keys.js";
import { MailingPage } from "./pages/mailing.js";
import { Mailings } from "./pages/mailings.js";
import { MessagePage } from "./pages/message.js";
import { Overview } from "./pages/overview.js";
import { Send } from "./pages/send.js";
import { SignIn } from "./pages/sign_in.js";
import { Suppressions } from "./pages/suppressions.js";
import { WebhookPage } from "./pages/webhook.js";
import { Webhooks } from "./pages/webhooks.js";
import { Mode } from "./parts/mode.js";
import { News } from "./parts/news.js";
import { go, type Route, route } from "./route.js";
import { service, signOut, token } from "./session.js";

const PAGES = [
  { page: "overview", path: "#/", name: "Overview" },
  { page: "mailings", path: "#/mailings", name: "Mailings" },
  { page: "find", path: "#/find", name: "Find" },
  { page: "send", path: "#/send", name: "Send" },
  { page: "suppressions", path: "#/suppressions", name: "Suppressions" },
  { page: "webhooks", path: "#/webhooks", name: "Webhooks" },
  { page: "keys", path: "#/keys", name: "Keys" },
  { page: "erase", path: "#/erase", name: "Erase" },
] as const satisfies readonly { page: IconName; path: string; name: string }[];

/** The list that the page of one entry belongs to. */
const LIST_OF: Readonly<Partial<Record<Route["page"], Route["page"]>>> = {
  mailing: "mailings",
  message: "mailings",
  webhook: "webhooks",
};

function titleOf(open: Route): string {
  if (open.page === "mailing") return "Mailing";
  if (open.page === "message") return "Message";
  if (open.page === "webhook") return "Webhook";
  return PAGES.find(({ page }) => page === open.page)?.name ?? "Overview";
}

/** The page with what it is about: a change moves the focus. */
function placeOf(open: Route): string {
  if (open.page === "message") return `${open.id} ${open.index}`;
  return "id" in open ? open.id : open.page;
}

/** The key `/` leads to the search, as in other programs, unless something is being written. */
function findByKey(event: KeyboardEvent): void {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable], dialog")) return;
  event.preventDefault();
  if (route.value.page === "find") document.getElementById(FIELD)?.focus();
  else go("#/find");
}

export function App() {
  const open = route.value;
  const locked = service.value === null || (service.value.sign_in && token.value === null);
  const place = placeOf(open);
  const before = useRef<string | null>(null);

  useEffect(() => {
    document.title = `${locked ? "Sign in" : titleOf(open)} – MMMS console`;
    if (locked) return;
    // After a link the focus moves to the heading of the new page; the first page starts at the top.
    if (before.current !== null && before.current !== place) {
      scrollTo(0, 0);
      const start = open.page === "find" ? `#${FIELD}` : "main h1";
      document.querySelector<HTMLElement>(start)?.focus({ preventScroll: true });
    }
    before.current = place;
    // On a phone the bar of pages may be wider than the screen.
    document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [place, locked]);

  useEffect(() => {
    if (locked) return;
    addEventListener("keydown", findByKey);
    return () => removeEventListener("keydown", findByKey);
  }, [locked]);

  if (locked) return <SignIn />;
  return (
    <div class="frame">
      {/* biome-ignore lint/a11y/useValidAnchor: it links to a place in the page, but the part after # is the page's address */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>("main h1")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header class="side">
        <Brand />
        <Mode />
        <nav class="pages" aria-label="Pages">
          {PAGES.map(({ page, path, name }) => (
            <a
              key={page}
              href={path}
              aria-current={open.page === page ? "page" : LIST_OF[open.page] === page ? "true" : undefined}
            >
              <Icon name={page} />
              <span>{name}</span>
            </a>
          ))}
        </nav>
        <div class="beside">
          {service.value?.mailbox && (
            <a href="/mailbox">
              <Icon name="mailbox" />
              <span>Mailbox</span>
            </a>
          )}
          <a href="/docs">
            <Icon name="docs" />
            <span>API</span>
          </a>
          {token.value !== null && (
            <button type="button" onClick={() => signOut()}>
              <Icon name="out" />
              <span>Sign out</span>
            </button>
          )}
        </div>
      </header>
      <main id="main" key={place}>
        <Page open={open} />
      </main>
      <News />
    </div>
  );
}

export function Brand() {
  return (
    <a class="brand" href="#/">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect x="2" y="6" width="28" height="20" rx="4" />
        <path d="M6 11l10 8 10-8" />
      </svg>
      <span>
        MMMS <small>console</small>
      </span>
    </a>
  );
}

function Page({ open }: { open: Route }) {
  switch (open.page) {
    case "mailings":
      return <Mailings />;
    case "mailing":
      return <MailingPage id={open.id} />;
    case "message":
      return <MessagePage id={open.id} index={open.index} />;
    case "find":
      return <Find />;
    case "send":
      return <Send />;
    case "suppressions":
      return <Suppressions />;
    case "webhooks":
      return <Webhooks />;
    case "webhook":
      return <WebhookPage id={open.id} />;
    case "keys":
      return <Keys />;
    case "erase":
      return <Erase />;
    case "overview":
      return <Overview />;
  }
}
