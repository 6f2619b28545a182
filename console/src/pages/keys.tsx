// The API keys, with their rules and their limits.

import { type ApiKey, listApiKeys } from "mmms-client";
import { useEffect, useState } from "preact/hooks";
import { useLive } from "../live.js";
import { CopyId } from "../parts/copy.js";
import { Heading } from "../parts/heading.js";
import { Moment } from "../parts/moment.js";
import { Empty, FaultNotice, Skeleton, Stale } from "../parts/notice.js";
import { knownKeys, management } from "../session.js";
import { limitsOf } from "../words/limits.js";
import { AddOrigins, NewKey, RemoveOrigin, Revoke, Rotate, Secret, type Shown } from "./key_dialogs.js";
import { ChangeKey } from "./key_rules.js";

type Asked =
  | { what: "new" }
  | { what: "change" | "rotate" | "revoke" | "add"; key: ApiKey }
  | { what: "remove"; key: ApiKey; origin: string };

interface Page {
  items: ApiKey[];
  next: string | null;
}

async function all(signal: AbortSignal): Promise<Page> {
  const items: ApiKey[] = [];
  let after: string | null = null;
  do {
    const query: { limit: number; after?: string } = { limit: 100, ...(after && { after }) };
    const answer = await listApiKeys({ client: management.value, query, signal, throwOnError: true });
    const page: Page = answer.data.data;
    items.push(...page.items);
    after = page.next;
  } while (after);
  return { items, next: null };
}

export function Keys() {
  const { value, fault, refresh } = useLive<Page>(all, () => 15_000, []);
  const [asked, ask] = useState<Asked | null>(null);
  const [shown, show] = useState<Shown | null>(null);
  const [revoked, setRevoked] = useState(0);
  const close = () => ask(null);
  const done = (secret?: Shown) => {
    close();
    refresh();
    if (secret) show(secret);
  };
  // The pressed button disappears with its key, and the focus would be lost with the button.
  useEffect(() => {
    if (revoked > 0) document.querySelector<HTMLElement>("main h1")?.focus();
  }, [revoked]);
  return (
    <>
      <Heading
        beside={
          <button type="button" class="button is-primary" onClick={() => ask({ what: "new" })}>
            New key
          </button>
        }
      >
        Keys
      </Heading>
      <p class="lead">
        Every program that sends mail needs an API key. A server key sends and reads its own mailings; a browser key is
        bound to web pages and can only send.
      </p>
      {!value && (fault ? <FaultNotice fault={fault} /> : <Skeleton rows={4} kind="row-space" />)}
      {value && <Stale fault={fault} has />}
      {value && value.items.length === 0 && (
        <Empty title="No key yet">
          <p>Make one for the first program that will send mail, or to try the service yourself.</p>
          <p>
            <button type="button" class="button is-primary" onClick={() => ask({ what: "new" })}>
              Make a key
            </button>
          </p>
        </Empty>
      )}
      {value && value.items.length > 0 && (
        <ul class="keys">
          {value.items.map((key) => (
            <Key key={key.id} apiKey={key} ask={ask} />
          ))}
        </ul>
      )}
      {asked?.what === "new" && <NewKey close={close} done={done} />}
      {asked?.what === "change" && <ChangeKey apiKey={asked.key} close={close} done={() => done()} />}
      {asked?.what === "rotate" && <Rotate apiKey={asked.key} close={close} done={done} />}
      {asked?.what === "revoke" && (
        <Revoke
          apiKey={asked.key}
          close={close}
          done={() => {
            done();
            setRevoked(revoked + 1);
          }}
        />
      )}
      {asked?.what === "add" && <AddOrigins apiKey={asked.key} close={close} done={done} />}
      {asked?.what === "remove" && <RemoveOrigin apiKey={asked.key} origin={asked.origin} close={close} done={done} />}
      {shown && <Secret shown={shown} close={() => show(null)} />}
    </>
  );
}

function Key({ apiKey, ask }: { apiKey: ApiKey; ask: (asked: Asked) => void }) {
  const { id, name, kind, origins, senders, recipients, created_at, last_used_at, expires_at } = apiKey;
  const limits = limitsOf(apiKey);
  const title = name ?? "Without a name";
  const known = knownKeys.value.some((key) => key.id === id);
  return (
    <li class="card key" aria-label={title}>
      <div class="key-head">
        <h2 class={name ? undefined : "soft"} dir="auto">
          {title}
        </h2>
        <span class="kind">{kind === "browser" ? "Browser key" : "Server key"}</span>
        {known && <span class="kind is-here">Usable in this tab</span>}
        <div class="actions">
          <button type="button" class="button" onClick={() => ask({ what: "change", key: apiKey })}>
            Change…
          </button>
          <button type="button" class="button" onClick={() => ask({ what: "rotate", key: apiKey })}>
            Rotate…
          </button>
          <button type="button" class="button is-careful" onClick={() => ask({ what: "revoke", key: apiKey })}>
            Revoke…
          </button>
        </div>
      </div>
      <dl class="facts">
        <dt>May send as</dt>
        <dd>{senders.length > 0 ? <Chips of={senders} /> : <span class="soft">any sender</span>}</dd>
        <dt>May write to</dt>
        <dd>{recipients.length > 0 ? <Chips of={recipients} /> : <span class="soft">any address</span>}</dd>
        <dt>Limits</dt>
        <dd>{limits || <span class="soft">none</span>}</dd>
        <dt>Web pages</dt>
        <dd>
          {origins.length === 0 && (
            <span class="soft">{kind === "browser" ? "none left: it can do nothing until it gets one " : "none "}</span>
          )}
          <Chips of={origins} remove={(origin) => ask({ what: "remove", key: apiKey, origin })} />
          {senders.length > 0 && (
            <button type="button" class="link" onClick={() => ask({ what: "add", key: apiKey })}>
              Add origins…
            </button>
          )}
        </dd>
        <dt>Made</dt>
        <dd>
          <Moment time={created_at} />
        </dd>
        <dt>Last used</dt>
        <dd>{last_used_at ? <Moment time={last_used_at} /> : <span class="soft">never</span>}</dd>
        {expires_at && (
          <>
            <dt>{Date.parse(expires_at) > Date.now() ? "Expires" : "Expired"}</dt>
            <dd>
              <Moment time={expires_at} />
            </dd>
          </>
        )}
        <dt>Id</dt>
        <dd>
          <CopyId id={id} what={`the id of ${title}`} />
        </dd>
      </dl>
    </li>
  );
}

function Chips({ of, remove }: { of: readonly string[]; remove?: (text: string) => void }) {
  return (
    <>
      {of.map((text) => (
        <span class="chip" key={text}>
          <span>{text}</span>
          {remove && (
            <button type="button" aria-label={`Remove ${text}`} onClick={() => remove(text)}>
              ×
            </button>
          )}
        </span>
      ))}
    </>
  );
}
