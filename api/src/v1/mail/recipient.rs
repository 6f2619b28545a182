//! One recipient of a mailing.

use std::{collections::BTreeMap, sync::Arc};

use mail::{ledger::RecipientDetails, mailer::Rendered};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Path};
use uuid::Uuid;

use super::rendered::within;
use crate::{
    app::App,
    auth::Viewer,
    json::Json,
    problem::{Failure, Problem},
    v1::{
        events::EventOut,
        statuses::RecipientErrors,
        tag::Tag,
        types::{Id, RecipientOut, StatusName, Success, Timestamp},
    },
};

/// The size of the texts of an answer, in bytes: on AWS, a function answers with at most 6 MB.
const MOST_CONTENT: usize = 4 * 1024 * 1024;

/// The mail of a recipient, with its placeholders replaced.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RecipientContent")]
struct ContentOut {
    /// The subject, with its placeholders replaced.
    subject: String,
    /// The HTML, with its placeholders replaced; null if there is none.
    html: Option<String>,
    /// The text, with its placeholders replaced; null if there is none.
    text: Option<String>,
    /// The request's and the recipient's `headers`, and with `list` those by which the recipient unsubscribes. The link
    /// that is shown leads to nothing, so that nobody but the recipient unsubscribes.
    headers: BTreeMap<String, String>,
    /// `true` if `html` and `text` have more than 4 MiB together, and were cut.
    shortened: bool,
}

impl From<Rendered> for ContentOut {
    fn from(mail: Rendered) -> Self {
        let (mail, shortened) = within(mail, MOST_CONTENT);
        Self {
            subject: mail.subject,
            html: mail.html,
            text: mail.text,
            headers: mail.headers,
            shortened,
        }
    }
}

/// A recipient with all that is known of it.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RecipientDetails")]
struct DetailsOut {
    /// The recipient's position in the request, from 0.
    index: i32,
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
    /// The earliest time of the next attempt; null unless `status` is `queued`.
    next_attempt_at: Option<Timestamp>,
    /// What happened to the recipient, in its order. Events are kept for `EVENT_DAYS` (30 by default).
    events: Vec<EventOut>,
    /// The mail as it is sent; null once it was removed, a day after the mailing has ended, or with the address.
    content: Option<ContentOut>,
}

impl From<(RecipientDetails, Option<Rendered>)> for DetailsOut {
    fn from((details, mail): (RecipientDetails, Option<Rendered>)) -> Self {
        let listed = RecipientOut::from(details.view);
        Self {
            index: listed.index,
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
            next_attempt_at: details.next_attempt_at.map(Timestamp::from),
            events: details
                .events
                .into_iter()
                .filter_map(EventOut::of)
                .collect(),
            content: mail.map(ContentOut::from),
        }
    }
}

#[derive(Debug)]
pub struct OneRecipient;

#[OpenApi(prefix_path = "/v1/mail", tag = "Tag::Mailings")]
impl OneRecipient {
    /// Get a recipient of a mailing
    ///
    /// Returns what the list of recipients says, and besides the time of the next attempt, the events of the recipient,
    /// and its mail as it is rendered.
    #[oai(
        path = "/:id/recipients/:index",
        method = "get",
        operation_id = "getRecipient"
    )]
    async fn get(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The id of the mailing.
        id: Path<Uuid>,
        /// The recipient's position in the request, from 0.
        index: Path<i32>,
    ) -> Result<Json<Success<DetailsOut>>, Failure<RecipientErrors>> {
        let found = app
            .service
            .recipient_details(viewer.scope, id.0, index.0)
            .await?;
        let found = found.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Recipient", found.into())))
    }
}
