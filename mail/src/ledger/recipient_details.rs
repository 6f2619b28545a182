//! One recipient with all that is known of it.

use entity::{
    event, mailing,
    recipient::{self, Status},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    FeedEvent, Ledger, RecipientView, Scope,
    document::{legible_envelope, stored_recipient},
    read::{of_scope, view},
};
use crate::{error::Result, message::Recipient};

#[derive(Debug)]
pub struct RecipientDetails {
    pub view: RecipientView,
    /// The earliest time of the next attempt; `None` if the recipient is not queued.
    pub next_attempt_at: Option<i64>,
    /// In their order.
    pub events: Vec<FeedEvent>,
    /// The recipient as it was submitted; `None` if its address was removed, or cannot be read.
    pub submitted: Option<Recipient>,
}

impl Ledger {
    /// Returns `None` if there is no such recipient in the scope.
    pub async fn recipient_details(
        &self,
        scope: Scope,
        mailing_id: Uuid,
        position: i32,
    ) -> Result<Option<RecipientDetails>> {
        let db = self.db().await?;
        let mailing = mailing::Entity::find_by_id(mailing_id)
            .filter(of_scope(scope))
            .one(db)
            .await?;
        let Some(mailing) = mailing else {
            return Ok(None);
        };
        let row = recipient::Entity::find_by_id((mailing_id, position))
            .one(db)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let events = event::Entity::find()
            .filter(event::Column::MailingId.eq(mailing_id))
            .filter(event::Column::Position.eq(position))
            .order_by_asc(event::Column::Sequence)
            .all(db)
            .await?;
        let envelope = legible_envelope(mailing.envelope);
        Ok(Some(RecipientDetails {
            next_attempt_at: (row.status == Status::Queued).then_some(row.due_at),
            events: self.with_recipients(events).await?,
            submitted: stored_recipient(row.clone()),
            view: view(row, &envelope),
        }))
    }
}
