//! Webhooks: the addresses that events are sent to.

mod deliveries;
mod history;
mod insert;
mod replay;
mod tries;

use entity::{
    api_key,
    webhook::{ActiveModel, Column, Entity, Model},
    webhook_delivery, webhook_log,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use uuid::Uuid;

use super::{Ledger, Page, Transaction, read::page_of};
use crate::{
    error::Result,
    event::EventKind,
    webhooks::{Change, DisabledReason, NewWebhook, Webhook},
};

pub use deliveries::{ClaimedDelivery, IN_FLIGHT, Route};
pub use history::{HistoryEntry, TryEntry};
pub(super) use insert::{insert_deliveries, insert_moved_deliveries};
pub use replay::Replay;
pub use tries::{Recorded, Try, wait_after};

/// The maximum number of webhooks of a deployment: each event is compared with each of them.
const MOST_WEBHOOKS: u64 = 100;
/// The time for which the secret before a rotation still signs.
const GRACE_MS: i64 = 24 * 3600 * 1000;

/// What came of a new webhook.
#[derive(Debug)]
pub enum Created {
    Webhook(Webhook),
    /// There are as many webhooks as there may be.
    TooMany,
    /// There is no such API key.
    NoKey,
}

impl Ledger {
    pub async fn create_webhook(&self, new: NewWebhook) -> Result<Created> {
        let transaction = self.begin().await?;
        if Entity::find().count(&transaction).await? >= MOST_WEBHOOKS {
            transaction.rollback().await?;
            return Ok(Created::TooMany);
        }
        if let Some(key) = new.api_key_id
            && api_key::Entity::find_by_id(key)
                .one(&transaction)
                .await?
                .is_none_or(|key| key.revoked_at.is_some())
        {
            transaction.rollback().await?;
            return Ok(Created::NoKey);
        }
        let created_at = self.read_clock(&transaction).await?;
        let row = Model {
            id: Uuid::now_v7(),
            url: new.url.into(),
            statuses: new.statuses.as_deref().and_then(stored),
            api_key_id: new.api_key_id,
            secret: new.sealed_secret,
            previous_secret: None,
            previous_until: None,
            created_at,
            disabled_at: None,
            disabled_reason: None,
            failing_since: None,
            failures: 0,
            replay_after: None,
            replay_until: None,
            replay_since: None,
        };
        Entity::insert(ActiveModel::from(row.clone()).reset_all())
            .exec_without_returning(&transaction)
            .await?;
        self.note(&transaction, row.id, "created", None).await?;
        transaction.commit().await?;
        Ok(Created::Webhook(row.into()))
    }

    /// Returns webhooks, newest first.
    pub async fn webhooks(&self, after: Option<Uuid>, limit: u64) -> Result<Page<Webhook, Uuid>> {
        let mut query = Entity::find().order_by_desc(Column::Id).limit(limit + 1);
        if let Some(after) = after {
            query = query.filter(Column::Id.lt(after));
        }
        let rows = query.all(self.db().await?).await?;
        let webhooks = rows.into_iter().map(Webhook::from).collect();
        Ok(page_of(webhooks, limit, |webhook: &Webhook| webhook.id))
    }

    pub async fn webhook(&self, id: Uuid) -> Result<Option<Webhook>> {
        let row = Entity::find_by_id(id).one(self.db().await?).await?;
        Ok(row.map(Webhook::from))
    }

    /// Changes a webhook. One that is enabled counts as one that has not failed.
    pub async fn change_webhook(&self, id: Uuid, change: Change) -> Result<Option<Webhook>> {
        let transaction = self.begin().await?;
        let Some(before) = locked(&transaction, id).await? else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let mut update = Entity::update_many().col_expr(Column::Id, Expr::col(Column::Id));
        let mut is_changed = false;
        if let Some(url) = change.url.map(String::from)
            && url != before.url
        {
            update = update.col_expr(Column::Url, Expr::value(url));
            is_changed = true;
        }
        if let Some(statuses) = change.statuses.as_deref().map(stored)
            && statuses != before.statuses
        {
            update = update.col_expr(Column::Statuses, Expr::value(statuses));
            is_changed = true;
        }
        let is_enabled = before.disabled_at.is_none();
        match change.enabled {
            Some(true) if !is_enabled => {
                update = update
                    .col_expr(Column::DisabledAt, Expr::value(None::<i64>))
                    .col_expr(Column::DisabledReason, Expr::value(None::<String>))
                    .col_expr(Column::FailingSince, Expr::value(None::<i64>))
                    .col_expr(Column::Failures, Expr::value(0));
                self.note(&transaction, id, "enabled", None).await?;
            }
            Some(false) if is_enabled => {
                self.disable(&transaction, id, DisabledReason::Requested)
                    .await?;
            }
            Some(_) | None => {}
        }
        if is_changed {
            self.note(&transaction, id, "changed", None).await?;
        }
        update.filter(Column::Id.eq(id)).exec(&transaction).await?;
        transaction.commit().await?;
        self.webhook(id).await
    }

    /// Removes a webhook with its history. Returns whether there was one.
    pub async fn delete_webhook(&self, id: Uuid) -> Result<bool> {
        let transaction = self.begin().await?;
        let deleted = Entity::delete_by_id(id).exec(&transaction).await?;
        transaction.commit().await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Replaces the secret. The one before still signs for a day, and the one before that no longer.
    pub async fn rotate_webhook(&self, id: Uuid, sealed_secret: String) -> Result<Option<Webhook>> {
        let transaction = self.begin().await?;
        let rotated = Entity::update_many()
            .col_expr(Column::PreviousSecret, Expr::col(Column::Secret))
            .col_expr(Column::PreviousUntil, self.now().add(GRACE_MS))
            .col_expr(Column::Secret, Expr::value(sealed_secret))
            .filter(Column::Id.eq(id))
            .exec(&transaction)
            .await?;
        if rotated.rows_affected == 0 {
            transaction.rollback().await?;
            return Ok(None);
        }
        self.note(&transaction, id, "rotated", None).await?;
        transaction.commit().await?;
        self.webhook(id).await
    }

    /// Adds a row to the history of a webhook.
    async fn note(
        &self,
        transaction: &Transaction,
        id: Uuid,
        kind: &str,
        reason: Option<DisabledReason>,
    ) -> Result<()> {
        let at = self.read_clock(transaction).await?;
        webhook_log::Entity::insert(webhook_log::ActiveModel {
            webhook_id: Set(id),
            at: Set(at),
            kind: Set(kind.to_owned()),
            reason: Set(reason.map(|reason| reason.as_str().to_owned())),
            ..Default::default()
        })
        .exec_without_returning(transaction)
        .await?;
        Ok(())
    }

    /// Disables a webhook, which is locked. What it was still to be sent is removed by the sweep.
    async fn disable(
        &self,
        transaction: &Transaction,
        id: Uuid,
        reason: DisabledReason,
    ) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::DisabledAt, self.now())
            .col_expr(Column::DisabledReason, Expr::value(reason.as_str()))
            .col_expr(Column::ReplayAfter, Expr::value(None::<i64>))
            .filter(Column::Id.eq(id))
            .exec(transaction)
            .await?;
        self.note(transaction, id, "disabled", Some(reason)).await
    }

    /// Removes some of what is left of webhooks that are disabled or deleted, and returns whether there may be more.
    pub async fn remove_undeliverable(&self) -> Result<bool> {
        let live = Entity::find()
            .filter(Column::DisabledAt.is_null())
            .select_only()
            .column(Column::Id)
            .into_tuple::<Uuid>()
            .all(self.db().await?)
            .await?;
        let all = Entity::find()
            .select_only()
            .column(Column::Id)
            .into_tuple::<Uuid>()
            .all(self.db().await?)
            .await?;
        let mut more = self.remove_deliveries_except(&live).await?;
        more |= self.remove_history_except(&all).await?;
        Ok(more)
    }

    /// The webhooks with deliveries are found one after the other, in the order of the index.
    async fn remove_deliveries_except(&self, live: &[Uuid]) -> Result<bool> {
        use webhook_delivery::Column as Delivery;
        let mut after = None;
        while let Some(id) = self.next_with_deliveries(after).await? {
            after = Some(id);
            if live.contains(&id) {
                continue;
            }
            let some: Vec<Uuid> = webhook_delivery::Entity::find()
                .select_only()
                .column(Delivery::EventId)
                .filter(Delivery::WebhookId.eq(id))
                .order_by_asc(Delivery::DueAt)
                .limit(REMOVED)
                .into_tuple()
                .all(self.db().await?)
                .await?;
            let removed = webhook_delivery::Entity::delete_many()
                .filter(Delivery::WebhookId.eq(id))
                .filter(Delivery::EventId.is_in(some))
                .exec(self.db().await?)
                .await?;
            if removed.rows_affected == REMOVED {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn next_with_deliveries(&self, after: Option<Uuid>) -> Result<Option<Uuid>> {
        use webhook_delivery::Column as Delivery;
        let mut query = webhook_delivery::Entity::find()
            .select_only()
            .column(Delivery::WebhookId)
            .order_by_asc(Delivery::WebhookId)
            .limit(1);
        if let Some(after) = after {
            query = query.filter(Delivery::WebhookId.gt(after));
        }
        Ok(query.into_tuple().one(self.db().await?).await?)
    }

    async fn remove_history_except(&self, known: &[Uuid]) -> Result<bool> {
        use webhook_log::Column as Log;
        let mut after: Option<Uuid> = None;
        loop {
            let mut query = webhook_log::Entity::find()
                .select_only()
                .column(Log::WebhookId)
                .order_by_asc(Log::WebhookId)
                .limit(1);
            if let Some(after) = after {
                query = query.filter(Log::WebhookId.gt(after));
            }
            let next: Option<Uuid> = query.into_tuple().one(self.db().await?).await?;
            let Some(id) = next else {
                return Ok(false);
            };
            after = Some(id);
            if known.contains(&id) {
                continue;
            }
            let some: Vec<i64> = webhook_log::Entity::find()
                .select_only()
                .column(Log::Ordinal)
                .filter(Log::WebhookId.eq(id))
                .order_by_asc(Log::Ordinal)
                .limit(REMOVED)
                .into_tuple()
                .all(self.db().await?)
                .await?;
            let removed = webhook_log::Entity::delete_many()
                .filter(Log::Ordinal.is_in(some))
                .exec(self.db().await?)
                .await?;
            if removed.rows_affected == REMOVED {
                return Ok(true);
            }
        }
    }
}

/// The number of rows that one statement removes.
const REMOVED: u64 = 2_000;

/// Locks a webhook, so that two processes do not count its deliveries at the same time.
async fn locked(transaction: &Transaction, id: Uuid) -> Result<Option<Model>> {
    Ok(Entity::find_by_id(id)
        .lock_exclusive()
        .one(transaction)
        .await?)
}

/// Returns the kinds as they are stored; no kinds at all stand for every kind.
fn stored(kinds: &[EventKind]) -> Option<String> {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    (!names.is_empty()).then(|| format!(",{},", names.join(",")))
}

impl From<Model> for Webhook {
    fn from(row: Model) -> Self {
        let statuses = row.statuses.as_deref().map(|stored| {
            let names = stored.split(',').filter(|name| !name.is_empty());
            names.filter_map(|name| name.parse().ok()).collect()
        });
        Self {
            id: row.id,
            url: row.url,
            statuses: statuses.unwrap_or_default(),
            api_key_id: row.api_key_id,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
            disabled_reason: row.disabled_reason,
            failing_since: row.failing_since,
            previous_until: row.previous_until,
            is_replaying: row.replay_after.is_some(),
        }
    }
}
