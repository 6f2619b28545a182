//! Replays: events that are sent to a webhook again.
//!
//! The events since a time are not all made deliveries at once: a step is taken when few of the ones before are left, so
//! that a replay of a month holds up no new event for long.

use entity::{
    event,
    webhook::{Column, Entity, Model},
    webhook_delivery,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{insert::takes, locked};
use crate::{
    error::Result,
    ledger::{Ledger, Transaction},
};

/// The number of events that one step of a replay looks at.
const STEP: u64 = 500;
/// Events are in the order in which they were added, except those of transactions that ran at the same time.
const OVERLAP_MS: i64 = 60_000;

/// What came of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    Begun,
    /// There is no such webhook.
    NoWebhook,
    /// Nothing is sent to a webhook that is disabled.
    Disabled,
    /// The event is not kept, or is none of the webhook's API key.
    NoEvent,
}

impl Ledger {
    /// Sends one event again, even if it is of a kind that the webhook is not sent.
    pub async fn replay_event(&self, id: Uuid, event_id: Uuid) -> Result<Replay> {
        let transaction = self.begin().await?;
        let webhook = match to_replay(&transaction, id).await? {
            Ok(webhook) => webhook,
            Err(reason) => {
                transaction.rollback().await?;
                return Ok(reason);
            }
        };
        let found = event::Entity::find()
            .filter(event::Column::Id.eq(event_id))
            .one(&transaction)
            .await?;
        let is_own =
            |event: &event::Model| webhook.api_key_id.is_none_or(|key| key == event.api_key_id);
        if !found.as_ref().is_some_and(is_own) {
            transaction.rollback().await?;
            return Ok(Replay::NoEvent);
        }
        self.add_delivery(&transaction, id, event_id, false).await?;
        transaction.commit().await?;
        Ok(Replay::Begun)
    }

