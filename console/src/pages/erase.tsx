// Removes an address and the content written to it.

import { signal } from "@preact/signals";
import { type ErasedAddress, eraseAddress } from "mmms-client";
import { useEffect, useState } from "preact/hooks";
import { Question } from "../parts/dialog.js";
import { Field } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { management } from "../session.js";
import { counted } from "../words/figures.js";

/** Set by another page; never part of the page's own address, because browsers store addresses. */
export const addressToErase = signal("");

export function Erase() {
  const [mail, setMail] = useState(addressToErase.value);
  const [asked, setAsked] = useState(false);
  const [erased, setErased] = useState<{ mail: string; counts: ErasedAddress } | null>(null);
  useEffect(() => {
    addressToErase.value = "";
  }, []);

  const erase = async () => {
    const { data } = await eraseAddress({ client: management.value, body: { mail: mail.trim() }, throwOnError: true });
    setErased({ mail: mail.trim(), counts: data.data });
    setAsked(false);
    setMail("");
  };
  return (
    <>
      <Heading>Erase an address</Heading>
      <p class="lead">
        Removes an address, its name and its variables from every mailing that has ended, for a person who asks to be
        forgotten. The counts stay, and so do the copies of the mail system and the recipient.
      </p>
      <form
        class="card form is-narrow"
        onSubmit={(event) => {
          event.preventDefault();
          if (mail.trim()) setAsked(true);
        }}
      >
        <Field label="Address" type="email" value={mail} change={setMail} required placeholder="ada@example.com" />
        <div class="choices">
          <button type="submit" class="button is-danger">
            Erase…
          </button>
        </div>
      </form>
      <div role="status">{erased && <Outcome mail={erased.mail} counts={erased.counts} />}</div>
      {asked && (
        <Question
          title="Erase this address?"
          does="Erase for good"
          keeps="Keep it"
          dangerous
          act={erase}
          close={() => setAsked(false)}
        >
          <p>
            <strong>{mail.trim()}</strong> is removed from every mailing that has ended. This cannot be undone.
          </p>
        </Question>
      )}
    </>
  );
}

function Outcome({ mail, counts }: { mail: string; counts: ErasedAddress }) {
  const { recipients, mailings, waiting, remaining = 0 } = counts;
  return (
    <div class={waiting + remaining > 0 ? "notice is-unsure" : "notice is-good"}>
      <p class="notice-title">
        {recipients > 0
          ? `Erased in ${counted(mailings, "mailing", "mailings")}, ${counted(recipients, "recipient", "recipients")}`
          : remaining > 0
            ? "Erasing has begun"
            : "Nothing to erase in ended mailings"}
      </p>
      {remaining > 0 && (
        <p>
          {counted(remaining, "more mailing is", "more mailings are")} erased in the background, within minutes. Erase
          the address again to see whether any is left.
        </p>
      )}
      {waiting > 0 ? (
        <p>
          {mail} is also in {counted(waiting, "mailing", "mailings")} still under way. Erase it again when they have
          ended.
        </p>
      ) : (
        <p>No mailing under way has {mail} either.</p>
      )}
    </div>
  );
}
