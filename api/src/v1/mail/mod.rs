//! Sending mail, and looking at mailings.

mod dry_run;
#[cfg(test)]
mod limits;
mod parse;
mod preconditions;
mod rate_limit;
mod recipient;
mod rendered;
mod reschedule;
mod schema;
mod send;

pub use recipient::OneRecipient;

use std::sync::Arc;

use mail::{
    Status,
    ledger::{MailingFilter, Resent},
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Header, Path, Query},
};
use uuid::Uuid;

use self::{
    reschedule::{RescheduleRequest, RescheduledOut},
    schema::MailRequest,
    send::QueuedMail,
};
use super::{
    statuses::{MailingErrors, MailingListErrors, RescheduleErrors, ResendErrors, SendErrors},
    tag::Tag,
    text::{CallerId, IndexCursor, Text},
    types::{DEFAULT_LIMIT, Id, Items, MailingOut, RecipientOut, StatusName, Success},
};
use crate::{
    app::App,
    auth::{Sender, Viewer},
    json::Json,
    problem::{ErrorType, Failure, Problem},
    request::{RawJson, parse},
};

#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename = "ResendableStatus", rename_all = "snake_case")]
enum Resendable {
    Unconfirmed,
    Failed,
}

/// The recipients to resend to: all of the mailing with this status.
#[derive(Clone, Debug, Object)]
struct ResendRequest {
    /// The status of the recipients that are queued again.
    status: Resendable,
}

/// The result of a cancellation.
#[derive(Clone, Debug, Object)]
#[oai(rename = "CancelledMailing")]
struct Cancelled {
    /// The id of the mailing.
    id: Uuid,
    /// The number of recipients that were cancelled now.
    cancelled: u64,
}

#[derive(ApiResponse)]
enum ResendResponse {
    /// The recipients are queued again
    #[oai(status = 202)]
    Queued(Json<Success<QueuedMail>>),
}

#[derive(Debug)]
pub struct Mail;

#[OpenApi(prefix_path = "/v1")]
impl Mail {
    /// Send mail
    ///
    /// Mail to one recipient is sent while the caller waits (200); mail to several recipients is queued (202). A
    /// single mail that cannot be sent now is queued too (202). If it cannot be known whether the mail system accepted
    /// a single mail, the answer is 202 with `status: "unconfirmed"`. Before it answers with 2xx, the service has
    /// stored the mail. It answers within 25 seconds.
    ///
    /// With `send_at`, mail is queued (202) and not sent before that time, by the clock of the database. It is sent
    /// within about a second after it, or where the service runs on AWS, within about a minute, unless other mail waits.
    ///
    /// With `dry_run=true`, nothing is stored and nothing is sent: the request is checked as otherwise, and the answer
    /// (200) tells what would become of it, with links to unsubscribe that lead to nothing. For server keys, and with the
    /// admin token in place of an API key: then `senders` do not apply, and a `list` is nobody's, so that no address has
    /// unsubscribed from it.
    ///
    /// A placeholder `{{ name }}` in `subject`, `sender_name`, `html_template`, `text_template` or a value of `headers`
    /// is replaced by the recipient's variable of that name, or else by the field of that name: `name`, `mail`,
    /// `company`, `emailRecipientId`, `sender_name`, `sender_email`, `sender_organisation_name`, `client_env_id`,
    /// `email_id`, `projectId`, `closureId`. A field that is absent counts as empty. With `list`, `unsubscribe_url`
    /// is the link by which the recipient unsubscribes. If a name is neither a variable nor a field, the answer is
    /// 400 and nothing is sent. A name consists of letters, digits and `_`, and has at most 100 characters; braces
    /// around anything else are plain text. Values are HTML-escaped in `html_template`.
    #[oai(
        path = "/mail",
        method = "post",
        operation_id = "sendMail",
        tag = "Tag::Mail"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the API")]
    async fn send_mail(
        &self,
        sender: Sender,
        app: Data<&Arc<App>>,
        /// 1 to 255 printable ASCII characters, chosen by the caller for each mail. For 24 hours, a request of the same
        /// API key with the same `Idempotency-Key`, body and `Prefer` gets the first answer (2xx or 422) again and
        /// sends nothing; other errors are not kept.
        #[oai(name = "Idempotency-Key", validator(min_length = 1, max_length = 255))]
        idempotency_key: Header<Option<String>>,
        /// With `respond-async` (RFC 7240), mail to one recipient is queued too.
        #[oai(name = "Prefer")]
        prefer: Header<Option<String>>,
        /// `true`: tell what would become of the request, and send nothing. An `Idempotency-Key` is not looked up.
        dry_run: Query<Option<bool>>,
        request: &Request,
        body: RawJson<MailRequest>,
    ) -> Result<send::SendResponse, Failure<SendErrors>> {
        let prefer = prefer.0.as_deref();
        if dry_run.0 == Some(true) {
            let tried = dry_run::dry_run(&app, sender, prefer, request, body.bytes).await?;
            return Ok(tried.into());
        }
        let Sender::Key { key, meter } = sender else {
            return Err(Problem::unauthenticated().into());
        };
        let (key, idempotency_key) = ((*key, meter), idempotency_key.0);
        Ok(send::send(&app, key, idempotency_key, prefer, request, body.bytes).await?)
    }

