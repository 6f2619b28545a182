//! The number of recipients that wait, and the age of the oldest.

use entity::recipient::{Column, Entity, Status};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
    sea_query::{CaseStatement, Expr, Func},
};

use super::{Ledger, is_in};
use crate::error::Result;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub queued: u64,
    pub sending: u64,
    /// The queued recipients that are due.
    pub due: u64,
    pub oldest_due_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct QueuedRow {
    queued: i64,
    due: i64,
    oldest_due_at: Option<i64>,
}

impl Ledger {
    pub(super) async fn waiting(&self) -> Result<Waiting> {
        let db = self.db().await?;
        let queued = self.queued().into_model::<QueuedRow>().one(db).await?;
        let sending: Option<i64> = sending().into_tuple().one(db).await?;
        Ok(queued.map_or_else(Waiting::default, |row| Waiting {
            queued: row.queued.unsigned_abs(),
            sending: sending.unwrap_or_default().unsigned_abs(),
            due: row.due.unsigned_abs(),
            oldest_due_at: row.oldest_due_at,
        }))
    }

    pub(super) fn queued(&self) -> Select<Entity> {
        let of_due = |value: Expr| CaseStatement::new().case(self.is_over(Column::DueAt), value);
        Entity::find()
            .select_only()
            .expr_as(Column::DueAt.count(), "queued")
            .expr_as(Func::count(of_due(Expr::val(1))), "due")
            .expr_as(Func::min(of_due(Expr::col(Column::DueAt))), "oldest_due_at")
            .filter(is_in([Status::Queued]))
    }
}

pub(super) fn sending() -> Select<Entity> {
    Entity::find()
        .select_only()
        .expr(Column::LeaseUntil.count())
        .filter(is_in([Status::Sending]))
}
