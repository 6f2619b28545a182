//! A recipient after a move in the ledger: the form in which it is logged, counted and published.

use uuid::Uuid;

use crate::{Status, message::CallerId};

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
    /// Set only at an end.
    pub ended_at: Option<i64>,
    /// The id of this end; a later end of the same recipient has another one. Set only at an end.
    pub event_id: Option<Uuid>,
}
