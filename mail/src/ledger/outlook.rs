//! The facts from which a dry run tells what would become of a request. Nothing is written.

use entity::{
    pace,
    recipient::{Column, Entity, Status},
};
use sea_orm::{
    EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait, Select, Statement,
};

use super::{Ledger, is_in};
use crate::error::Result;

/// The largest number of recipients that are counted as waiting, so that the count takes no longer than a page does.
pub(super) const MOST_COUNTED: u64 = 100_000;

/// What waits before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The database's time.
    pub now: i64,
    /// The time from which the transport is called again, if it is held.
    pub held_until: i64,
    /// The number of recipients that may be sent to now, or at least [`MOST_COUNTED`].
    pub due: u64,
}

#[derive(FromQueryResult)]
struct DueRow {
    due: i64,
}

impl Ledger {
    pub async fn outlook(&self) -> Result<Outlook> {
        let db = self.db().await?;
        let now = self.read_clock(db).await?;
        let held: Option<(i32, i64)> = pace::Entity::find()
            .select_only()
            .columns([pace::Column::Holds, pace::Column::HeldUntil])
            .into_tuple()
            .one(db)
            .await?;
        let held_until = held.map_or(0, |(holds, until)| if holds > 0 { until / 1000 } else { 0 });
        let mut due: Statement = self.due_for_count().build(db.get_database_backend());
        due.sql = format!("SELECT COUNT(*) AS due FROM ({}) AS due", due.sql);
        let due = DueRow::find_by_statement(due).one(db).await?;
        Ok(Outlook {
            now,
            held_until,
            due: due.map_or(0, |row| row.due.unsigned_abs()),
        })
    }

    /// Selects a column of the index, so that no row is read.
    pub(super) fn due_for_count(&self) -> Select<Entity> {
        Entity::find()
            .select_only()
            .column(Column::DueAt)
            .filter(is_in([Status::Queued]))
            .filter(self.is_over(Column::DueAt))
            .limit(MOST_COUNTED)
    }
}
