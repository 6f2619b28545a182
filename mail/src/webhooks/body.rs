//! The body of a message: the event in the form in which the feed shows it.

use serde::Serialize;
use uuid::Uuid;

use super::PING;
use crate::{
    event::Bounce,
    ledger::{ClaimedDelivery, FeedEvent},
    message::CallerId,
    timestamp,
};

#[derive(Debug, Serialize)]
struct Message<'a> {
    r#type: String,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Event(Box<EventData<'a>>),
    Ping { webhook_id: Uuid },
}

/// The fields of an event in the feed. A test compares the two.
#[derive(Debug, Serialize)]
struct EventData<'a> {
    event_id: Uuid,
    occurred_at: String,
    id: Uuid,
    index: i32,
    email_id: Option<&'a CallerId>,
    email_recipient_id: Option<&'a CallerId>,
    recipient: Option<&'a str>,
    status: &'a str,
    message_id: Option<&'a str>,
    status_detail: Option<&'a str>,
    last_error: Option<&'a str>,
    queued_at: Option<String>,
    sent_at: Option<String>,
    client_env_id: Option<&'a CallerId>,
    project_id: Option<&'a CallerId>,
    closure_id: Option<&'a CallerId>,
    attempts: i32,
    sequence: i32,
    bounce: Option<&'a Bounce>,
    api_key_id: Uuid,
}

impl<'a> From<&'a FeedEvent> for EventData<'a> {
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
            api_key_id: event.api_key_id,
        }
    }
}

/// Returns the body of the message as JSON text.
pub fn body_of(delivery: &ClaimedDelivery) -> Result<String, serde_json::Error> {
    let message = match &delivery.event {
        Some(found) => Message {
            r#type: format!("mail.{}", found.event.kind),
            timestamp: timestamp::write(found.event.occurred_at),
            data: Data::Event(Box::new((&**found).into())),
        },
        None => Message {
            r#type: PING.to_owned(),
            timestamp: timestamp::write(delivery.claimed_at),
            data: Data::Ping {
                webhook_id: delivery.webhook_id,
            },
        },
    };
    serde_json::to_string(&message)
}
