//! The body of a message: the event in the form in which the feed shows it.

use serde::Serialize;
use uuid::Uuid;

use super::PING;
use crate::{
    event_message::EventMessage,
    ledger::{ClaimedDelivery, FeedEvent},
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
    #[serde(flatten)]
    message: EventMessage<'a>,
    api_key_id: Uuid,
}

impl<'a> From<&'a FeedEvent> for EventData<'a> {
    fn from(found: &'a FeedEvent) -> Self {
        Self {
            message: found.into(),
            api_key_id: found.event.api_key_id,
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
