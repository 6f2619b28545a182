//! Webhooks: events are posted to addresses that an administrator has given, signed after the specification of
//! Standard Webhooks (<https://github.com/standard-webhooks/standard-webhooks>).
//!
//! Nobody waits for a webhook: what is to be sent is in the ledger, and tasks of a process send it, or hand it over to a
//! function that does.

mod body;
mod hand_over;
mod manage;
mod outcomes;
mod secret;
mod send;
mod sign;
mod url;

use ::url::Url;
use strum::{Display, EnumString, IntoStaticStr};
use uuid::Uuid;

pub use self::url::{MAX_LENGTH as MAX_URL, check_url};
use crate::event::EventKind;
pub use secret::WebhookSecret;
pub use send::WebhookSender;
pub use webhook::Reach;

/// The kind of a delivery that is no event, but a test.
pub const PING: &str = "ping";

/// A webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: Uuid,
    pub url: String,
    /// The kinds of events that are sent; all of them if there is none.
    pub statuses: Vec<EventKind>,
    /// Set if only events of this API key are sent.
    pub api_key_id: Option<Uuid>,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    /// A text as in the ledger: another version may have written a reason that this version does not know.
    pub disabled_reason: Option<String>,
    /// The time of the first failure since the last success.
    pub failing_since: Option<i64>,
    /// Until then the secret before the last rotation signs as well.
    pub previous_until: Option<i64>,
    /// `true` while events are made ready to be sent again.
    pub is_replaying: bool,
}

/// A webhook to be created.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    pub url: Url,
    pub statuses: Option<Vec<EventKind>>,
    pub api_key_id: Option<Uuid>,
    /// Sealed with the secret of the deployment.
    pub sealed_secret: String,
}

/// What is to be changed of a webhook.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub url: Option<Url>,
    /// No kinds at all stand for every kind.
    pub statuses: Option<Vec<EventKind>>,
    pub enabled: Option<bool>,
}

/// The reason for which nothing more is sent to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DisabledReason {
    /// An administrator has disabled it.
    Requested,
    /// Its answer was 410.
    Gone,
    /// It has failed for days.
    Failing,
}

impl DisabledReason {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
