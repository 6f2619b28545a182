//! The two messages between the program that signs and the program that posts, as they are in the queues: a message to
//! be posted, and the report of what came of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::message::{Outcome, SignedMessage};

/// The age at which a signed message is not posted any more. Receivers refuse a signature after five minutes, and the
/// post itself takes time.
pub const STALE: Duration = Duration::from_mins(4);

/// One try to send an event to a webhook. A report names it, so that a late one changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub webhook_id: Uuid,
    pub event_id: Uuid,
    pub token: Uuid,
    /// The number of the try, from 1.
    pub number: i32,
    /// The kind of the event, or `ping`.
    pub kind: String,
    /// The time of the claim and of the signature, in milliseconds since 1970.
    pub signed_at: i64,
}

/// A message to be posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    #[serde(flatten)]
    pub attempt: Attempt,
    #[serde(flatten)]
    pub message: SignedMessage,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    #[serde(flatten)]
    pub attempt: Attempt,
    #[serde(flatten)]
    pub ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It was posted.
    Outcome(Outcome),
    /// It was not posted, which is no try.
    Unsent(Unsent),
}

/// The reason for which a message was not posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unsent {
    /// It has waited for so long that its signature may be refused.
    Stale,
}

impl Posting {
    /// Returns whether the message is too old to be posted at this time, in milliseconds since 1970.
    pub fn is_stale(&self, now: i64) -> bool {
        let age = u64::try_from(now.saturating_sub(self.attempt.signed_at)).unwrap_or(0);
        Duration::from_millis(age) > STALE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Failure;

    fn posting() -> Posting {
        Posting {
            attempt: Attempt {
                webhook_id: Uuid::from_u128(1),
                event_id: Uuid::from_u128(2),
                token: Uuid::from_u128(3),
                number: 1,
                kind: "sent".to_owned(),
                signed_at: 1_000_000,
            },
            message: SignedMessage {
                url: "https://example.com/hook".to_owned(),
                headers: [("webhook-id".to_owned(), "2".to_owned())].into(),
                body: "{}".to_owned(),
            },
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let posting = posting();
        let text = serde_json::to_string(&posting).unwrap();
        assert_eq!(serde_json::from_str::<Posting>(&text).unwrap(), posting);
        let failed = Outcome {
            status: None,
            failure: Some(Failure::TimedOut),
            duration_ms: 15_000,
        };
        for (ending, expected) in [
            (
                Ending::Outcome(failed),
                r#""outcome":{"status":null,"failure":"timed_out","duration_ms":15000}"#,
            ),
            (Ending::Unsent(Unsent::Stale), r#""unsent":"stale""#),
        ] {
            let report = Report {
                attempt: posting.attempt.clone(),
                ending,
            };
            let text = serde_json::to_string(&report).unwrap();
            assert!(text.contains(expected), "{text}");
            assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
        }
    }

    #[test]
    fn a_message_is_stale_when_its_signature_is_older_than_four_minutes() {
        let posting = posting();
        let after = |seconds: i64| posting.attempt.signed_at + 1000 * seconds;
        assert!(!posting.is_stale(after(-60)) && !posting.is_stale(after(240)));
        assert!(posting.is_stale(after(240) + 1));
    }
}
