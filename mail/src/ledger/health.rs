//! The transport's health, in the row of the pace: after a fault that concerns all recipients, no instance calls the
//! transport for a while, and then a single instance probes it. Times are the database's, in microseconds.

use std::time::Duration;

use entity::pace::{Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, Query},
};

use super::{
    Ledger,
    pace::{duration, micros},
};
use crate::error::Result;

/// The health of the transport: it decides what an instance may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// The transport works.
    Well,
    /// The last call failed; the caller shall probe with one recipient.
    Probe,
    /// The transport must not be called; it makes sense to ask again after this time.
    Held(Duration),
}

/// A hold of the transport that has just begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The number of holds since the transport last worked, including this one.
    pub number: i32,
    pub pause: Duration,
}

impl Ledger {
    /// Returns the health of the transport. When the hold is over, one caller of all instances gets [`Health::Probe`],
    /// and has `lease` to probe.
    pub async fn health(&self, lease: Duration) -> Result<Health> {
        let db = self.db().await?;
        let until = |column| Expr::col(column).sub(self.microseconds());
        let look = Query::select()
            .column(Column::Holds)
            .expr(until(Column::HeldUntil))
            .expr(until(Column::ProbedUntil))
            .from(Entity)
            .to_owned();
        let row = db.query_one(&look).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the pace".to_owned()))?;
        let holds: i32 = row.try_get_by_index(0)?;
        if holds == 0 {
            return Ok(Health::Well);
        }
        let (held, probed): (i64, i64) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        let rest = Ord::max(held, probed);
        if rest > 0 {
            return Ok(Health::Held(duration(rest)));
        }
        let taken = Entity::update_many()
            .col_expr(Column::ProbedUntil, self.microseconds().add(micros(lease)))
            .filter(Column::Holds.gt(0))
            .filter(Expr::col(Column::HeldUntil).lte(self.microseconds()))
            .filter(Expr::col(Column::ProbedUntil).lte(self.microseconds()))
            .exec(db)
            .await?;
        Ok(if taken.rows_affected == 1 {
            Health::Probe
        } else {
            // Another instance is probing, or has just lifted the hold.
            Health::Held(Duration::from_millis(500))
        })
    }

    /// Begins a hold, whose length follows from the number of holds so far. Returns `None` if a hold is already under
    /// way: instances that fail together count once.
    pub async fn hold(&self, code: &str, pause: impl Fn(i32) -> Duration) -> Result<Option<Hold>> {
        let db = self.db().await?;
        let before = Entity::find().one(db).await?;
        let before = before.map_or(0, |row| row.holds);
        let hold = Hold {
            number: before + 1,
            pause: pause(before + 1),
        };
        let begun = Entity::update_many()
            .col_expr(Column::Holds, Expr::value(hold.number))
            .col_expr(Column::HeldFor, Expr::value(code))
            .col_expr(
                Column::HeldUntil,
                self.microseconds().add(micros(hold.pause)),
            )
            .col_expr(Column::ProbedUntil, Expr::value(0_i64))
            .filter(Column::Holds.eq(before))
            .filter(Expr::col(Column::HeldUntil).lte(self.microseconds()))
            .exec(db)
            .await?;
        Ok((begun.rows_affected == 1).then_some(hold))
    }

    /// Records that the transport works, and returns whether there was a hold.
    pub async fn lift_hold(&self) -> Result<bool> {
        let lifted = Entity::update_many()
            .col_expr(Column::Holds, Expr::value(0))
            .col_expr(Column::HeldFor, Expr::value(None::<String>))
            .col_expr(Column::HeldUntil, Expr::value(0_i64))
            .col_expr(Column::ProbedUntil, Expr::value(0_i64))
            .filter(Column::Holds.gt(0))
            .exec(self.db().await?)
            .await?;
        Ok(lifted.rows_affected == 1)
    }

    /// Releases the probe of an instance that had nothing to send, so that another instance may probe.
    pub async fn give_probe_back(&self) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::ProbedUntil, Expr::value(0_i64))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }
}
