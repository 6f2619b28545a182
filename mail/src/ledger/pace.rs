//! The account's pace: one row that every call moves on, so that all instances together keep to one rate.
//!
//! A call of `n` recipients moves the next turn on by `n / rate` and starts at the turn it took. Turns are given out at
//! most [`AHEAD`] before they come, so that turns that single mails take meanwhile have an effect at once.
//!
//! Single mails go before mailings, but a tenth of the rate is owed to mailings: if no mailing has had a turn for ten
//! times the duration that its last call takes at the rate, the next one goes behind the single mails that have a turn
//! already, and before all others.

use std::time::Duration;

use entity::pace::{Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{CaseStatement, Expr, Query, SimpleExpr, UpdateStatement},
};

use super::Ledger;
use crate::{error::Result, timestamp::milliseconds};

/// The longest time before its start at which a turn is given out.
pub const AHEAD: Duration = Duration::from_millis(250);

/// A mailing is owed a turn when the rate would have allowed this number of calls like its last one.
pub(super) const OWED_EVERY: i64 = 10;
/// The longest time before its start at which an owed turn is given out: somewhat longer than single mails wait for
/// theirs.
const OWED_AHEAD: Duration = Duration::from_secs(5);

/// The answer to a request for a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The turn is given, and starts after this time.
    In(Duration),
    /// No turn is given; it makes sense to ask again after this time.
    AskIn(Duration),
}

impl Ledger {
    /// Takes a turn for one call of a mailing.
    pub async fn take_turn(&self, recipients: usize, rate: f64) -> Result<Turn> {
        let cost = cost(recipients, rate);
        let next_owed = self.microseconds().add(cost.saturating_mul(OWED_EVERY));
        let take = self
            .moved_on(&[Column::NextTurn], cost)
            .value(Column::NextOwedTurn, next_owed.clone())
            .and_where(self.comes_within(Column::NextTurn, AHEAD))
            .to_owned();
        if let Some(turn) = self.given(take, Column::NextTurn, cost).await? {
            return Ok(turn);
        }
        let [next, owed] = self.waits([Column::NextTurn, Column::NextOwedTurn]).await?;
        if owed.is_zero() {
            let take = self
                .moved_on(&[Column::NextSingleTurn, Column::NextTurn], cost)
                .value(Column::NextOwedTurn, next_owed)
                .and_where(self.comes_within(Column::NextOwedTurn, Duration::ZERO))
                .and_where(self.comes_within(Column::NextSingleTurn, OWED_AHEAD))
                .to_owned();
            if let Some(turn) = self.given(take, Column::NextSingleTurn, cost).await? {
                return Ok(turn);
            }
        }
        let next = next.saturating_sub(AHEAD);
        Ok(Turn::AskIn(if owed.is_zero() {
            next
        } else {
            next.min(owed)
        }))
    }

    /// Returns whether a statement that takes a turn waits for the commit of each one before it. `SQLite` commits them
    /// together.
    pub fn turns_wait_for_commits(&self) -> bool {
        self.db.get_database_backend() == DbBackend::Postgres
    }

    /// Takes a turn for a single mail. A single mail waits for other single mails only, and its turn reduces what is
    /// left for mailings.
    pub async fn take_single_turn(&self, rate: f64, patience: Duration) -> Result<Turn> {
        let cost = cost(1, rate);
        let take = self
            .moved_on(&[Column::NextSingleTurn, Column::NextTurn], cost)
            .and_where(self.comes_within(Column::NextSingleTurn, patience))
            .to_owned();
        if let Some(turn) = self.given(take, Column::NextSingleTurn, cost).await? {
            return Ok(turn);
        }
        let [next] = self.waits([Column::NextSingleTurn]).await?;
        Ok(Turn::AskIn(next.saturating_sub(patience)))
    }

    /// Returns the last known rate of the transport.
    pub async fn kept_rate(&self) -> Result<Option<f64>> {
        let row = Entity::find().one(self.db().await?).await?;
        Ok(row.and_then(|row| row.rate))
    }

    /// Returns whether the caller shall ask the transport for its rate. One caller of all instances shall, when the
    /// rate was last asked for longer than `age` ago.
    pub async fn shall_ask_rate(&self, age: Duration) -> Result<bool> {
        let old = Column::RateAskedAt
            .is_null()
            .or(Expr::col(Column::RateAskedAt).lte(self.now().sub(milliseconds(age))));
        let asked = Entity::update_many()
            .col_expr(Column::RateAskedAt, self.now())
            .filter(old)
            .exec(self.db().await?)
            .await?;
        Ok(asked.rows_affected > 0)
    }

    pub async fn keep_rate(&self, rate: f64) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::Rate, Expr::value(rate))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    fn moved_on(&self, columns: &[Column], cost: i64) -> UpdateStatement {
        let mut update = Query::update().table(Entity).to_owned();
        for column in columns {
            let free = later_of(*column, self.microseconds());
            update.value(*column, free.add(cost));
        }
        update
    }

    /// Executes `take`, and returns the turn if it has taken one.
    async fn given(
        &self,
        mut take: UpdateStatement,
        column: Column,
        cost: i64,
    ) -> Result<Option<Turn>> {
        take.returning(Query::returning().expr(self.until(column)));
        let Some(row) = self.db().await?.query_one(&take).await? else {
            return Ok(None);
        };
        let wait: i64 = row.try_get_by_index(0)?;
        Ok(Some(Turn::In(duration(wait - cost))))
    }

    /// Returns the time until each of these turns.
    async fn waits<const N: usize>(&self, columns: [Column; N]) -> Result<[Duration; N]> {
        let look = Query::select()
            .exprs(columns.map(|column| self.until(column)))
            .from(Entity)
            .to_owned();
        let row = self
            .db()
            .await?
            .query_one(&look)
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the pace".to_owned()))?;
        let mut waits = [Duration::ZERO; N];
        for (index, wait) in waits.iter_mut().enumerate() {
            *wait = duration(row.try_get_by_index(index)?);
        }
        Ok(waits)
    }

    fn until(&self, column: Column) -> SimpleExpr {
        Expr::col(column).sub(self.microseconds())
    }

    fn comes_within(&self, column: Column, time: Duration) -> SimpleExpr {
        Expr::col(column).lte(self.microseconds().add(micros(time)))
    }
}

fn later_of(column: Column, time: SimpleExpr) -> SimpleExpr {
    CaseStatement::new()
        .case(Expr::col(column).gt(time.clone()), Expr::col(column))
        .finally(time)
        .into()
}

/// Returns the share of the rate that a call uses, in microseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "at most 10,000 recipients at 0.01 a second"
)]
pub(super) fn cost(recipients: usize, rate: f64) -> i64 {
    (recipients as f64 / rate * 1e6).ceil() as i64
}

pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
