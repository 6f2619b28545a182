// The frame around every page: navigation, the open page, and sign-in.

import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icons.js";
import { Erase } from "./pages/erase.js";
import { Keys } from "./pages/keys.js";
import { MailingPage } from "./pages/mailing.js";
import { Mailings } from "./pages/mailings.js";
import { Overview } from "./pages/overview.js";
import { Send } from "./pages/send.js";
import { SignIn } from "./pages/sign_in.js";
import { Suppressions } from "./pages/suppressions.js";
import { WebhookPage } from "./pages/webhook.js";
import { Webhooks } from "./pages/webhooks.js";
import { News } from "./parts/news.js";
import { type Route, route } from "./route.js";
import { service, signOut, token } from "./session.js";

const PAGES = [
  { page: "overview", path: "#/", name: "Overview" },
  { page: "mailings", path: "#/mailings", name: "Mailings" },
  { page: "send", path: "#/send", name: "Send" },
  { page: "suppressions", path: "#/suppressions", name: "Suppressions" },
  { page: "webhooks", path: "#/webhooks", name: "Webhooks" },
  { page: "keys", path: "#/keys", name: "Keys" },
  { page: "erase", path: "#/erase", name: "Erase" },
] as const satisfies readonly { page: IconName; path: string; name: string }[];

/** The list that the page of one entry belongs to. */
const LIST_OF: Readonly<Partial<Record<Route["page"], Route["page"]>>> = { mailing: "mailings", webhook: "webhooks" };

function titleOf(open: Route): string {
  if (open.page === "mailing") return "Mailing";
  if (open.page === "webhook") return "Webhook";
  return PAGES.find(({ page }) => page === open.page)?.name ?? "Overview";
}

export function App() {
  const open = route.value;
  const locked = service.value === null || (service.value.sign_in && token.value === null);
  const place = "id" in open ? open.id : open.page;
  const before = useRef<string | null>(null);

  useEffect(() => {
    document.title = `${locked ? "Sign in" : titleOf(open)} – MMMS console`;
    if (locked) return;
    // After a link the focus moves to the heading of the new page; the first page starts at the top.
    if (before.current !== null && before.current !== place) {
      scrollTo(0, 0);
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
    }
    before.current = place;
    // On a phone the bar of pages may be wider than the screen.
    document.querySelector(".pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [place, locked]);

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
