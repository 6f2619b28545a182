//! Copies that are left out of a mail, because their addresses must not be mailed.

use std::collections::{BTreeSet, HashMap};

use entity::{
    event, mailing,
    recipient::{self, Column},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Ledger, Transaction,
    document::legible_envelope,
    events::{self, NewEvent},
};
use crate::{
    error::Result,
    event::{Detail, EventKind},
    message::Envelope,
    suppression::SuppressionScope,
};

impl Ledger {
    /// Returns the places of those copies whose addresses are suppressed. Copies belong to no list.
    pub async fn suppressed_copies(&self, envelope: &Envelope) -> Result<Vec<String>> {
        let (places, addresses): (Vec<_>, Vec<_>) = envelope.copies().unzip();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let scope = SuppressionScope::Everything;
        let suppressed = self.suppressed_among(&scope, &addresses).await?;
        let places = places.into_iter().zip(suppressed);
        Ok(places
            .filter_map(|(place, is_suppressed)| is_suppressed.then_some(place))
            .collect())
    }

    /// Adds the event that these copies are left out of the mail of a recipient. A place is named once, however often the
    /// mail is tried.
    pub async fn note_suppressed_copies(
        &self,
        mailing_id: Uuid,
        position: i32,
        places: &[String],
    ) -> Result<()> {
        let transaction = self.begin().await?;
        let row = recipient::Entity::find_by_id((mailing_id, position))
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let Some(row) = row else { return Ok(()) };
        let noted = noted(&transaction, mailing_id, position).await?;
        let places = places.iter().filter(|place| !noted.contains(*place));
        let detail = Detail {
            copies: places.cloned().collect(),
            ..Detail::default()
        };
        if !detail.copies.is_empty() {
            self.add_event(&transaction, row, EventKind::CopySuppressed, detail)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Returns the places of the copies that were left out of a single mail.
    pub async fn left_out_copies(&self, mailing_id: Uuid) -> Result<Vec<String>> {
        noted(self.db().await?, mailing_id, 0).await
    }

    /// Inserts an event of a recipient that does not move it. The row is locked.
    pub(super) async fn add_event(
        &self,
        transaction: &Transaction,
        mut row: recipient::Model,
        kind: EventKind,
        detail: Detail,
    ) -> Result<()> {
        row.events = row.all_events() + 1;
        recipient::Entity::update_many()
            .col_expr(Column::Events, Expr::value(row.events))
            .filter(Column::MailingId.eq(row.mailing_id))
            .filter(Column::Position.eq(row.position))
            .exec(transaction)
            .await?;
        let now = self.read_clock(transaction).await?;
        let detail = Some(&detail).filter(|detail| !detail.is_empty());
        let event = NewEvent::of(&row, Uuid::now_v7(), kind.as_str(), now, detail);
        events::add(transaction, &[event]).await
    }
}

async fn noted(db: &impl ConnectionTrait, mailing_id: Uuid, position: i32) -> Result<Vec<String>> {
    let rows = event::Entity::find()
        .filter(event::Column::MailingId.eq(mailing_id))
        .filter(event::Column::Position.eq(position))
        .filter(event::Column::Kind.eq(EventKind::CopySuppressed.as_str()))
        .order_by_asc(event::Column::Sequence)
        .all(db)
        .await?;
    let mut noted = Vec::new();
    for row in rows {
        noted.extend(events::detail(row.detail)?.copies);
    }
    Ok(noted)
}

/// Returns the envelopes of mailings, for the places of their copies.
pub(super) async fn envelopes(
    transaction: &Transaction,
    mailings: BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, Envelope>> {
    if mailings.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = mailing::Entity::find()
        .filter(mailing::Column::Id.is_in(mailings))
        .all(transaction)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, legible_envelope(row.envelope)))
        .collect())
}
