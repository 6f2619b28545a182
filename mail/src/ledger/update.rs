//! Conversion of rows of recipients to the domain's updates.

use entity::recipient::Model;

use super::document::caller_id;
use crate::recipient_update::RecipientUpdate;

impl From<Model> for RecipientUpdate {
    fn from(row: Model) -> Self {
        Self {
            mailing_id: row.mailing_id,
            position: row.position,
            mail: row.mail,
            email_recipient_id: caller_id(row.email_recipient_id).unwrap_or_default(),
            status: row.status,
            status_detail: row.status_detail,
            last_error: row.last_error,
            message_id: row.message_id,
            attempts: row.attempts,
            queued_at: row.queued_at,
            sent_at: row.sent_at,
            occurred_at: row.ended_at,
            event_id: row.event_id,
            sequence: row.events,
            bounce: None,
        }
    }
}

pub(super) fn updates(rows: Vec<Model>) -> Vec<RecipientUpdate> {
    rows.into_iter().map(RecipientUpdate::from).collect()
}