    /// Begins to send the events again that were added since that time. A replay that is under way is replaced.
    pub async fn replay_since(&self, id: Uuid, since: i64) -> Result<Replay> {
        let last = self.last_ordinal().await?;
        let after = self
            .ordinal_before(since.saturating_sub(OVERLAP_MS), last)
            .await?;
        let transaction = self.begin().await?;
        if let Err(reason) = to_replay(&transaction, id).await? {
            transaction.rollback().await?;
            return Ok(reason);
        }
        Entity::update_many()
            .col_expr(Column::ReplayAfter, Expr::value(after))
            .col_expr(Column::ReplayUntil, Expr::value(last))
            .col_expr(Column::ReplaySince, Expr::value(since))
            .filter(Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        self.note(&transaction, id, "replayed", None).await?;
        transaction.commit().await?;
        Ok(Replay::Begun)
    }

    /// Inserts a ping, and returns whether it will be sent.
    pub async fn ping_webhook(&self, id: Uuid, event_id: Uuid) -> Result<Replay> {
        let transaction = self.begin().await?;
        if let Err(reason) = to_replay(&transaction, id).await? {
            transaction.rollback().await?;
            return Ok(reason);
        }
        self.add_delivery(&transaction, id, event_id, true).await?;
        transaction.commit().await?;
        Ok(Replay::Begun)
    }

    /// Adds a delivery that is due now. One that waits for its next try is due now, too, and begins anew.
    async fn add_delivery(
        &self,
        transaction: &Transaction,
        webhook_id: Uuid,
        event_id: Uuid,
        is_ping: bool,
    ) -> Result<()> {
        use webhook_delivery::Column as Delivery;
        let now = self.read_clock(transaction).await?;
        let again = [Delivery::DueAt, Delivery::Tries];
        webhook_delivery::Entity::insert(webhook_delivery::ActiveModel {
            event_id: Set(event_id),
            webhook_id: Set(webhook_id),
            is_ping: Set(is_ping),
            added_at: Set(now),
            due_at: Set(now),
            tries: Set(0),
            token: Set(None),
            lease_until: Set(None),
        })
        .on_conflict(
            OnConflict::columns([Delivery::EventId, Delivery::WebhookId])
                .update_columns(again)
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
        Ok(())
    }

    /// Takes one step of a replay if nothing else is due, and returns whether it did.
    pub async fn replay_some(&self, id: Uuid) -> Result<bool> {
        let transaction = self.begin().await?;
        let Some(webhook) = locked(&transaction, id).await? else {
            transaction.rollback().await?;
            return Ok(false);
        };
        let (Some(after), Some(until)) = (webhook.replay_after, webhook.replay_until) else {
            transaction.rollback().await?;
            return Ok(false);
        };
        if self.has_due(&transaction, id).await? {
            transaction.rollback().await?;
            return Ok(false);
        }
        let ordinals: Vec<i64> = event::Entity::find()
            .select_only()
            .column(event::Column::Ordinal)
            .filter(event::Column::Ordinal.gt(after))
            .filter(event::Column::Ordinal.lte(until))
            .order_by_asc(event::Column::Ordinal)
            .limit(STEP)
            .into_tuple()
            .all(&transaction)
            .await?;
        let reached = ordinals.last().copied();
        if let Some(reached) = reached {
            self.add_range(&transaction, &webhook, after, reached)
                .await?;
        }
        let next = reached.filter(|_| ordinals.len() as u64 == STEP);
        Entity::update_many()
            .col_expr(Column::ReplayAfter, Expr::value(next))
            .filter(Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn has_due(&self, transaction: &Transaction, id: Uuid) -> Result<bool> {
        use webhook_delivery::Column as Delivery;
        let due = webhook_delivery::Entity::find()
            .filter(Delivery::WebhookId.eq(id))
            .filter(self.is_over(Delivery::DueAt))
            .limit(1)
            .one(transaction);
        Ok(due.await?.is_some())
    }

    async fn add_range(
        &self,
        transaction: &Transaction,
        webhook: &Model,
        after: i64,
        until: i64,
    ) -> Result<()> {
        let now = self.read_clock(transaction).await?;
        let sql = format!(
            "INSERT INTO webhook_delivery (event_id, webhook_id, added_at, due_at) \
             SELECT e.id, w.id, $1, $1 FROM webhook AS w CROSS JOIN event AS e \
             WHERE w.id = $2 AND e.ordinal > $3 AND e.ordinal <= $4 \
               AND e.added_at >= COALESCE(w.replay_since, 0) AND {} \
             ON CONFLICT (event_id, webhook_id) DO UPDATE SET due_at = excluded.due_at, tries = 0",
            takes("e.kind", "e.api_key_id"),
        );
        let values = [now.into(), webhook.id.into(), after.into(), until.into()];
        let backend = transaction.get_database_backend();
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
        Ok(())
    }

    /// Returns the ordinal of the last event, or 0.
    async fn last_ordinal(&self) -> Result<i64> {
        let last: Option<i64> = event::Entity::find()
            .select_only()
            .column(event::Column::Ordinal)
            .order_by_desc(event::Column::Ordinal)
            .limit(1)
            .into_tuple()
            .one(self.db().await?)
            .await?;
        Ok(last.unwrap_or(0))
    }

    /// Returns the ordinal of an event up to `last` that was added before that time, or 0: by halves, for the ordinals are
    /// about in the order of the times, which no index has.
    async fn ordinal_before(&self, time: i64, last: i64) -> Result<i64> {
        let (mut low, mut high) = (0, last);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.event_after(middle).await? {
                Some((ordinal, added_at)) if added_at < time => low = ordinal,
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    async fn event_after(&self, ordinal: i64) -> Result<Option<(i64, i64)>> {
        Ok(event::Entity::find()
            .select_only()
            .columns([event::Column::Ordinal, event::Column::AddedAt])
            .filter(event::Column::Ordinal.gt(ordinal))
            .order_by_asc(event::Column::Ordinal)
            .limit(1)
            .into_tuple()
            .one(self.db().await?)
            .await?)
    }
}

async fn to_replay(transaction: &Transaction, id: Uuid) -> Result<Result<Model, Replay>> {
    Ok(match locked(transaction, id).await? {
        None => Err(Replay::NoWebhook),
        Some(webhook) if webhook.disabled_at.is_some() => Err(Replay::Disabled),
        Some(webhook) => Ok(webhook),
    })
}
