// The actions on a key, each with its consequences.

import {
  type ApiKey,
  type ApiKeyWithSecret,
  addOrigins,
  createApiKey,
  removeOrigin,
  revokeApiKey,
  rotateApiKey,
} from "mmms-client";
import { useState } from "preact/hooks";
import { Mistake } from "../fault.js";
import { CopyButton } from "../parts/copy.js";
import { Dialog, Question } from "../parts/dialog.js";
import { Area, Check, Field, listed, Select } from "../parts/field.js";
import { announce } from "../parts/news.js";
import { draft, forget, knownKeys, management, remember } from "../session.js";

/** A secret that is shown only once. */
export interface Shown {
  title: string;
  note: string;
  key: ApiKeyWithSecret;
}

export interface About {
  close: () => void;
  done: (shown?: Shown) => void;
}

export interface AboutKey extends About {
  apiKey: ApiKey;
}

export const nameFor = ({ name }: { name: string | null }) => name ?? "the key without a name";

function keep(key: ApiKeyWithSecret): void {
  remember({ id: key.id, name: key.name ?? "Without a name", secret: key.api_key, senders: key.senders });
  // A key that is made while a mail is being written is chosen for that mail.
  draft.value = { ...draft.value, keyId: key.id };
}

const LABELS: Readonly<Record<string, string>> = {
  name: "Name:",
  senders: "May send as:",
  recipients: "May write to:",
  limits: "Limits:",
  expires_at: "Expires:",
  origins: "Web pages:",
};
export const nameOf = (field: string) => LABELS[field.split(".")[0] ?? ""] ?? field;

export function NewKey({ close, done }: About) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<"server" | "browser">("server");
  const [senders, setSenders] = useState("");
  const [origins, setOrigins] = useState("");
  const [recipients, setRecipients] = useState("");
  const create = async () => {
    // Without origins the API would make a server key, which has more rights than were chosen here.
    if (kind === "browser" && listed(origins).length === 0) {
      throw new Mistake([
        { field: "origins", message: "are needed: the key works only from these pages" },
        ...(listed(senders).length === 0
          ? [{ field: "senders", message: "is needed: every visitor can read the key" }]
          : []),
      ]);
    }
    const body = {
      ...(name.trim() && { name: name.trim() }),
      ...(listed(senders).length > 0 && { senders: listed(senders) }),
      ...(listed(recipients).length > 0 && { recipients: listed(recipients) }),
      ...(kind === "browser" && { origins: listed(origins) }),
    };
    const { data } = await createApiKey({ client: management.value, body, throwOnError: true });
    const key = data.data;
    // A page's key does not work from this page.
    if (kind === "server") keep(key);
    done({ title: "The new key", note: "", key });
  };
  return (
    <Question title="New key" does="Make the key" act={create} close={close} nameOf={nameOf} wide>
      <Field
        label="Name"
        field="name"
        value={name}
        change={setName}
        placeholder="newsletter"
        hint="For you, to distinguish keys."
      />
      <Select<"server" | "browser">
        label="For"
        value={kind}
        change={setKind}
        options={[
          ["server", "a server or a program"],
          ["browser", "web pages"],
        ]}
        hint={
          kind === "server"
            ? "Sends, and reads its own mailings. Keep it secret."
            : "Can only send, only from the pages below. Every visitor can read it there."
        }
      />
      {kind === "browser" && (
        <Area
          label="Web pages"
          field="origins"
          rows={2}
          value={origins}
          change={setOrigins}
          placeholder="https://www.example.com"
          mono
          hint="Their origins: scheme and host. https://*.example.com stands for one label."
        />
      )}
      <Area
        label={kind === "browser" ? "May send as" : "May send as (optional)"}
        field="senders"
        rows={2}
        value={senders}
        change={setSenders}
        placeholder="news@example.org or @example.org"
        mono
        hint={kind === "browser" ? "A browser key needs at least one sender." : "If empty: any sender."}
      />
      <Area
        label="May write to (optional)"
        field="recipients"
        rows={2}
        value={recipients}
        change={setRecipients}
        placeholder="info@example.org or @example.org"
        mono
        hint={
          kind === "browser"
            ? "A form that writes to you alone needs your address only. If empty: anybody, 1 recipient a request, 60 a minute, 1,000 a day."
            : "If empty: any address."
        }
      />
    </Question>
  );
}

const GRACES = [
  ["0", "at once"],
  ["3600", "for one more hour"],
  ["86400", "for one more day"],
  ["604800", "for one more week"],
] as const;

