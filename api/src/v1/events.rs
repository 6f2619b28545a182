//! The feed of events.

use std::sync::Arc;

use mail::{
    event::{Bounce, BounceType, EventKind},
    ledger::{FeedEvent, FeedFilter, FeedPage},
};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, param::Query};
use uuid::Uuid;

use super::{
    statuses::EventErrors,
    tag::Tag,
    text::{FeedCursor, Text},
    types::{DEFAULT_LIMIT, Id, Success, Timestamp},
    values::some,
};
use crate::{
    app::App,
    auth::Viewer,
    json::Json,
    problem::{ErrorType, Failure, Problem},
};

/// The prefix of a cursor, so that no plain number passes for one by chance.
const CURSOR: &str = "event-";

/// The kind of an event. Most are the status that the recipient has from then on:
///
/// - `sent`, `failed`, `unconfirmed`, `cancelled`, `suppressed`, `delivered`, `bounced`, `complained`: see
///   `RecipientStatus`.
/// - `delayed`: the mail system could not deliver the mail yet, and tries again.
/// - `copy_bounced`, `copy_complained`: the mail to an address in `cc` or `bcc` bounced, or its owner complained.
/// - `copy_suppressed`: an address in `cc` or `bcc` must not be mailed, and was left out of the mail.
/// - `unsubscribed`, `resubscribed`: the recipient has unsubscribed from the mail's `list` by the link in the mail, or
///   has undone it.
///
/// A later version may add kinds: ignore those that you do not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(
    rename = "EventStatus",
    remote = "EventKind",
    rename_all = "snake_case"
)]
pub enum EventName {
    Sent,
    Failed,
    Unconfirmed,
    Cancelled,
    Suppressed,
    Delivered,
    Bounced,
    Complained,
    Delayed,
    CopyBounced,
    CopyComplained,
    CopySuppressed,
    Unsubscribed,
    Resubscribed,
}

/// Whether a mail that bounced may be accepted another time:
///
/// - `permanent`: no. The address does not exist, or refuses the mail for good.
/// - `transient`: perhaps. The mailbox is full, for example, or answers that its owner is away.
/// - `undetermined`: the answer does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(
    rename = "BounceType",
    remote = "BounceType",
    rename_all = "snake_case"
)]
enum BounceName {
    Permanent,
    Transient,
    Undetermined,
}

/// A bounce, as the mail system reports it.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Bounce")]
struct BounceOut {
    r#type: BounceName,
    /// The mail system's own word for it, such as `MailboxFull`.
    subtype: String,
    /// The answer of the recipient's mail server, as a text for people; it never contains an address.
    diagnostic: Option<String>,
}

impl From<Bounce> for BounceOut {
    fn from(bounce: Bounce) -> Self {
        Self {
            r#type: bounce.kind.into(),
            subtype: bounce.subtype,
            diagnostic: bounce.diagnostic,
        }
    }
}

/// An event of a recipient: an end that it reached, or something that was learned of it later. It has the fields of a
/// message of the result queue, and `api_key_id`.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Event")]
pub struct EventOut {
    /// The id of the event. It is the same in the feed, in the result queue and in webhooks.
    event_id: Uuid,
    /// The time of the event. A mail server may report it much later.
    occurred_at: Timestamp,
    /// The id of the mailing.
    id: Uuid,
    /// The recipient's position in the request, from 0.
    index: i32,
    /// The caller's `email_id` of the request.
    email_id: Option<Id>,
    /// The caller's `emailRecipientId`: that of the recipient, or else that of the request.
    email_recipient_id: Option<Id>,
    /// The address as it was submitted; null after it was removed by retention or erasure.
    recipient: Option<String>,
    /// What happened.
    status: EventName,
    /// The mail system's id of the mail; null unless the mail system had accepted it.
    message_id: Option<String>,
    /// The reason for the status, such as `bounce_permanent`; null if the status says all.
    status_detail: Option<String>,
    /// The last error, as a text for people; it never contains an address.
    last_error: Option<String>,
    /// The time at which the recipient was queued, or queued again by a resend; null if it never was queued.
    queued_at: Option<Timestamp>,
    /// The time at which the mail system accepted the mail; null unless it did.
    sent_at: Option<Timestamp>,
    /// The caller's `client_env_id` of the request.
    client_env_id: Option<Id>,
    /// The caller's `projectId` of the request.
    project_id: Option<Id>,
    /// The caller's `closureId` of the request.
    closure_id: Option<Id>,
    /// The number of calls to the mail system that count as attempts, since the last resend if there was one.
    attempts: i32,
    /// The number of the event among those of its recipient. It rises.
    sequence: i32,
    /// Null unless the mail bounced.
    bounce: Option<BounceOut>,
    /// The places in the request of the copies that the event is about, such as `cc.0`. Absent if it is about none, or if
    /// they were removed by retention or erasure.
    #[oai(skip_serializing_if_is_none)]
    copies: Option<Vec<String>>,
    /// The id of the API key that submitted the mailing.
    api_key_id: Uuid,
}