    /// List mailings
    ///
    /// Lists the mailings of the API key, or with the admin token those of all keys, newest first.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the API")]
    #[oai(
        path = "/mail",
        method = "get",
        operation_id = "listMailings",
        tag = "Tag::Mailings"
    )]
    async fn list(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// Only mailings with this `email_id`.
        email_id: Query<Option<Text<CallerId>>>,
        /// Only mailings that this API key submitted, given by its id. For use with the admin token: an API key finds
        /// only its own mailings.
        api_key_id: Query<Option<Uuid>>,
        /// `true`: only mailings with recipients that are `queued` or `sending`. `false`: only the other mailings.
        open: Query<Option<bool>>,
        /// Only the mailing that a request with this `Idempotency-Key` has made in the last 24 hours: after a lost answer,
        /// this tells if the mail was accepted. With the admin token, the mailings of all API keys that used it.
        #[oai(validator(min_length = 1, max_length = 255))]
        idempotency_key: Query<Option<String>>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<Success<Items<MailingOut>>>, Failure<MailingListErrors>> {
        let email_id = email_id.0.as_ref().map(Text::as_str);
        if email_id.is_some_and(|id| !Text::<CallerId>::allows(id)) {
            let message = "must have at most 512 characters, none of them NUL";
            return Err(Problem::invalid("email_id", message).into());
        }
        let filter = MailingFilter {
            email_id,
            api_key_id: api_key_id.0,
            open: open.0,
            idempotency_key: idempotency_key.0.as_deref(),
        };
        let page = app
            .service
            .ledger
            .mailings(
                viewer.scope,
                filter,
                after.0,
                limit.0.unwrap_or(DEFAULT_LIMIT),
            )
            .await?;
        Ok(Json(Success::new(
            200,
            "Mailings",
            Items::of(page, |id| id.to_string()),
        )))
    }

    /// Get a mailing
    #[oai(
        path = "/mail/:id",
        method = "get",
        operation_id = "getMailing",
        tag = "Tag::Mailings"
    )]
    async fn one(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the mailing.
        id: Path<Uuid>,
    ) -> Result<Json<Success<MailingOut>>, Failure<MailingErrors>> {
        let mailing = app
            .service
            .ledger
            .mailing_summary(viewer.scope, id.0)
            .await?;
        let mailing = mailing.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Mailing", mailing.into())))
    }

    /// List the recipients of a mailing
    ///
    /// Lists the recipients in the order of the request.
    #[oai(
        path = "/mail/:id/recipients",
        method = "get",
        operation_id = "listRecipients",
        tag = "Tag::Mailings"
    )]
    async fn recipients(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the mailing.
        id: Path<Uuid>,
        /// Only recipients with this status.
        status: Query<Option<StatusName>>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Text<IndexCursor>>>,
    ) -> Result<Json<Success<Items<RecipientOut>>>, Failure<MailingErrors>> {
        let after = after.0.map(|cursor| index(cursor.as_str())).transpose()?;
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let status = status.0.map(Status::from);
        let page = app
            .service
            .ledger
            .recipients(viewer.scope, id.0, status, after.map(i32::from), limit)
            .await?;
        let page = page.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(
            200,
            "Recipients",
            Items::of(page, |index| format!("{INDEX_CURSOR}{index}")),
        )))
    }

    /// Cancel queued recipients
    ///
    /// The recipients of the mailing that are `queued` become `cancelled`, also those that are planned for later.
    /// Recipients with any other status stay unchanged.
    #[oai(
        path = "/mail/:id/cancel",
        method = "post",
        operation_id = "cancelMailing",
        tag = "Tag::Mailings"
    )]
    async fn cancel(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the mailing.
        id: Path<Uuid>,
    ) -> Result<Json<Success<Cancelled>>, Failure<MailingErrors>> {
        let cancelled = app.service.cancel(viewer.scope, id.0).await?;
        let cancelled = cancelled.ok_or_else(Problem::not_found)?;
        let data = Cancelled {
            id: id.0,
            cancelled: cancelled as u64,
        };
        Ok(Json(Success::new(200, "Mailing cancelled", data)))
    }

    /// Move a mailing to another time
    ///
    /// The recipients of the mailing that are `queued` are not sent before `send_at`; if that time has passed, they are
    /// sent at once. Recipients with any other status, also those that are being sent at this moment, stay unchanged. An
    /// `expires_at` that the request did not give moves along, to 72 hours after `send_at`; one that it gave must be
    /// after `send_at`, otherwise the answer is 400 and nothing is moved. Where nothing is queued, `moved` is 0 and the
    /// mailing stays as it was.
    #[oai(
        path = "/mail/:id/reschedule",
        method = "post",
        operation_id = "rescheduleMailing",
        tag = "Tag::Mailings"
    )]
    async fn reschedule(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the mailing.
        id: Path<Uuid>,
        body: RawJson<RescheduleRequest>,
    ) -> Result<Json<Success<RescheduledOut>>, Failure<RescheduleErrors>> {
        Ok(reschedule::reschedule(&app, viewer.scope, id.0, body.bytes).await?)
    }

    /// Resend to failed or unconfirmed recipients
    ///
    /// Queues the recipients of the mailing with the given status again. An unconfirmed mail may have been accepted by
    /// the mail system; its recipient then gets it twice. If the mailing has expired, it expires 72 hours after the
    /// resend. A resend is possible for a day after the mailing has ended; then its content is removed, and the answer
    /// is 410.
    #[oai(
        path = "/mail/:id/resend",
        method = "post",
        operation_id = "resendMailing",
        tag = "Tag::Mailings"
    )]
    async fn resend(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the mailing.
        id: Path<Uuid>,
        body: RawJson<ResendRequest>,
    ) -> Result<ResendResponse, Failure<ResendErrors>> {
        let status = parse(body.bytes, |object| {
            object.required("status", |node| {
                node.parsed(20, |text| match text {
                    "unconfirmed" => Ok(Status::Unconfirmed),
                    "failed" => Ok(Status::Failed),
                    _ => Err("must be unconfirmed or failed"),
                })
            })
        })
        .await?;
        match app.service.resend(viewer.scope, id.0, status).await? {
            Resent::Queued {
                accepted,
                queued_at,
                email_id,
                ..
            } => {
                let email_id = email_id.map(Id::from);
                let data = QueuedMail::new(id.0, email_id, accepted, queued_at);
                Ok(ResendResponse::Queued(Json(Success::new(
                    202,
                    "Email queued",
                    data,
                ))))
            }
            Resent::Gone => Err(Problem::new(
                ErrorType::Gone,
                "The content of this mailing has been removed",
            )
            .into()),
            Resent::NotFound => Err(Problem::not_found().into()),
        }
    }
}

/// The prefix of a cursor, so that no plain number passes for one by chance.
const INDEX_CURSOR: &str = "index-";

/// The index after which the next page begins. Only a value that `next` can have is a cursor.
fn index(cursor: &str) -> Result<u16, Problem> {
    cursor
        .strip_prefix(INDEX_CURSOR)
        .and_then(|index| index.parse().ok())
        .filter(|index| {
            usize::from(*index) < parse::MAX_RECIPIENTS
                && cursor == format!("{INDEX_CURSOR}{index}")
        })
        .ok_or_else(|| Problem::invalid("after", "is no cursor of this list"))
}
