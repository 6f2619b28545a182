// Adding and removing a suppressed address, each with its consequences.

import { addSuppression, removeSuppression, type Suppression, type SuppressionReason } from "mmms-client";
import { useState } from "preact/hooks";
import { Mistake } from "../fault.js";
import { type Keys, keyOptions } from "../keys_by_id.js";
import { Question } from "../parts/dialog.js";
import { Field, Select } from "../parts/field.js";
import { announce } from "../parts/news.js";
import { management, service } from "../session.js";
import { REASONS, reasonWords } from "../words/suppressions.js";
import { scopeOf } from "./suppressions.js";

export interface About {
  keys: Keys;
  close: () => void;
  done: () => void;
}

const LABELS: Readonly<Record<string, string>> = {
  mail: "Address:",
  reason: "Reason:",
  list: "List:",
  api_key_id: "Key:",
};
export const nameOf = (field: string) => LABELS[field] ?? field;

export const reasonOptions = REASONS.map(
  (of) => [of, `${reasonWords[of].name}: ${reasonWords[of].means.toLowerCase()}`] as const,
);

export function AddSuppression({ keys, close, done }: About) {
  const [mail, setMail] = useState("");
  const [reason, setReason] = useState<SuppressionReason>("manual");
  const [keyId, setKeyId] = useState("");
  const [list, setList] = useState("");
  const add = async () => {
    if (mail.trim() === "") throw new Mistake([{ field: "mail", message: "is needed" }]);
    if (keyId && list.trim() === "") throw new Mistake([{ field: "list", message: "is needed: the list of the key" }]);
    const body = { mail: mail.trim(), reason, ...(keyId && { api_key_id: keyId, list: list.trim() }) };
    await addSuppression({ client: management.value, body, throwOnError: true });
    close();
    done();
    announce(`${mail.trim()} is suppressed`);
  };
  return (
    <Question title="Add an address" does="Suppress it" act={add} close={close} nameOf={nameOf}>
      <p>From now on it is not mailed: what is queued for it ends as suppressed when it is its turn.</p>
      <Field label="Address" field="mail" type="email" value={mail} change={setMail} placeholder="ada@example.com" />
      <Select<SuppressionReason> label="Reason" value={reason} change={setReason} options={reasonOptions} />
      <Scope keys={keys} keyId={keyId} setKeyId={setKeyId} list={list} setList={setList} />
    </Question>
  );
}

interface Scoped {
  keys: Keys;
  keyId: string;
  setKeyId: (id: string) => void;
  list: string;
  setList: (list: string) => void;
}

/** The mail that is not sent: all of it, or one list of a key. */
export function Scope({ keys, keyId, setKeyId, list, setList }: Scoped) {
  return (
    <>
      <Select
        label="Not sent"
        value={keyId}
        change={setKeyId}
        options={keyOptions(keys.list, "all mail").map(([id, name]) => [id, id ? `a list of ${name}` : name] as const)}
      />
      {keyId && (
        <Field
          label="List"
          field="list"
          value={list}
          change={setList}
          placeholder="newsletter"
          mono
          hint="The list of its mailings, as POST /v1/mail names it."
        />
      )}
    </>
  );
}

export function RemoveSuppression({ entry, keys, close, done }: About & { entry: Suppression }) {
  const { mail, reason, api_key_id } = entry;
  const remove = async () => {
    await removeSuppression({ client: management.value, path: { id: entry.id }, throwOnError: true });
    close();
    done();
    announce(`${mail ?? "The address"} is no longer suppressed for this reason`);
  };
  return (
    <Question
      title={mail ? `Take ${mail} off the list?` : "Take this address off the list?"}
      does="Remove"
      keeps="Keep it"
      dangerous
      act={remove}
      close={close}
    >
      <p>
        {api_key_id === null
          ? "Mail to this address is sent again"
          : `${scopeOf(entry, keys)} is sent to this address again`}
        , unless another entry suppresses it. Recipients that ended as suppressed stay as they are.
      </p>
      {reason === "bounce" && (
        <p>If the address does not exist, the next mail bounces and puts it on the list again.</p>
      )}
      {(reason === "complaint" || reason === "unsubscribe") && (
        <p class="notice is-unsure">Its owner did not want this mail. Remove it only if the owner has asked you to.</p>
      )}
      {mail === null && (
        <p class="notice is-unsure">
          The address was erased. It cannot be added again from here, because only its hash is left
          {api_key_id === null && !service.value?.mailbox && "; on a list of SES it stays"}.
        </p>
      )}
      {mail !== null && api_key_id === null && !service.value?.mailbox && (
        <p>If mail is sent through SES, the address is also taken off the suppression list of the SES account.</p>
      )}
    </Question>
  );
}
