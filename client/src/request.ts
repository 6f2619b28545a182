// The fields of a mail as people know them, made into the API's request.

import { parseAddress } from "./address.js";
import { invalid } from "./answer.js";
import type { Attachment, FieldError, MailRequest, NamedAddress, RecipientRequest } from "./generated/index.js";

/** `ada@example.com`, `Ada <ada@example.com>`, or the two apart. A name with one of `()<>[]:;@\,"` is in quotes. */
export type AnyAddress = string | NamedAddress;

/** To whom one mail goes; an object may have `variables`, `headers` and ids of its own. */
export type AnyRecipient = string | RecipientRequest;

export interface AnyAttachment extends Omit<Attachment, "content"> {
  /** Bytes, or text in base64. */
  content: string | Uint8Array | ArrayBuffer;
}

type Renamed =
  | "recipients"
  | "sender_email"
  | "sender_name"
  | "html_template"
  | "text_template"
  | "reply_to"
  | "cc"
  | "bcc"
  | "attachments"
  | "send_at"
  | "expires_at";

/** A mail to one recipient, or a mailing to up to 10,000. What is not named here is as in the API. */
export interface Mail extends Omit<MailRequest, Renamed> {
  /** `News <news@example.org>`. Without a name, the address is the name. */
  from: AnyAddress;
  /** One recipient, or an array: each gets a mail of its own and does not see the others. */
  to: AnyRecipient | readonly AnyRecipient[];
  /** The API's `html_template`; `html` or `text` is needed. */
  html?: string | null | undefined;
  /** The API's `text_template`. */
  text?: string | null | undefined;
  replyTo?: AnyAddress | readonly AnyAddress[] | null | undefined;
  /** Only with one recipient, as `bcc`. */
  cc?: AnyAddress | readonly AnyAddress[] | null | undefined;
  bcc?: AnyAddress | readonly AnyAddress[] | null | undefined;
  /** At most 2.5 MiB in all. */
  attachments?: readonly AnyAttachment[] | null | undefined;
  /** Not before this time, at most 30 days ahead: the mail is queued until then. */
  send_at?: Date | string | null | undefined;
  /** What is not sent by then fails; 72 hours after now or `send_at` if left out. */
  expires_at?: Date | string | null | undefined;
}

/**
 * Returns the request, which has nothing in common with the mail: what the caller changes afterwards does not get in.
 *
 * @throws MmmsError names each address that cannot be read
 */
export function requestOf(mail: Mail): MailRequest {
  const faults: FieldError[] = [];
  const read = <T extends object>(written: string | T, field: string): NamedAddress | T => {
    if (typeof written !== "string") return written;
    try {
      return parseAddress(written);
    } catch (error) {
      faults.push({ field, message: (error as Error).message });
      return { mail: written };
    }
  };
  const readAll = <T extends object>(
    written: string | T | readonly (string | T)[] | null | undefined,
    field: string,
  ) => {
    if (!Array.isArray(written)) return written ? [read(written as string | T, field)] : undefined;
    return written.map((one, at) => read(one as string | T, `${field}.${at}`));
  };
  let copy: MailRequest;
  try {
    const { from, to, html, text, replyTo, cc, bcc, attachments, ...others } = mail;
    const sender = from ? read(from, "from") : undefined;
    const body = {
      ...others,
      recipients: readAll(to, "to"),
      sender_email: sender?.mail,
      sender_name: sender?.name ?? sender?.mail,
      html_template: html,
      text_template: text,
      reply_to: readAll(replyTo, "replyTo"),
      cc: readAll(cc, "cc"),
      bcc: readAll(bcc, "bcc"),
      attachments: attachments?.map((one) => ({ ...one, content: base64(one.content) })),
    };
    copy = JSON.parse(JSON.stringify(body));
  } catch (error) {
    // A value that cannot be written as JSON, or no mail at all.
    throw invalid([], error);
  }
  if (faults.length > 0) throw invalid(faults);
  return copy;
}

/** Few enough to be the arguments of a function. */
const SLICE = 0x8000;

function base64(content: string | Uint8Array | ArrayBuffer): string {
  if (typeof content === "string") return content;
  const bytes = new Uint8Array(content);
  let text = "";
  for (let at = 0; at < bytes.length; at += SLICE) text += String.fromCharCode(...bytes.subarray(at, at + SLICE));
  return btoa(text);
}