export function Rotate({ apiKey, close, done }: AboutKey) {
  const [grace, setGrace] = useState<(typeof GRACES)[number][0]>("86400");
  const rotate = async () => {
    const { data } = await rotateApiKey({
      client: management.value,
      path: { api_key: apiKey.id },
      body: { grace_seconds: Number(grace) },
      throwOnError: true,
    });
    if (apiKey.kind === "server") keep(data.data);
    const note =
      grace === "0" ? "The old secret is no longer valid." : "The old secret still works for the time you chose.";
    done({ title: "The new secret", note, key: data.data });
  };
  return (
    <Question title={`Rotate ${nameFor(apiKey)}?`} does="Make a new secret" act={rotate} close={close}>
      <p>
        The key stays, with its rules and its mailings, and gets a new secret. Every program that uses the key needs the
        new secret.
      </p>
      <Select
        label={grace === "0" ? "The old secret ends" : "The old secret works"}
        value={grace}
        change={setGrace}
        options={GRACES}
      />
    </Question>
  );
}

export function Revoke({ apiKey, close, done }: AboutKey) {
  const [cancels, setCancels] = useState(false);
  const revoke = async () => {
    await revokeApiKey({
      client: management.value,
      path: { api_key: apiKey.id },
      query: { cancel_queued: cancels },
      throwOnError: true,
    });
    forget(apiKey.id);
    done();
    announce(`${apiKey.name ?? "The key"} is revoked`);
  };
  return (
    <Question title={`Revoke ${nameFor(apiKey)}?`} does="Revoke" keeps="Keep it" dangerous act={revoke} close={close}>
      <p>
        It stops working at once and for good. Programs that use it can no longer send; its mailings stay in the list.
      </p>
      <Check label="Also cancel its queued mail" value={cancels} change={setCancels} />
    </Question>
  );
}

export function AddOrigins({ apiKey, close, done }: AboutKey) {
  const [origins, setOrigins] = useState("");
  const add = async () => {
    if (listed(origins).length === 0)
      throw new Mistake([{ field: "origins", message: "are needed: name at least one" }]);
    await addOrigins({
      client: management.value,
      path: { api_key: apiKey.id },
      body: { origins: listed(origins) },
      throwOnError: true,
    });
    if (apiKey.kind === "server") forget(apiKey.id);
    done();
    announce("Origins added");
  };
  return (
    <Question title={`Add web pages to ${nameFor(apiKey)}`} does="Add" act={add} close={close} nameOf={nameOf}>
      {apiKey.kind === "server" && (
        <p class="notice is-unsure">
          This makes it a browser key for good: it can then only send, and only from these pages.
        </p>
      )}
      <Area
        label="Web pages"
        field="origins"
        rows={3}
        value={origins}
        change={setOrigins}
        placeholder="https://www.example.com"
        mono
        hint="Their origins: scheme and host. https://*.example.com stands for one label."
      />
    </Question>
  );
}

export function RemoveOrigin({ apiKey, origin, close, done }: AboutKey & { origin: string }) {
  const remove = async () => {
    await removeOrigin({
      client: management.value,
      path: { api_key: apiKey.id },
      query: { origin },
      throwOnError: true,
    });
    done();
    announce(`${origin} removed`);
  };
  return (
    <Question title="Remove this origin?" does="Remove" keeps="Keep it" dangerous act={remove} close={close}>
      <p>
        Pages at <strong>{origin}</strong> can no longer send with {nameFor(apiKey)}.
        {apiKey.origins.length === 1 && " It is the last one: the key can then do nothing until it gets another."}
      </p>
    </Question>
  );
}

export function Secret({ shown: { title, note, key }, close }: { shown: Shown; close: () => void }) {
  const usable = knownKeys.value.some(({ id }) => id === key.id);
  return (
    <Dialog title={title} close={close} wide firm>
      <p>
        <strong>Copy it now: it is shown only once.</strong> {note}
      </p>
      <p class="secret">
        <code>{key.api_key}</code>
        <CopyButton text={key.api_key} what="The key" label="Copy" />
      </p>
      <p class="soft">
        Send it in the header <code>x-api-key</code>.
        {usable && " Until this tab is reloaded or closed, you can also send with it here."}
      </p>
      <div class="choices">
        {usable && (
          <a class="button" href="#/send">
            Send a mail with it
          </a>
        )}
        <button type="button" class="button is-primary" onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
