import { invalid, type Result } from "./answer.js";
import type { CallOptions, Connection } from "./connection.js";
import {
  type CancelledMailing,
  cancelMailing,
  type DryRun,
  type FindRecipientsData,
  type FoundRecipient,
  findRecipients,
  getMailing,
  getRecipient,
  type ListMailingsData,
  type ListRecipientsData,
  listMailings,
  listRecipients,
  type Mailing,
  type QueuedMail,
  type QueuedMailStatus,
  type Recipient,
  type RecipientDetails,
  type RescheduledMailing,
  type ResendableStatus,
  rescheduleMailing,
  resendMailing,
} from "./generated/index.js";
import type { Listing } from "./listing.js";
import { dryRunMail, type SendMailResponse } from "./mail.js";
import { type Mail, requestOf } from "./request.js";
import { sendReliably } from "./send.js";
import { isHeaderValue } from "./settings.js";
import { type Wait, waitForMailing } from "./wait.js";

/** A mail that MMMS has taken. */
export interface AcceptedMail {
  /** Of the mailing, for `mail.get` and the other methods. */
  id: string;
  /**
   * `sent`: the mail system has accepted the mail to the one recipient. `queued`: it is sent in the background.
   * `unconfirmed`: it cannot be known whether the mail system has it.
   */
  status: "sent" | QueuedMailStatus;
  /** The number of recipients. */
  accepted: number;
  /** The mail system's id of the mail; `null` unless it is sent. */
  message_id: string | null;
  /** The places of those `cc` and `bcc` that were left out, because their addresses must not be mailed. */
  suppressed_copies: string[];
}

export interface SendOptions extends CallOptions {
  /**
   * Names this mail for 24 hours: the same key with the same mail never sends twice, also from another process. One is
   * made up for each call if it is left out, which covers the repetitions of that call.
   */
  idempotencyKey?: string | undefined;
  /** Queue it even for one recipient, and answer at once. */
  respondAsync?: boolean | undefined;
}

export interface WaitOptions extends CallOptions, Pick<Wait, "onProgress" | "interval"> {}

/** `mmms.mail` */
export class Mails {
  constructor(private readonly connection: Connection) {}

  /** Sends a mail to one recipient, or a mailing to up to 10,000. However often it has to ask, MMMS takes it once. */
  send(mail: Mail, options: SendOptions = {}): Promise<Result<AcceptedMail>> {
    const { connection } = this;
    const { idempotencyKey, respondAsync } = options;
    return connection.settle(async () => {
      if (!isHeaderValue(idempotencyKey))
        throw invalid([{ field: "idempotencyKey", message: "must be printable ASCII" }]);
      const body = requestOf(mail);
      const { client } = connection;
      return acceptedOf(
        await sendReliably({ client, body, idempotencyKey, respondAsync, ...connection.with(options) }),
      );
    }, options);
  }

  /** Tells what would become of a mail, and sends nothing. */
  dryRun(mail: Mail, options?: CallOptions): Promise<Result<DryRun>> {
    return this.connection.ask(async (call) => dryRunMail({ ...call, body: requestOf(mail) }), options);
  }

  /** A mailing, without its content and with the number of recipients in each status. */
  get(id: string, options?: CallOptions): Promise<Result<Mailing>> {
    return this.connection.ask((call) => getMailing({ ...call, path: { id } }), options);
  }

  /** The mailings of the key, newest first. With `idempotency_key`, only the one that was sent with it. */
  list(query: ListMailingsData["query"] = {}, options?: CallOptions): Listing<Mailing> {
    return this.connection.list(
      (call, after) => listMailings({ ...call, query: { ...query, after } as typeof query }),
      query.after,
      options,
    );
  }

  /** The recipients of a mailing in the order of the request, or those with one `status`. */
  recipients(id: string, query: ListRecipientsData["query"] = {}, options?: CallOptions): Listing<Recipient> {
    return this.connection.list(
      (call, after) => listRecipients({ ...call, path: { id }, query: { ...query, after } as typeof query }),
      query.after,
      options,
    );
  }

  /** One recipient of a mailing, with its events and its mail as it is rendered. */
  recipient(id: string, index: number, options?: CallOptions): Promise<Result<RecipientDetails>> {
    return this.connection.ask((call) => getRecipient({ ...call, path: { id, index } }), options);
  }

  /** Recipients of all mailings, newest first, by address, status, ids or time. */
  find(query: FindRecipientsData["query"] = {}, options?: CallOptions): Listing<FoundRecipient> {
    return this.connection.list(
      (call, after) => findRecipients({ ...call, query: { ...query, after } as typeof query }),
      query.after,
      options,
    );
  }

  /** Cancels what is still queued. */
  cancel(id: string, options?: CallOptions): Promise<Result<CancelledMailing>> {
    return this.connection.ask((call) => cancelMailing({ ...call, path: { id } }), options);
  }

  /** Moves what is still queued to another time. */
  reschedule(id: string, send_at: Date | string, options?: CallOptions): Promise<Result<RescheduledMailing>> {
    // JSON has a time as text.
    const body = { send_at: send_at as string };
    return this.connection.ask((call) => rescheduleMailing({ ...call, path: { id }, body }), options);
  }

  /** Queues the recipients with this status again, by your decision: one that is `unconfirmed` may get a second mail. */
  resend(id: string, status: ResendableStatus, options?: CallOptions): Promise<Result<QueuedMail>> {
    const resend = { ...options, once: true };
    return this.connection.ask((call) => resendMailing({ ...call, path: { id }, body: { status } }), resend);
  }

  /** Waits until no recipient is queued or being sent to; how they ended is in `counts`. */
  wait(id: string, options: WaitOptions = {}): Promise<Result<Mailing>> {
    const { connection } = this;
    const { onProgress, interval } = options;
    const wait = { client: connection.client, id, onProgress, interval, ...connection.with(options) };
    return connection.settle(() => waitForMailing(wait), options);
  }
}

function acceptedOf({ status, data }: SendMailResponse): AcceptedMail {
  const { id, suppressed_copies = [] } = data;
  if (status === 200) return { id, status: "sent", accepted: 1, message_id: data.message_id, suppressed_copies };
  return { id, status: data.status, accepted: data.accepted, message_id: null, suppressed_copies };
}
