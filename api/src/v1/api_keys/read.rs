//! Reads requests to create and to change API keys.

use mail::{
    api_key::{AddressRule, ApiKeySecret, Origin},
    change::Change,
    ledger::{KeyChanges, NewKey},
    limits::{LimitChanges, Limits},
    timestamp,
};

use super::types::{KeyName, MAX_LIMIT, MAX_RECIPIENTS_OF_REQUEST};
use crate::{
    request::{Node, ObjectNode},
    v1::values,
};

const MAX_ORIGINS: usize = 100;
const MAX_SENDERS: usize = 100;
const MAX_RECIPIENTS: usize = 100;
pub const NEEDS_SENDERS: &str = "need senders: every visitor of the page can read the key";
pub const NOT_IN_FUTURE: &str = "must be in the future";

pub fn new_key(object: &mut ObjectNode<'_>) -> NewKey {
    let changes = key_changes(object);
    let origins = object.optional("origins", origins).unwrap_or_default();
    let imported = object.optional("api_key", |node| {
        node.parsed(1000, |text| {
            ApiKeySecret::import(text)
                .ok_or("must have 20 to 255 printable ASCII characters and no spaces")
        })
    });
    let senders = changes.senders.of(None).unwrap_or_default();
    if !origins.is_empty() && senders.is_empty() {
        object.fault("senders", NEEDS_SENDERS);
    }
    // A program that sends with an imported secret knows of no limits.
    let takes_defaults = imported.is_none();
    let is_browser = !origins.is_empty();
    let before = if is_browser && takes_defaults {
        Limits::OF_BROWSER_KEY
    } else {
        Limits::NONE
    };
    NewKey {
        name: changes.name.of(None),
        senders,
        recipients: changes.recipients.of(None).unwrap_or_default(),
        takes_default_limits: takes_defaults && !is_browser && changes.limits == Change::Keep,
        limits: before.changed_by(changes.limits),
        expires_at: changes.expires_at.of(None),
        lists_of: object.optional("lists_of", values::key_id),
        origins,
        secret: imported.unwrap_or_else(ApiKeySecret::generate),
    }
}

/// Reads what can be given when a key is created and changed later.
pub fn key_changes(object: &mut ObjectNode<'_>) -> KeyChanges {
    KeyChanges {
        name: object.change("name", KeyName::read),
        senders: object.change("senders", |node| rules(node, MAX_SENDERS)),
        recipients: object.change("recipients", |node| rules(node, MAX_RECIPIENTS)),
        limits: object.change("limits", limits),
        expires_at: object.change("expires_at", |node| node.parsed(100, timestamp::parse)),
    }
}

fn rules(node: Node<'_>, most: usize) -> Option<Vec<AddressRule>> {
    node.list(0..=most, |node| {
        node.parsed(300, |text| {
            AddressRule::parse(text).ok_or("must be an address or @domain")
        })
    })
}

fn limits(node: Node<'_>) -> Option<LimitChanges> {
    let limit = |node: Node<'_>| {
        let number = node.integer(1..=MAX_LIMIT)?;
        i32::try_from(number).ok()
    };
    node.object(|object| {
        Some(LimitChanges {
            requests_per_minute: object.change("requests_per_minute", limit),
            recipients_per_minute: object.change("recipients_per_minute", limit),
            recipients_per_day: object.change("recipients_per_day", limit),
            recipients_per_request: object.change("recipients_per_request", |node| {
                let number = node.integer(1..=MAX_RECIPIENTS_OF_REQUEST)?;
                i32::try_from(number).ok()
            }),
        })
    })
}

pub fn origins(node: Node<'_>) -> Option<Vec<Origin>> {
    node.list(0..=MAX_ORIGINS, |node| node.parsed(300, Origin::parse))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{docs, request::parse};

    fn published(schema: &str, field: &str, limit: &str) -> usize {
        let limit = &docs::schema(schema)["properties"][field][limit];
        usize::try_from(limit.as_u64().expect("a limit")).unwrap()
    }

    async fn is_taken(field: &str, value: Value) -> bool {
        let mut body = json!({"senders": ["@example.com"]});
        body[field] = value;
        let parsed = parse(body.to_string().into_bytes(), |object| {
            Some(new_key(object))
        });
        parsed.await.is_ok()
    }

    #[tokio::test]
    async fn a_new_key_has_the_published_limits() {
        let text = |length: usize| json!("x".repeat(length));
        let origins = |count: usize| json!(vec!["https://app.example.com"; count]);
        let senders = |count: usize| json!(vec!["@example.com"; count]);
        for (field, limit, value) in [
            ("name", "maxLength", &text as &dyn Fn(usize) -> Value),
            ("api_key", "maxLength", &text),
            ("origins", "maxItems", &origins),
            ("senders", "maxItems", &senders),
            ("recipients", "maxItems", &senders),
        ] {
            let most = published("ApiKeyRequest", field, limit);
            assert!(is_taken(field, value(most)).await, "{field}: {most}");
            assert!(!is_taken(field, value(most + 1)).await, "{field}: {most}");
        }
        let least = published("ApiKeyRequest", "api_key", "minLength");
        assert!(is_taken("api_key", text(least)).await);
        assert!(!is_taken("api_key", text(least - 1)).await);
        assert_eq!(
            published("OriginsRequest", "origins", "maxItems"),
            MAX_ORIGINS
        );
    }
}
