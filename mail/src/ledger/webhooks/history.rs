//! The history of a webhook: each try to send an event, and each change of the webhook itself.

use std::time::Duration;

use entity::webhook_log::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use super::REMOVED;
use crate::{
    error::Result,
    ledger::{Ledger, Page, read::page_of},
};

/// An entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub at: i64,
    /// `try`, or what was done to the webhook.
    pub kind: String,
    pub reason: Option<String>,
    pub attempt: Option<TryEntry>,
    ordinal: i64,
}

/// A try to send an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryEntry {
    pub event_id: Uuid,
    /// The kind of the event, or `ping`.
    pub event_kind: String,
    /// The number of the try, from 1.
    pub number: i32,
    pub status: Option<i32>,
    pub failure: Option<String>,
    pub duration_ms: i64,
    /// The time of the next try; none if the event arrived, or is given up.
    pub next_at: Option<i64>,
}

impl From<Model> for HistoryEntry {
    fn from(row: Model) -> Self {
        let attempt = row.event_id.map(|event_id| TryEntry {
            event_id,
            event_kind: row.event_kind.unwrap_or_default(),
            number: row.number.unwrap_or_default(),
            status: row.status,
            failure: row.failure,
            duration_ms: row.duration_ms.unwrap_or_default(),
            next_at: row.next_at,
        });
        Self {
            at: row.at,
            kind: row.kind,
            reason: row.reason,
            attempt,
            ordinal: row.ordinal,
        }
    }
}

impl Ledger {
    /// Returns entries of the history of a webhook, newest first.
    pub async fn webhook_history(
        &self,
        id: Uuid,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Page<HistoryEntry, i64>> {
        let mut query = Entity::find()
            .filter(Column::WebhookId.eq(id))
            .order_by_desc(Column::Ordinal)
            .limit(limit + 1);
        if let Some(after) = after {
            query = query.filter(Column::Ordinal.lt(after));
        }
        let rows = query.all(self.db().await?).await?;
        let entries = rows.into_iter().map(HistoryEntry::from).collect();
        Ok(page_of(entries, limit, |entry: &HistoryEntry| {
            entry.ordinal
        }))
    }

    /// Removes some entries that are older than `keep`, and returns whether there may be more.
    pub async fn remove_old_history(&self, keep: Duration) -> Result<bool> {
        let before = self.ago(keep).await?;
        let db = self.db().await?;
        let sql = "DELETE FROM webhook_log WHERE ordinal IN (SELECT ordinal FROM (\
                     SELECT ordinal, at FROM webhook_log ORDER BY ordinal LIMIT $2) AS oldest WHERE at <= $1)";
        let number = i64::try_from(REMOVED).unwrap_or(i64::MAX);
        let statement = Statement::from_sql_and_values(
            db.get_database_backend(),
            sql,
            [before.into(), number.into()],
        );
        Ok(db.execute_raw(statement).await?.rows_affected() == REMOVED)
    }
}
