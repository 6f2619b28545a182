//! Requests and answers of the operations on webhooks.

use mail::{
    ledger::HistoryEntry,
    webhooks::{PING, Webhook, WebhookSecret},
};
use poem_openapi::Object;
use uuid::Uuid;

use crate::v1::{
    events::EventName,
    text::{HttpsUrl, Text},
    types::Timestamp,
};

/// A new webhook.
#[derive(Clone, Debug, Object)]
pub struct WebhookRequest {
    /// The URL that events are posted to, of HTTPS and at a public address. It may have a query, but no user name,
    /// password or fragment. Without a mail system, on the machine of the service only, HTTP to this machine is
    /// accepted as well.
    pub url: Text<HttpsUrl>,
    /// The kinds of events that are sent. All of them, also those of later versions, if it is absent or empty.
    #[oai(validator(max_items = 20))]
    pub statuses: Option<Vec<EventName>>,
    /// Only events of mailings that this API key submitted, given by its id.
    pub api_key_id: Option<Uuid>,
}

/// What is to be changed of a webhook.
#[derive(Clone, Debug, Object)]
#[oai(rename = "WebhookChangeRequest")]
pub struct ChangeRequest {
    /// A new URL.
    pub url: Option<Text<HttpsUrl>>,
    /// The kinds of events that are sent; all of them if it is empty.
    #[oai(validator(max_items = 20))]
    pub statuses: Option<Vec<EventName>>,
    /// `false` disables the webhook, `true` enables it.
    pub enabled: Option<bool>,
}

/// The events to send again: either one, or all since a time.
#[derive(Clone, Debug, Object)]
pub struct ReplayRequest {
    /// Events that were added at this time or later.
    pub since: Option<Timestamp>,
    /// The id of the one event to send again.
    pub event_id: Option<Uuid>,
}

/// A webhook, without its secret.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Webhook")]
pub struct WebhookOut {
    /// The id of the webhook.
    pub id: Uuid,
    /// The URL to which events are posted.
    pub url: String,
    /// The kinds of events that are sent; all of them if it is empty.
    pub statuses: Vec<EventName>,
    /// If it is set, only events of mailings that this API key submitted are sent.
    pub api_key_id: Option<Uuid>,
    /// `false` if nothing is posted.
    pub enabled: bool,
    /// The time at which the webhook was created.
    pub created_at: Timestamp,
    /// The time at which the webhook was disabled; null if it is enabled.
    pub disabled_at: Option<Timestamp>,
    /// The reason for which the webhook is disabled: `requested`, `gone` (its answer was 410) or `failing` (it has
    /// failed for five days). A later version may have other reasons. Null if it is enabled.
    pub disabled_reason: Option<String>,
    /// The time of the first failure since the last success; null if the last try was a success.
    pub failing_since: Option<Timestamp>,
    /// Until this time, messages have a signature of the secret before the last rotation, too; null if it has passed.
    pub previous_secret_until: Option<Timestamp>,
    /// `true` while the events of a replay are made ready to be sent.
    pub replaying: bool,
}

impl From<Webhook> for WebhookOut {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            statuses: webhook.statuses.into_iter().map(EventName::from).collect(),
            api_key_id: webhook.api_key_id,
            enabled: webhook.disabled_at.is_none(),
            created_at: webhook.created_at.into(),
            disabled_at: webhook.disabled_at.map(Timestamp::from),
            disabled_reason: webhook.disabled_reason,
            failing_since: webhook.failing_since.map(Timestamp::from),
            previous_secret_until: webhook.previous_until.map(Timestamp::from),
            replaying: webhook.is_replaying,
        }
    }
}

/// A webhook with its secret, which is shown only once.
#[derive(Clone, Debug, Object)]
#[oai(rename = "WebhookWithSecret")]
pub struct WithSecret {
    /// The id of the webhook.
    pub id: Uuid,
    /// The secret that messages are signed with: `whsec_` and 32 bytes in Base64.
    pub secret: String,
    /// The webhook.
    pub webhook: WebhookOut,
}

impl WithSecret {
    pub fn new(webhook: Webhook, secret: &WebhookSecret) -> Self {
        Self {
            id: webhook.id,
            secret: secret.expose(),
            webhook: webhook.into(),
        }
    }
}

/// A ping that is being sent.
#[derive(Clone, Debug, Object)]
#[oai(rename = "WebhookPing")]
pub struct Ping {
    /// The `webhook-id` of the ping.
    pub event_id: Uuid,
}

/// An entry of the history of a webhook: a try to send an event, or a change of the webhook itself.
#[derive(Clone, Debug, Object)]
#[oai(rename = "WebhookDelivery")]
pub struct EntryOut {
    /// The time of the try, or of the change.
    pub at: Timestamp,
    /// `try`, or what was done to the webhook: `created`, `changed`, `rotated`, `disabled`, `enabled` or `replayed`. A
    /// later version may have others.
    pub kind: String,
    /// The reason for which the webhook was disabled; null for other entries.
    pub reason: Option<String>,
    /// Null unless the entry is a try, as are the following fields.
    pub event_id: Option<Uuid>,
    /// The `type` of the message, such as `mail.delivered`, or `ping`.
    pub event_type: Option<String>,
    /// The number of the try, from 1.
    pub attempt: Option<i32>,
    /// The HTTP status of the answer; null if there was none.
    pub http_status: Option<i32>,
    /// The reason for which there was no answer: `name_not_found`, `address_refused` (the host is at private addresses
    /// only), `connection_failed`, `tls_failed`, `no_answer` or `timed_out` (after 15 seconds). A later version may have
    /// others.
    pub failure: Option<String>,
    /// How long the receiver took to answer, in milliseconds; null for a change.
    pub duration_ms: Option<i64>,
    /// The time of the next try; null if the event arrived, or is not tried again.
    pub next_attempt_at: Option<Timestamp>,
}

impl From<HistoryEntry> for EntryOut {
    fn from(entry: HistoryEntry) -> Self {
        let attempt = entry.attempt.as_ref();
        Self {
            at: entry.at.into(),
            kind: entry.kind.clone(),
            reason: entry.reason.clone(),
            event_id: attempt.map(|attempt| attempt.event_id),
            event_type: attempt.map(|attempt| match attempt.event_kind.as_str() {
                PING => PING.to_owned(),
                kind => format!("mail.{kind}"),
            }),
            attempt: attempt.map(|attempt| attempt.number),
            http_status: attempt.and_then(|attempt| attempt.status),
            failure: attempt.and_then(|attempt| attempt.failure.clone()),
            duration_ms: attempt.map(|attempt| attempt.duration_ms),
            next_attempt_at: attempt
                .and_then(|attempt| attempt.next_at)
                .map(Timestamp::from),
        }
    }
}
