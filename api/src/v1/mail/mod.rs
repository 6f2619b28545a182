//! Sending mail, and looking at mailings.

#[cfg(test)]
mod limits;
mod parse;
mod schema;
mod send;

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

use self::{schema::MailRequest, send::QueuedMail};
use super::{
    statuses::{MailingErrors, MailingListErrors, ResendErrors, SendErrors},
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

/// Which recipients to send to again.
#[derive(Clone, Debug, Object)]
struct ResendRequest {
    status: Resendable,
}

/// What was cancelled.
#[derive(Clone, Debug, Object)]
#[oai(rename = "CancelledMailing")]
struct Cancelled {
    id: Uuid,
    /// Recipients that will not be sent to.
    cancelled: u64,
}

#[derive(ApiResponse)]
enum ResendResponse {
    /// Queued again
    #[oai(status = 202)]
    Queued(Json<Success<QueuedMail>>),
}

#[derive(Debug)]
pub struct Mail;

#[OpenApi(prefix_path = "/v1")]
impl Mail {
    /// Send mail
    ///
    /// One recipient is sent to at once (200), more are queued (202). A single mail that cannot go now is queued
    /// too, and one whose fate is unknown is answered 202 with `status: "unconfirmed"`. Whatever is answered 2xx
    /// is stored. An answer comes within 25 seconds.
    ///
    /// `{{ name }}` in the subject and both templates stands for the recipient's variable of that name, else for
    /// the field of that name: `name`, `mail`, `company`, `emailRecipientId`, `sender_name`, `sender_email`,
    /// `sender_organisation_name`, `client_env_id`, `email_id`, `projectId`, `closureId`. A field that is absent
    /// is empty; any other name is a fault. Values are HTML-escaped in `html_template`.
    #[oai(
        path = "/mail",
        method = "post",
        operation_id = "sendMail",
        tag = "Tag::Mail"
    )]
    async fn send_mail(
        &self,
        sender: Sender,
        app: Data<&Arc<App>>,
        /// 1 to 255 printable ASCII characters. For 24 hours the same request under the same key gets the same
        /// answer and sends nothing.
        #[oai(name = "Idempotency-Key", validator(min_length = 1, max_length = 255))]
        idempotency_key: Header<Option<String>>,
        /// `respond-async` queues the mail even for one recipient (RFC 7240).
        #[oai(name = "Prefer")]
        prefer: Header<Option<String>>,
        request: &Request,
        body: RawJson<MailRequest>,
    ) -> Result<send::SendResponse, Failure<SendErrors>> {
        let idempotency_key = idempotency_key.0;
        let prefer = prefer.0.as_deref();
        Ok(send::send(&app, sender, idempotency_key, prefer, request, body.bytes).await?)
    }

    /// List mailings
    ///
    /// Those of the API key, or all for management; newest first.
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
        /// Only those with this `email_id`.
        email_id: Query<Option<Text<CallerId>>>,
        /// Only those that this key has sent in, by its id. For management: a key finds its own only.
        api_key_id: Query<Option<Uuid>>,
        /// `true`: only those with recipients that are queued or being sent to. `false`: only the others.
        open: Query<Option<bool>>,
        /// Entries of a page, 50 unless given.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The `next` of the page before.
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
        };
        let page = app
            .service
            .ledger
            .mailings(viewer.0, filter, after.0, limit.0.unwrap_or(DEFAULT_LIMIT))
            .await?;
        Ok(Json(Success::new(
            200,
            "Mailings",
            Items::of(page, |id| id.to_string()),
        )))
    }

    /// Look at one mailing
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
        /// Of the mailing.
        id: Path<Uuid>,
    ) -> Result<Json<Success<MailingOut>>, Failure<MailingErrors>> {
        let mailing = app.service.ledger.mailing_summary(viewer.0, id.0).await?;
        let mailing = mailing.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Mailing", mailing.into())))
    }

    /// List the recipients of a mailing
    ///
    /// In the order of the request.
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
        /// Of the mailing.
        id: Path<Uuid>,
        /// Only those with this status.
        status: Query<Option<StatusName>>,
        /// Entries of a page, 50 unless given.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The `next` of the page before.
        after: Query<Option<Text<IndexCursor>>>,
    ) -> Result<Json<Success<Items<RecipientOut>>>, Failure<MailingErrors>> {
        let after = after.0.map(|cursor| index(cursor.as_str())).transpose()?;
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let status = status.0.map(Status::from);
        let page = app
            .service
            .ledger
            .recipients(viewer.0, id.0, status, after.map(i32::from), limit)
            .await?;
        let page = page.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(
            200,
            "Recipients",
            Items::of(page, |index| format!("{INDEX_CURSOR}{index}")),
        )))
    }

    /// Cancel what is still queued
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
        /// Of the mailing.
        id: Path<Uuid>,
    ) -> Result<Json<Success<Cancelled>>, Failure<MailingErrors>> {
        let cancelled = app.service.cancel(viewer.0, id.0).await?;
        let cancelled = cancelled.ok_or_else(Problem::not_found)?;
        let data = Cancelled {
            id: id.0,
            cancelled: cancelled as u64,
        };
        Ok(Json(Success::new(200, "Mailing cancelled", data)))
    }

    /// Send again what failed or is unconfirmed
    ///
    /// By the caller's decision: an unconfirmed mail may have gone out, and its recipient then gets it twice.
    /// Possible for a day after the mailing has ended; then its content is removed.
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
        /// Of the mailing.
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
        match app.service.resend(viewer.0, id.0, status).await? {
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
