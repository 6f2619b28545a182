// What the types of the client allow and what they refuse. It is compiled and never run: a line that is marked
// as an error and is none fails the compiler, too.

import {
  createClient,
  dryRunMail,
  type ErrorType,
  type Event,
  type Known,
  listRecipients,
  type Mail,
  type MailRequest,
  type MailResult,
  Mmms,
  MmmsError,
  type RecipientStatus,
  rescheduleMailing,
  sendMail,
} from "mmms-client";
import { sendReliably, waitForMailing } from "mmms-client/server";

const client = createClient({ baseUrl: "https://mail.example.com", apiKey: "a key" });
const body: MailRequest = {
  recipients: [{ mail: "ada@example.com", variables: { code: 4711, late: true } }],
  sender_email: "team@example.com",
  sender_name: "The team",
  subject: "Hello",
  text_template: "Hello",
  html_template: null,
  email_id: 7,
};

export async function answersAreToldApart(): Promise<number> {
  const { data, error } = await sendMail({ client, body });
  if (error) {
    const ofALaterVersion = error.error_type === "no_such_error_yet";
    return ofALaterVersion ? 0 : error.status;
  }
  if (data.status === 200) {
    const sent: string = data.data.status.status;
    // @ts-expect-error: only a queued mail has it
    data.data.accepted;
    return sent.length;
  }
  const queued: 202 = data.status;
  const status: string = data.data.status;
  // @ts-expect-error: a queued mail has none yet
  data.data.message_id;
  return queued + data.data.accepted + status.length;
}

export async function aDryRunIsNoMail(): Promise<number> {
  const planned: MailRequest = { ...body, send_at: "2026-02-02T07:00:00.000Z" };
  const { data } = await dryRunMail({ client, body: planned, throwOnError: true });
  const status: 200 = data.status;
  // @ts-expect-error: nothing was sent
  data.data.message_id;
  // @ts-expect-error: a dry run has a function of its own
  await sendMail({ client, body, query: { dry_run: true } });
  return status + data.data.accepted.length + data.data.largest_bytes;
}

export async function aMailingIsMoved(id: string): Promise<string | null> {
  const send_at = "2026-02-02T07:00:00.000Z";
  const { data } = await rescheduleMailing({ client, path: { id }, body: { send_at }, throwOnError: true });
  return data.data.moved > 0 ? data.data.send_at : null;
}

export async function thrownErrorsAreNamed(): Promise<ErrorType | null> {
  try {
    const { data } = await sendMail({ client, body, throwOnError: true });
    const status: 200 | 202 = data.status;
    return status ? null : "internal_error";
  } catch (error) {
    return error instanceof MmmsError ? error.error_type : null;
  }
}

export async function detailsAreNamed(id: string): Promise<boolean> {
  const { data } = await listRecipients({ client, path: { id }, query: { status: "failed" }, throwOnError: true });
  // @ts-expect-error: there is no such status
  await listRecipients({ client, path: { id }, query: { status: "lost" } });
  return data.data.items.some((recipient) => recipient.status_detail === "expired");
}

export const meanings: Record<Known<RecipientStatus>, string> = {
  queued: "waits",
  sending: "goes",
  sent: "gone",
  failed: "will not go",
  unconfirmed: "may have gone",
  cancelled: "was stopped",
  // @ts-expect-error: there is no such status
  lost: "",
};

// @ts-expect-error: one that is known is missing
export const incompleteMeanings: Record<Known<RecipientStatus>, string> = { queued: "waits" };
// @ts-expect-error: the statuses are strings
export const number: RecipientStatus = 7;

export async function serversWait(signal: AbortSignal): Promise<number> {
  const answer = await sendReliably({ client, body, signal });
  const mailing = await waitForMailing({ client, id: answer.data.id, onProgress: ({ done, total }) => done / total });
  return mailing.counts.sent;
}

const mmms = new Mmms({ baseUrl: "https://mail.example.com", apiKey: "a key" });
const mail: Mail = { from: "News <news@example.org>", to: "ada@example.com", subject: "Hello", text: "Hello" };

export async function aResultIsDataOrAnError(): Promise<string> {
  const { data, error } = await mmms.mail.send(mail, { idempotencyKey: "order 4711" });
  // @ts-expect-error: there may be an error instead
  data.id;
  if (error) return error.type === "network_error" ? `${error.url}` : error.fields.map(({ field }) => field).join();
  const status: string = data.status;
  return status + data.id;
}

export async function listsAreReadWhole(id: string): Promise<number> {
  let failed = 0;
  for await (const { attempts } of mmms.mail.recipients(id, { status: "failed" })) failed += attempts;
  // @ts-expect-error: there is no such status
  mmms.mail.recipients(id, { status: "lost" });
  const { data } = await mmms.mail.list({ limit: 20 });
  return failed + (data?.items[0]?.counts.sent ?? 0);
}

/** A message of the result queue is an event without what only the feed has. */
export const resultOf = ({ api_key_id, copies, ...result }: Event): MailResult => result;

// @ts-expect-error: there is no such field
export const unknownField: Mail = { ...mail, htmll: "<p>Hello</p>" };
// @ts-expect-error: a mail has a sender
export const anonymous: Mail = { to: "ada@example.com", subject: "Hello" };
// @ts-expect-error: a recipient has an address
export const addressless: Mail = { ...mail, to: [{ name: "Ada" }] };
// @ts-expect-error: a mail needs a subject
export const incomplete: MailRequest = { recipients: [], sender_email: "a@example.com", sender_name: "A" };
// @ts-expect-error: there is no such field
export const misspelt: MailRequest = { ...body, subjct: "Hello" };
// @ts-expect-error: there is no client of the whole package
export const nobody = () => sendMail({ body });
