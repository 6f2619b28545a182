// The change of a key's name, rules, limits and expiry.

import { type ApiKey, type ApiKeyChangeRequest, changeApiKey, type LimitsRequest } from "mmms-client";
import { useState } from "preact/hooks";
import { Mistake } from "../fault.js";
import { Question } from "../parts/dialog.js";
import { Area, Field, listed } from "../parts/field.js";
import { announce } from "../parts/news.js";
import { knownKeys, management } from "../session.js";
import { type AboutKey, nameFor, nameOf } from "./key_dialogs.js";

type Changes = NonNullable<LimitsRequest>;
type LimitName = keyof Changes;

const LIMITS: readonly (readonly [LimitName, string])[] = [
  ["requests_per_minute", "Requests a minute"],
  ["recipients_per_minute", "Recipients a minute"],
  ["recipients_per_day", "Recipients a day"],
  ["recipients_per_request", "Recipients a request"],
];

/** A time as `datetime-local` has it: in the time zone of the browser, without seconds. */
function local(time: string | null): string {
  if (!time) return "";
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The limits that differ from those before; a field that is empty removes its limit. */
function changedLimits(before: ApiKey["limits"], written: Readonly<Record<LimitName, string>>): Changes {
  const changes: Changes = {};
  const wrong = [];
  for (const [name] of LIMITS) {
    const text = written[name].replace(/[\s,]/g, "");
    if (!/^\d*$/.test(text)) wrong.push({ field: `limits.${name}`, message: "must be a whole number, or empty" });
    const limit = text === "" ? null : Number(text);
    if (limit !== (before?.[name] ?? null)) changes[name] = limit;
  }
  if (wrong.length > 0) throw new Mistake(wrong);
  return changes;
}

export function ChangeKey({ apiKey, close, done }: AboutKey) {
  const before = {
    name: apiKey.name ?? "",
    senders: apiKey.senders.join("\n"),
    recipients: apiKey.recipients.join("\n"),
    expires: local(apiKey.expires_at),
  };
  const [name, setName] = useState(before.name);
  const [senders, setSenders] = useState(before.senders);
  const [recipients, setRecipients] = useState(before.recipients);
  const [expires, setExpires] = useState(before.expires);
  const shown = (limit: LimitName) => String(apiKey.limits?.[limit] ?? "");
  const [limits, setLimits] = useState<Record<LimitName, string>>({
    requests_per_minute: shown("requests_per_minute"),
    recipients_per_minute: shown("recipients_per_minute"),
    recipients_per_day: shown("recipients_per_day"),
    recipients_per_request: shown("recipients_per_request"),
  });
  const change = async () => {
    const changed = changedLimits(apiKey.limits, limits);
    // Only what was changed here: another administrator may have changed the rest.
    const body: ApiKeyChangeRequest = {
      ...(name !== before.name && { name: name.trim() || null }),
      ...(senders !== before.senders && { senders: listed(senders) }),
      ...(recipients !== before.recipients && { recipients: listed(recipients) }),
      ...(Object.keys(changed).length > 0 && { limits: changed }),
      ...(expires !== before.expires && { expires_at: expires ? new Date(expires).toISOString() : null }),
    };
    const path = { api_key: apiKey.id };
    const { data } = await changeApiKey({ client: management.value, path, body, throwOnError: true });
    const { id, name: title, senders: may } = data.data;
    knownKeys.value = knownKeys.value.map((key) =>
      key.id === id ? { ...key, name: title ?? "Without a name", senders: may } : key,
    );
    done();
    announce(`${title ?? "The key"} is changed`);
  };
  return (
    <Question title={`Change ${nameFor(apiKey)}`} does="Save" act={change} close={close} nameOf={nameOf} wide>
      <Field label="Name" field="name" value={name} change={setName} />
      <Area
        label={apiKey.kind === "browser" ? "May send as" : "May send as (optional)"}
        field="senders"
        rows={2}
        value={senders}
        change={setSenders}
        mono
        hint={apiKey.kind === "browser" ? "A browser key needs at least one sender." : "If empty: any sender."}
      />
      <Area
        label="May write to (optional)"
        field="recipients"
        rows={2}
        value={recipients}
        change={setRecipients}
        mono
        hint="Addresses, or @example.org for a domain. If empty: any address."
      />
      <fieldset class="limits">
        <legend>Limits</legend>
        {LIMITS.map(([limit, label]) => (
          <Field
            key={limit}
            label={label}
            field={`limits.${limit}`}
            inputMode="numeric"
            placeholder="no limit"
            value={limits[limit]}
            change={(text) => setLimits({ ...limits, [limit]: text })}
          />
        ))}
      </fieldset>
      <Field
        label="Expires (optional)"
        field="expires_at"
        type="datetime-local"
        value={expires}
        change={setExpires}
        hint="From then on it is refused like an unknown key."
      />
    </Question>
  );
}
