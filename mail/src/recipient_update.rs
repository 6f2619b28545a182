//! A recipient after a move in the ledger: the form in which it is logged, counted and published.

use uuid::Uuid;

use crate::{Status, event::Bounce, message::CallerId};

/// The state of one recipient after a move. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipientUpdate {
    pub mailing_id: Uuid,
    pub position: i32,
    /// `None` after the address was erased.
    pub mail: Option<String>,
    pub email_recipient_id: Option<CallerId>,
    pub status: Status,
    /// A text as in the ledger: another version may have written a code that this version does not know.
    pub status_detail: Option<String>,
    pub last_error: Option<String>,
    pub message_id: Option<String>,
    pub attempts: i32,
    pub queued_at: Option<i64>,
    pub sent_at: Option<i64>,
    /// The time of the event. Set only at an end.
    pub occurred_at: Option<i64>,
    /// The id of the event that moved the recipient. Set only at an end.
    pub event_id: Option<Uuid>,
    /// The number of that event among those of the recipient, from 1.
    pub sequence: i32,
    /// Set only if the mail bounced.
    pub bounce: Option<Bounce>,
}