impl EventOut {
    /// Returns `None` for an event of a kind that this version does not know.
    pub fn of(found: FeedEvent) -> Option<Self> {
        let event = found.event;
        let kind: EventKind = event.kind.parse().ok()?;
        Some(Self {
            event_id: event.id,
            occurred_at: event.occurred_at.into(),
            id: event.mailing_id,
            index: event.position,
            email_id: found.ids.email_id.map(Id::from),
            email_recipient_id: found.email_recipient_id.map(Id::from),
            recipient: found.recipient,
            status: kind.into(),
            message_id: event.message_id,
            status_detail: event.status_detail,
            last_error: event.last_error,
            queued_at: event.queued_at.map(Timestamp::from),
            sent_at: event.sent_at.map(Timestamp::from),
            client_env_id: found.ids.client_env_id.map(Id::from),
            project_id: found.ids.project_id.map(Id::from),
            closure_id: found.ids.closure_id.map(Id::from),
            attempts: event.attempts,
            sequence: event.sequence,
            bounce: found.detail.bounce.map(BounceOut::from),
            copies: some(found.detail.copies),
            api_key_id: event.api_key_id,
        })
    }
}

/// A part of the feed.
#[derive(Clone, Debug, Object)]
#[oai(rename = "EventFeed")]
struct FeedOut {
    /// The events, oldest first.
    items: Vec<EventOut>,
    /// The cursor with which the next request continues. At the end of the feed too: ask again with it later.
    next: String,
}

#[derive(Debug)]
pub struct Events;

#[OpenApi(prefix_path = "/v1")]
impl Events {
    /// Read the feed of events
    ///
    /// Lists the events of the recipients of the API key, or with the admin token those of all keys, oldest first. The
    /// feed has no gaps: if each request takes `next` of the one before as `after`, each event is seen exactly once,
    /// and the events of one recipient in their order. An event appears as soon as every change of the database that
    /// began before it has ended, usually at once. `next` also moves over events that a filter leaves out. Events are
    /// kept for `EVENT_DAYS` (30 by default); if `after` is older than the oldest of them, the answer is 410, and
    /// `details` is a cursor to begin anew with.
    #[oai(
        path = "/events",
        method = "get",
        operation_id = "listEvents",
        tag = "Tag::Events"
    )]
    async fn list(
        &self,
        viewer: Viewer,
        app: Data<&Arc<App>>,
        /// The cursor `next` of the previous request; absent for the oldest event that is kept.
        after: Query<Option<Text<FeedCursor>>>,
        /// The maximum number of events; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// Only events of this kind.
        status: Query<Option<EventName>>,
        /// Only events of mailings that this API key submitted, given by its id. For use with the admin token: an API
        /// key finds only its own.
        api_key_id: Query<Option<Uuid>>,
    ) -> Result<Json<Success<FeedOut>>, Failure<EventErrors>> {
        let after = after
            .0
            .map(|cursor| position(cursor.as_str()))
            .transpose()?;
        let filter = FeedFilter {
            kind: status.0.map(|name| EventKind::from(name).as_str()),
            api_key_id: api_key_id.0,
        };
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let page = app
            .service
            .ledger
            .feed(viewer.scope, filter, after, limit)
            .await?;
        match page {
            FeedPage::Events { events, next } => {
                let data = FeedOut {
                    items: events.into_iter().filter_map(EventOut::of).collect(),
                    next: format!("{CURSOR}{next}"),
                };
                Ok(Json(Success::new(200, "Events", data)))
            }
            FeedPage::Gone { oldest } => Err(Problem::new(
                ErrorType::Gone,
                "The events after this cursor are no longer kept",
            )
            .with_details(format!("{CURSOR}{oldest}"))
            .into()),
        }
    }
}

/// The position that a cursor names. Only a value that `next` can have is a cursor.
fn position(cursor: &str) -> Result<i64, Problem> {
    cursor
        .strip_prefix(CURSOR)
        .and_then(|position| position.parse().ok())
        .filter(|position: &i64| *position >= 0 && cursor == format!("{CURSOR}{position}"))
        .ok_or_else(|| Problem::invalid("after", "is no cursor of this feed"))
}
