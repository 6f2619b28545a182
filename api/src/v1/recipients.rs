//! Recipients across mailings: what became of somebody's mail.

use std::sync::Arc;

use mail::{
    Status,
    address::Address,
    ledger::{FoundRecipient, Place, RecipientFilter},
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Query};
use uuid::Uuid;

use super::{
    statuses::RecipientListErrors,
    tag::Tag,
    text::{self, CallerId, Plain, RecipientCursor, Text},
    types::{DEFAULT_LIMIT, Id, Items, RecipientOut, StatusName, Success, Timestamp},
};
use crate::{
    app::App,
    auth::Viewer,
    json::Json,
    problem::{Failure, Problem},
};

/// A recipient, with its mailing.
#[derive(Clone, Debug, Object)]
#[oai(rename = "FoundRecipient")]
struct FoundOut {
    /// The id of the mailing.
    id: Uuid,
    /// The recipient's position in the request, from 0: with `id`, it leads to `GET /v1/mail/{id}/recipients/{index}`.
    index: i32,
    /// The id of the API key that submitted the mailing.
    api_key_id: Uuid,
    /// The time at which the mailing was accepted.
    created_at: Timestamp,
    /// The subject as it was submitted, with its placeholders; empty after an erasure that removed the content.
    subject: String,
    /// The caller's `client_env_id` of the request.
    client_env_id: Option<Id>,
    /// The caller's `email_id` of the request.
    email_id: Option<Id>,
    /// The caller's `emailRecipientId`: that of the recipient, or else that of the request.
    email_recipient_id: Option<Id>,
    /// The address as it was submitted; null after it was removed by retention or erasure.
    recipient: Option<String>,
    /// The status of the recipient.
    status: StatusName,
    /// The mail system's id of the mail; null unless the mail system has accepted it.
    message_id: Option<String>,
    /// The reason for the status, such as `bounce_permanent`; null if the status says all.
    status_detail: Option<String>,
    /// The last error, as a text for people; it never contains an address.
    last_error: Option<String>,
    /// The time at which the recipient was queued, or queued again by a resend; null if it never was queued.
    queued_at: Option<Timestamp>,
    /// The time at which the mail system accepted the mail; null unless it did.
    sent_at: Option<Timestamp>,
    /// The number of calls to the mail system that count as attempts, since the last resend if there was one.
    attempts: i32,
}

impl From<FoundRecipient> for FoundOut {
    fn from(found: FoundRecipient) -> Self {
        let listed = RecipientOut::from(found.view);
        Self {
            id: found.mailing_id,
            index: listed.index,
            api_key_id: found.api_key_id,
            created_at: found.created_at.into(),
            subject: found.subject,
            client_env_id: found.client_env_id.map(Id::from),
            email_id: listed.email_id,
            email_recipient_id: listed.email_recipient_id,
            recipient: listed.recipient,
            status: listed.status,
            message_id: listed.message_id,
            status_detail: listed.status_detail,
            last_error: listed.last_error,
            queued_at: listed.queued_at,
            sent_at: listed.sent_at,
            attempts: listed.attempts,
        }
    }
}

#[derive(Debug)]
pub struct Recipients;

#[OpenApi(prefix_path = "/v1/recipients", tag = "Tag::Mailings")]
impl Recipients {
    /// Find recipients
    ///
    /// Lists recipients of all mailings of the API key, or with the admin token of all keys: those of the newest mailing
    /// first, and of one mailing the last ones first. Several filters hold together. A page may have fewer entries than
    /// `limit`, even none, and a `next` all the same: a request looks at some thousand mailings at most, and the next one
    /// goes on from there. The list has ended when `next` is null.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the API")]
    #[oai(path = "/", method = "get", operation_id = "findRecipients")]
    async fn find(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// Only recipients with this address, in upper or lower case. An address that was removed is not found.
        mail: Query<Option<Text<text::Address>>>,
        /// Only recipients with this status.
        status: Query<Option<StatusName>>,
        /// Only recipients of mailings with this `email_id`.
        email_id: Query<Option<Text<CallerId>>>,
        /// Only recipients of mailings with this `client_env_id`. Mailings of versions before this filter are not found.
        client_env_id: Query<Option<Text<CallerId>>>,
        /// Only the recipients whose mail has this id at the mail system. A call to SES for several recipients, and a mail
        /// with copies, have one id for each mail.
        message_id: Query<Option<Text<Plain, 998>>>,
        /// Only recipients of mailings that were accepted at this time or later.
        created_after: Query<Option<Timestamp>>,
        /// Only recipients of mailings that were accepted before this time.
        created_before: Query<Option<Timestamp>>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Text<RecipientCursor>>>,
    ) -> Result<Json<Success<Items<FoundOut>>>, Failure<RecipientListErrors>> {
        let mail = mail
            .0
            .map(|mail| Address::parse(mail.as_str()))
            .transpose()
            .map_err(|error| Problem::invalid("mail", error.to_string()))?;
        let after = after.0.map(|cursor| place(cursor.as_str())).transpose()?;
        let filter = RecipientFilter {
            mail: mail.as_ref(),
            status: status.0.map(Status::from),
            message_id: checked("message_id", message_id.0.as_ref().map(Text::as_str), 998)?,
            email_id: checked("email_id", email_id.0.as_ref().map(Text::as_str), 512)?,
            client_env_id: checked(
                "client_env_id",
                client_env_id.0.as_ref().map(Text::as_str),
                512,
            )?,
            created_after: created_after.0.map(i64::from),
            created_before: created_before.0.map(i64::from),
        };
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let ledger = &app.service.ledger;
        let page = ledger
            .find_recipients(viewer.scope, filter, after, limit)
            .await?;
        let page = Items::of(
            page,
            |Place {
                 mailing_id,
                 position,
             }| { format!("{mailing_id}.{position}") },
        );
        Ok(Json(Success::new(200, "Recipients", page)))
    }
}

/// Refuses what the database cannot be asked for.
fn checked<'a>(
    name: &'static str,
    text: Option<&'a str>,
    most: usize,
) -> Result<Option<&'a str>, Problem> {
    match text {
        Some(text) if text.contains('\0') || text.chars().count() > most => {
            let message = format!("must have at most {most} characters, none of them NUL");
            Err(Problem::invalid(name, message))
        }
        text => Ok(text),
    }
}

/// Reads a cursor. Only a value that `next` can have is one.
fn place(cursor: &str) -> Result<Place, Problem> {
    let place = cursor.split_once('.').and_then(|(id, position)| {
        Some(Place {
            mailing_id: id.parse().ok()?,
            position: i32::from(position.parse::<u16>().ok()?),
        })
    });
    place.ok_or_else(|| Problem::invalid("after", "is no cursor of this list"))
}
