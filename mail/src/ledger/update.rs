//! Conversion of rows of recipients to the domain's updates.

use entity::{Document, recipient::Model};
use serde::Deserialize;

use crate::{message::CallerId, recipient_update::RecipientUpdate};

impl From<Model> for RecipientUpdate {
    fn from(row: Model) -> Self {
        let id = row.email_recipient_id.and_then(Document::readable);
        Self {
            mailing_id: row.mailing_id,
            position: row.position,
            mail: row.mail,
            email_recipient_id: id.and_then(|id| CallerId::deserialize(&id).ok()),
            status: row.status,
            status_detail: row.status_detail,
            last_error: row.last_error,
            message_id: row.message_id,
            attempts: row.attempts,
            queued_at: row.queued_at,
            sent_at: row.sent_at,
            ended_at: row.ended_at,
            event_id: row.event_id,
        }
    }
}

pub(super) fn updates(rows: Vec<Model>) -> Vec<RecipientUpdate> {
    rows.into_iter().map(RecipientUpdate::from).collect()
}
