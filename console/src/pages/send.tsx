// A mail that a person writes: to try a key, a sender or a template, with one address or many.

import { createClient, type DryRun, dryRunMail, type MailRequest, type RecipientRequest, sendMail } from "mmms-client";
import { useRef, useState } from "preact/hooks";
import { Mistake } from "../fault.js";
import { useAct } from "../parts/dialog.js";
import { Area, Field, Select } from "../parts/field.js";
import { Form } from "../parts/form.js";
import { Heading } from "../parts/heading.js";
import { HtmlFrame } from "../parts/html_frame.js";
import { announce } from "../parts/news.js";
import { FaultNotice } from "../parts/notice.js";
import { go } from "../route.js";
import { type Draft, draft, knownKeys, service } from "../session.js";
import { counted, moment, timeOf } from "../words/figures.js";
import { examples, fieldName, parseRecipients } from "./recipient_lines.js";
import { SendQuestion } from "./send_question.js";

const EXAMPLES = 1_000;
const MOST = 10_000;

export function Send() {
  const captured = service.value?.mailbox === true;
  const { pasted = "", html = "", ...written } = draft.value;
  const put = (changes: Draft) => {
    draft.value = { ...draft.value, ...changes };
  };
  const chosen = written.keyId === "" ? "" : (knownKeys.value.find(({ id }) => id === written.keyId)?.id ?? null);
  const keyId = chosen ?? knownKeys.value[0]?.id ?? "";
  const key = knownKeys.value.find(({ id }) => id === keyId);
  const allowed = key?.senders.find((sender) => !sender.startsWith("@"));
  const sender = written.sender ?? allowed ?? (captured ? "news@example.org" : "");
  const senderName = written.senderName ?? (captured ? "Example News" : "");
  const to = written.to ?? (captured ? "Ada Lovelace <ada@example.com>" : "");
  const subject = written.subject ?? "A first mail";
  const text = written.text ?? "Hello {{name}},\n\nthis mail was sent from the console.";
  const when = written.when ?? "";
  const [tried, setTried] = useState<DryRun | null>(null);
  // The key depends on the content: the same mail, sent again after a lost answer, is not sent twice.
  const attempt = useRef({ key: "", content: "" });
  const recipients = parseRecipients(to);

  const apiKey = key?.secret ?? pasted.trim();
  const request = (): MailRequest => {
    const send_at = when === "" ? undefined : timeOf(when);
    if (send_at === null) throw new Mistake([{ field: "send_at", message: "needs a date and a time" }]);
    return {
      recipients,
      sender_email: sender.trim(),
      sender_name: senderName.trim(),
      subject,
      ...(text && { text_template: text }),
      ...(html && { html_template: html }),
      ...(send_at && { send_at }),
    };
  };

  const send = async () => {
    const body = request();
    const content = JSON.stringify([apiKey, body]);
    if (attempt.current.content !== content) attempt.current = { key: randomKey(), content };
    const { data } = await sendMail({
      client: createClient({ baseUrl: "", apiKey }),
      body,
      headers: { "Idempotency-Key": attempt.current.key },
      throwOnError: true,
    });
    attempt.current = { key: "", content: "" };
    // The key stays chosen for the next mail.
    draft.value = { ...(draft.value.keyId !== undefined && { keyId: draft.value.keyId }), pasted };
    announce(
      data.status === 200
        ? captured
          ? "Sent: it is in the mailbox"
          : "Sent"
        : body.send_at && Date.parse(body.send_at) > Date.now()
          ? `Stored, and planned for ${moment(body.send_at)}`
          : `Stored, and on its way to ${counted(recipients.length, "recipient", "recipients")}`,
    );
    go(`#/mailings/${data.data.id}`);
  };
  const { busy, fault, run } = useAct(async () => {
    if (recipients.length <= 1) return send();
    const client = createClient({ baseUrl: "", apiKey });
    const { data } = await dryRunMail({ client, body: request(), throwOnError: true });
    setTried(data.data);
  });

  return (
    <>
      <Heading>Send mail</Heading>
      <p class="lead">
        {captured
          ? "Mail is captured here: nothing leaves this machine, and the mailbox shows the captured mail."
          : "This mail is really sent, to every recipient named here."}
      </p>
      <div class="sending">
        <Form class="card form" fault={fault} submit={() => void run()}>
          <fieldset>
            <legend>Sender</legend>
            {knownKeys.value.length > 0 && (
              <Select
                label="Key"
                value={keyId}
                change={(to) => put({ keyId: to })}
                options={[...knownKeys.value.map(({ id, name }) => [id, name] as const), ["", "Another key…"]]}
              />
            )}
            {!key && (
              <Field
                label="API key"
                type="password"
                mono
                value={pasted}
                change={(to) => put({ pasted: to })}
                hint={
                  <>
                    Paste one, or <a href="#/keys">make one</a>: a key made in this tab can be chosen here.
                  </>
                }
              />
            )}
            <div class="two">
              <Field
                label="From"
                type="email"
                value={sender}
                field="sender_email"
                change={(to) => put({ sender: to })}
                {...(key && key.senders.length > 0 && { hint: `This key may send as ${key.senders.join(", ")}.` })}
              />
              <Field
                label="Sender’s name"
                field="sender_name"
                value={senderName}
                change={(to) => put({ senderName: to })}
              />
            </div>
          </fieldset>
          <fieldset>
            <legend>To</legend>
            <Area
              label="Recipients"
              rows={4}
              value={to}
              field="recipients"
              change={(lines) => put({ to: lines })}
              mono
              placeholder="Ada Lovelace <ada@example.com>"
              hint={`One on each line: an address, or a name and <address>. At most ${MOST.toLocaleString("en")}.`}
            />
            <p class="beneath">
              <strong class="figure">{counted(recipients.length, "recipient", "recipients")}</strong>
              {captured && (
                <button type="button" class="button" onClick={() => put({ to: examples(EXAMPLES) })}>
                  Fill in {EXAMPLES.toLocaleString("en")} examples
                </button>
              )}
            </p>
          </fieldset>
          <fieldset>
            <legend>Content</legend>
            <Field
              label="Subject"
              value={subject}
              field="subject"
              change={(to) => put({ subject: to })}
              hint="{{name}} and {{mail}} stand for each recipient’s own, here and below."
            />
            <Area label="Text" field="text_template" rows={6} value={text} change={(to) => put({ text: to })} />
            <details class="more" open={html !== ""}>
              <summary>HTML as well</summary>
              <Area
                label="HTML"
                field="html_template"
                rows={6}
                value={html}
                change={(to) => put({ html: to })}
                mono
                placeholder="<h1>Hello {{name}}</h1>"
              />
            </details>
          </fieldset>
          <fieldset>
            <legend>Time</legend>
            <Field
              label="Send at"
              type="datetime-local"
              field="send_at"
              value={when}
              change={(to) => put({ when: to })}
              hint="Empty: at once. In the time zone of this browser, at most 30 days ahead."
            />
          </fieldset>
          {fault && <FaultNotice fault={fault} nameOf={(field) => fieldName(field, recipients)} />}
          <div class="choices">
            <button type="submit" class="button is-primary" aria-disabled={busy}>
              {recipients.length > 1 ? `Send to ${counted(recipients.length, "recipient", "recipients")}` : "Send"}
            </button>
          </div>
        </Form>
        <Preview to={recipients[0]} sender={sender} senderName={senderName} subject={subject} text={text} html={html} />
      </div>
      {tried && (
        <SendQuestion
          tried={tried}
          addresses={recipients.map(({ mail }) => mail)}
          sender={sender.trim()}
          captured={captured}
          planned={when === "" ? null : timeOf(when)}
          send={send}
          close={() => setTried(null)}
        />
      )}
    </>
  );
}

