//! The form in which other programs receive an event: the body of a message of the result queue, and with the id of the
//! API key, the data of a message to a webhook. `result.schema.json` describes it.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    event::Bounce,
    ledger::FeedEvent,
    message::{CallerId, CallerIds},
    recipient_update::RecipientUpdate,
    timestamp,
};

#[derive(Debug, Serialize)]
pub struct EventMessage<'a> {
    pub event_id: Uuid,
    pub occurred_at: String,
    pub id: Uuid,
    pub index: i32,
    pub email_id: Option<&'a CallerId>,
    pub email_recipient_id: Option<&'a CallerId>,
    pub recipient: Option<&'a str>,
    pub status: &'a str,
    pub message_id: Option<&'a str>,
    pub status_detail: Option<&'a str>,
    pub last_error: Option<&'a str>,
    pub queued_at: Option<String>,
    pub sent_at: Option<String>,
    pub client_env_id: Option<&'a CallerId>,
    pub project_id: Option<&'a CallerId>,
    pub closure_id: Option<&'a CallerId>,
    pub attempts: i32,
    pub sequence: i32,
    pub bounce: Option<&'a Bounce>,
    /// Absent unless the event is about copies.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub copies: &'a [String],
}

impl<'a> EventMessage<'a> {
    /// Returns the message of an end, under the name that its status is published with; `None` if the recipient is not
    /// at an end.
    pub fn of_end(
        update: &'a RecipientUpdate,
        ids: &'a CallerIds,
        status: &'a str,
    ) -> Option<Self> {
        let own = update.email_recipient_id.as_ref();
        Some(Self {
            event_id: update.event_id?,
            occurred_at: timestamp::write(update.occurred_at?),
            id: update.mailing_id,
            index: update.position,
            email_id: ids.email_id.as_ref(),
            email_recipient_id: own.or(ids.email_recipient_id.as_ref()),
            recipient: update.mail.as_deref(),
            status,
            message_id: update.message_id.as_deref(),
            status_detail: update.status_detail.as_deref(),
            last_error: update.last_error.as_deref(),
            queued_at: update.queued_at.map(timestamp::write),
            sent_at: update.sent_at.map(timestamp::write),
            client_env_id: ids.client_env_id.as_ref(),
            project_id: ids.project_id.as_ref(),
            closure_id: ids.closure_id.as_ref(),
            attempts: update.attempts,
            sequence: update.sequence,
            bounce: update.bounce.as_ref(),
            copies: &[],
        })
    }
}

impl<'a> From<&'a FeedEvent> for EventMessage<'a> {
    fn from(found: &'a FeedEvent) -> Self {
        let event = &found.event;
        Self {
            event_id: event.id,
            occurred_at: timestamp::write(event.occurred_at),
            id: event.mailing_id,
            index: event.position,
            email_id: found.ids.email_id.as_ref(),
            email_recipient_id: found.email_recipient_id.as_ref(),
            recipient: found.recipient.as_deref(),
            status: &event.kind,
            message_id: event.message_id.as_deref(),
            status_detail: event.status_detail.as_deref(),
            last_error: event.last_error.as_deref(),
            queued_at: event.queued_at.map(timestamp::write),
            sent_at: event.sent_at.map(timestamp::write),
            client_env_id: found.ids.client_env_id.as_ref(),
            project_id: found.ids.project_id.as_ref(),
            closure_id: found.ids.closure_id.as_ref(),
            attempts: event.attempts,
            sequence: event.sequence,
            bounce: found.detail.bounce.as_ref(),
            copies: &found.detail.copies,
        }
    }
}
