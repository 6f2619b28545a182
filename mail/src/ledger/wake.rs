//! Wake-ups for ranges of due recipients: the sweep and the poll enqueue a wake-up for each range.

use std::time::Duration;

use entity::recipient::{Column, Entity, Status};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::{Ledger, expiry::STEP};
use crate::{
    error::Result,
    timestamp::milliseconds,
    wake_up::{Range, WAKE_SPAN, WakeUp},
};

/// Selects due recipients by the time of their last wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WokenBefore {
    /// Recipients for which no wake-up was enqueued since they became due again.
    Never,
    /// Recipients whose last wake-up is older than this, so it must have been lost.
    Ago(Duration),
    /// All due recipients: the queue is known to be empty.
    AnyTime,
}

#[derive(FromQueryResult)]
struct RangeRow {
    mailing_id: Uuid,
    api_key_id: Uuid,
    first: i32,
    last: i32,
}

impl From<RangeRow> for WakeUp {
    fn from(row: RangeRow) -> Self {
        let range = Range {
            mailing_id: row.mailing_id,
            first: row.first,
            last: row.last,
        };
        Self {
            range,
            api_key_id: row.api_key_id,
        }
    }
}

impl Ledger {
    /// Returns ranges of recipients that are due and not leased, and marks them as woken.
    pub async fn wake_due(&self, woken: WokenBefore) -> Result<Vec<WakeUp>> {
        let db = self.db().await?;
        let mut due = Entity::find()
            .select_only()
            .columns([Column::MailingId, Column::Position])
            .filter(self.is_due())
            .order_by_asc(Column::DueAt)
            .limit(STEP);
        match woken {
            WokenBefore::Never => due = due.filter(Column::WokenAt.is_null()),
            WokenBefore::Ago(age) => {
                let before = self.now().sub(milliseconds(age));
                due = due.filter(Expr::col(Column::WokenAt).lte(before));
            }
            WokenBefore::AnyTime => {}
        }
        let mut statement: Statement = due.build(db.get_database_backend());
        statement.sql = format!(
            "SELECT mailing_id, api_key_id, MIN(position) AS first, MAX(position) AS last FROM ({}) AS due \
             JOIN mailing ON mailing.id = due.mailing_id \
             GROUP BY mailing_id, api_key_id, position / {WAKE_SPAN} ORDER BY mailing_id, first",
            statement.sql
        );
        let rows = RangeRow::find_by_statement(statement).all(db).await?;
        let wake_ups: Vec<WakeUp> = rows.into_iter().map(WakeUp::from).collect();
        for wake_up in &wake_ups {
            self.mark_woken(wake_up.range).await?;
        }
        Ok(wake_ups)
    }

    async fn mark_woken(&self, range: Range) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::WokenAt, self.now())
            .filter(Column::MailingId.eq(range.mailing_id))
            .filter(Column::Position.between(range.first, range.last))
            .filter(Column::Status.eq(Status::Queued))
            // Recipients between the others that become due later need a wake-up of their own.
            .filter(self.is_over(Column::DueAt))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// Clears the mark of wake-ups that could not be enqueued.
    pub async fn forget_woken(&self, wake_ups: &[WakeUp]) -> Result<()> {
        for WakeUp { range, .. } in wake_ups {
            Entity::update_many()
                .col_expr(Column::WokenAt, Expr::value(None::<i64>))
                .filter(Column::MailingId.eq(range.mailing_id))
                .filter(Column::Position.between(range.first, range.last))
                .filter(Column::Status.eq(Status::Queued))
                .exec(self.db().await?)
                .await?;
        }
        Ok(())
    }
}