interface Letter {
  to: RecipientRequest | undefined;
  sender: string;
  senderName: string;
  subject: string;
  text: string;
  html: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};
const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);
/** Placeholders that the API knows and for which this form has no field: their value is empty. */
const EMPTY = [
  "company",
  "emailRecipientId",
  "sender_organisation_name",
  "email_id",
  "client_env_id",
  "projectId",
  "closureId",
];

/** Fills in a template for the first recipient, by the rules of the API. */
function filler({ to, sender, senderName }: Letter): (template: string, write?: (text: string) => string) => string {
  const values = new Map(EMPTY.map((name) => [name, ""]));
  values.set("name", to?.name ?? "").set("mail", to?.mail ?? "");
  values.set("sender_email", sender.trim()).set("sender_name", senderName.trim());
  return (template, write = (text) => text) =>
    template.replace(/\{\{ *(\w+) *\}\}/g, (whole, name: string) => {
      const value = values.get(name);
      return value === undefined ? whole : write(value);
    });
}

function Preview(letter: Letter) {
  const { to, sender, senderName, subject, text, html } = letter;
  const fill = filler(letter);
  return (
    <section class="card preview" aria-labelledby="preview-title">
      <h2 id="preview-title">Preview for the first recipient</h2>
      <dl>
        <dt>From</dt>
        <dd>
          <span dir="auto">{senderName}</span> &lt;{sender}&gt;
        </dd>
        <dt>To</dt>
        <dd>
          {to ? (
            <>
              <span dir="auto">{to.name ?? ""}</span> &lt;{to.mail}&gt;
            </>
          ) : (
            "no recipient yet"
          )}
        </dd>
        <dt>Subject</dt>
        <dd>
          <strong dir="auto">{fill(subject)}</strong>
        </dd>
      </dl>
      {html && <HtmlFrame html={fill(html, escaped)} title="The HTML for the first recipient" />}
      {html && (
        <p class="soft">
          Shown without scripts and remote images.{text && " Mail programs that show no HTML show the text:"}
        </p>
      )}
      {text && (
        <p class="preview-text" dir="auto">
          {fill(text)}
        </p>
      )}
    </section>
  );
}

/** Browsers offer `crypto.randomUUID` only over HTTPS and on this machine. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
