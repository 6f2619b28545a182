//! Reads the bodies of requests about webhooks.

use mail::{
    event::EventKind,
    timestamp,
    webhooks::{Change, Reach, check_url},
};
use url::Url;
use uuid::Uuid;

use crate::request::{Node, ObjectNode};

/// The number of kinds that a request may list.
pub const MAX_STATUSES: usize = 20;

pub struct New {
    pub url: Url,
    pub statuses: Option<Vec<EventKind>>,
    pub api_key_id: Option<Uuid>,
}

/// The events that a replay sends again.
#[derive(Debug)]
pub enum What {
    Event(Uuid),
    Since(i64),
}

pub fn new_webhook(object: &mut ObjectNode<'_>, reach: Reach) -> Option<New> {
    let url = object.required("url", |node| url(node, reach));
    let statuses = object.optional("statuses", kinds);
    let api_key_id = object.optional("api_key_id", id);
    Some(New {
        url: url?,
        statuses,
        api_key_id,
    })
}

pub fn change(object: &mut ObjectNode<'_>, reach: Reach) -> Change {
    Change {
        url: object.optional("url", |node| url(node, reach)),
        statuses: object.optional("statuses", kinds),
        enabled: object.optional("enabled", boolean),
    }
}

pub fn to_replay(object: &mut ObjectNode<'_>) -> Option<What> {
    let has_both = object.has("event_id") && object.has("since");
    let event_id = object.optional("event_id", id).map(What::Event);
    let is_neither = event_id.is_none() && !object.has("since");
    let since = object
        .optional("since", |node| node.parsed(100, timestamp::parse))
        .map(What::Since);
    if has_both {
        object.fault("since", "cannot be given together with event_id");
    } else if is_neither {
        object.fault("since", "is required, or event_id");
    }
    event_id.or(since)
}

fn url(node: Node<'_>, reach: Reach) -> Option<Url> {
    node.parsed(mail::webhooks::MAX_URL, |text| check_url(text, reach))
}

fn kinds(node: Node<'_>) -> Option<Vec<EventKind>> {
    let listed = node.list(0..=MAX_STATUSES, |node| {
        node.parsed(100, |text| {
            text.parse::<EventKind>()
                .map_err(|_| "must be a kind of events, such as delivered")
        })
    });
    let mut listed = listed?;
    let mut seen = Vec::new();
    listed.retain(|kind| {
        let is_new = !seen.contains(kind);
        seen.push(*kind);
        is_new
    });
    Some(listed)
}

fn id(node: Node<'_>) -> Option<Uuid> {
    node.parsed(100, |text| {
        Uuid::parse_str(text).map_err(|_| "must be an id (UUID)")
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "each reader of a value takes it"
)]
fn boolean(node: Node<'_>) -> Option<bool> {
    match node.value.as_bool() {
        Some(value) => Some(value),
        None => node.fault("must be true or false"),
    }
}
