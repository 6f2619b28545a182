// A mail written by hand: to try a key, a sender or a template, to one address or to many.

import { createClient, type MailRequest, type RecipientRequest, sendMail } from "mmms-client";
import { useRef, useState } from "preact/hooks";
import { useAct } from "../parts/dialog.js";
import { Area, Field, Select } from "../parts/field.js";
import { Heading } from "../parts/heading.js";
import { tell } from "../parts/news.js";
import { FaultNotice } from "../parts/notice.js";
import { go } from "../route.js";
import { knownKeys, service } from "../session.js";
import { counted } from "../words/figures.js";
import { examples, fieldName, parseRecipients } from "./recipient_lines.js";

const EXAMPLES = 1_000;
const MOST = 10_000;

export function Send() {
  const captured = service.value?.mailbox === true;
  const [first] = knownKeys.value;
  const [keyId, setKeyId] = useState(first?.id ?? "");
  const [pasted, setPasted] = useState("");
  const key = knownKeys.value.find(({ id }) => id === keyId);
  const allowed = key?.senders.find((sender) => !sender.startsWith("@"));
  const [sender, setSender] = useState(allowed ?? (captured ? "news@example.org" : ""));
  const [senderName, setSenderName] = useState(captured ? "Example News" : "");
  const [to, setTo] = useState(captured ? "Ada Lovelace <ada@example.com>" : "");
  const [subject, setSubject] = useState("A first mail");
  const [text, setText] = useState("Hello {{name}},\n\nthis mail was sent from the console.");
  const [html, setHtml] = useState("");
  // Named by what is sent: the same mail again, after an answer that was lost, is not sent twice.
  const attempt = useRef({ key: "", content: "" });
  const recipients = parseRecipients(to);

  const { busy, fault, run } = useAct(async () => {
    const body: MailRequest = {
      recipients,
      sender_email: sender.trim(),
      sender_name: senderName.trim(),
      subject,
      ...(text && { text_template: text }),
      ...(html && { html_template: html }),
    };
    const apiKey = key?.secret ?? pasted.trim();
    const content = JSON.stringify([apiKey, body]);
    if (attempt.current.content !== content) attempt.current = { key: randomKey(), content };
    const { data } = await sendMail({
      client: createClient({ baseUrl: "", apiKey }),
      body,
      headers: { "Idempotency-Key": attempt.current.key },
      throwOnError: true,
    });
    attempt.current = { key: "", content: "" };
    tell(
      data.status === 200
        ? captured
          ? "Sent: it is in the mailbox"
          : "Sent"
        : `Stored, and on its way to ${counted(recipients.length, "recipient", "recipients")}`,
    );
    go(`#/mailings/${data.data.id}`);
  });

  return (
    <>
      <Heading>Send mail</Heading>
      <p class="lead">
        {captured
          ? "Mail is captured here: nothing leaves this machine, and what would have gone out is in the mailbox."
          : "This goes out for real, to everybody named here."}
      </p>
      <div class="sending">
        <form
          class="card form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <fieldset>
            <legend>Who sends</legend>
            {knownKeys.value.length > 0 && (
              <Select
                label="Key"
                value={keyId}
                change={setKeyId}
                options={[...knownKeys.value.map(({ id, name }) => [id, name] as const), ["", "Another key…"]]}
              />
            )}
            {!key && (
              <Field
                label="API key"
                type="password"
                mono
                value={pasted}
                change={setPasted}
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
                change={setSender}
                {...(key && key.senders.length > 0 && { hint: `This key may send as ${key.senders.join(", ")}.` })}
              />
              <Field label="Sender’s name" value={senderName} change={setSenderName} />
            </div>
          </fieldset>
          <fieldset>
            <legend>To whom</legend>
            <Area
              label="Recipients"
              rows={4}
              value={to}
              change={setTo}
              mono
              placeholder="Ada Lovelace <ada@example.com>"
              hint={`One a line: an address, or a name and <address>. At most ${MOST.toLocaleString("en")}.`}
            />
            <p class="beneath">
              <strong class="figure">{counted(recipients.length, "recipient", "recipients")}</strong>
              {captured && (
                <button type="button" class="button" onClick={() => setTo(examples(EXAMPLES))}>
                  Fill in {EXAMPLES.toLocaleString("en")} examples
                </button>
              )}
            </p>
          </fieldset>
          <fieldset>
            <legend>What</legend>
            <Field
              label="Subject"
              value={subject}
              change={setSubject}
              hint="{{name}} and {{mail}} stand for each recipient’s own, here and below."
            />
            <Area label="Text" rows={6} value={text} change={setText} />
            <details class="more">
              <summary>HTML as well</summary>
              <Area label="HTML" rows={6} value={html} change={setHtml} mono placeholder="<h1>Hello {{name}}</h1>" />
            </details>
          </fieldset>
          {fault && <FaultNotice fault={fault} nameOf={fieldName} />}
          <div class="choices">
            <button type="submit" class="button is-primary" disabled={busy}>
              {recipients.length > 1 ? `Send to ${counted(recipients.length, "recipient", "recipients")}` : "Send"}
            </button>
          </div>
        </form>
        <Preview to={recipients[0]} from={`${senderName} <${sender}>`} subject={subject} text={text} />
      </div>
    </>
  );
}

interface Letter {
  to: RecipientRequest | undefined;
  from: string;
  subject: string;
  text: string;
}

function Preview({ to, from, subject, text }: Letter) {
  const fill = (template: string) =>
    template.replace(/\{\{\s*(name|mail)\s*\}\}/g, (_, field: "name" | "mail") => to?.[field] ?? "");
  return (
    <section class="card preview" aria-labelledby="preview-title">
      <h2 id="preview-title">What the first one gets</h2>
      <dl>
        <dt>From</dt>
        <dd>{from}</dd>
        <dt>To</dt>
        <dd>{to ? `${to.name ?? ""} <${to.mail}>` : "nobody yet"}</dd>
        <dt>Subject</dt>
        <dd>
          <strong>{fill(subject)}</strong>
        </dd>
      </dl>
      <p class="preview-text">{fill(text)}</p>
    </section>
  );
}

/** `crypto.randomUUID` is kept for HTTPS and this machine. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
