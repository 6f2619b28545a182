//! Whether the transport takes mail, in the pace's row: after a fault that concerns everybody no instance calls it for a
//! while, and then one of all probes it. Times are the database's, in microseconds.

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

/// What a call of the transport may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// The transport serves.
    Well,
    /// It did not the last time; the asker shall try with one recipient.
    Probe,
    /// Nobody calls it; it makes sense to ask again after this long.
    Held(Duration),
}

/// A pause that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// How many there have been since the transport last served, this one included.
    pub number: i32,
    pub pause: Duration,
}

impl Ledger {
    /// One of all askers is told to probe, when the pause is over; it has `lease` to do so.
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
            // Somebody else is just probing, or has just lifted the hold.
            Health::Held(Duration::from_millis(500))
        })
    }

    /// Begins a pause, whose length follows from how many there were. Nothing where one is under way already: those who
    /// fail together count once.
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

    /// The transport has served; whether there was a hold.
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

    /// Whoever was to probe had nothing to send: another one may.
    pub async fn give_probe_back(&self) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::ProbedUntil, Expr::value(0_i64))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }
}
