//! Statistics: the ends of mail by hour, and the number of recipients that wait.
//!
//! A past hour is counted once, by the sweep, and stored: after that its recipients are not read again. All hours
//! before the newest stored one are settled, because hours are counted in order; an hour without a row had no ends.

use std::{collections::HashMap, ops::Range};

use entity::{
    hour,
    recipient::{Column, Entity, Status},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Select, Set, Statement,
    sea_query::{CaseStatement, Expr, Func, OnConflict},
};

use uuid::Uuid;

use super::{Ledger, is_in};
use crate::error::Result;

/// One hour in milliseconds, the unit of all times of the ledger.
pub const HOUR: i64 = 3_600_000;
/// The wait after an hour until every write that was begun in it is visible.
const SETTLING: i64 = 5 * 60_000;
/// Whole hours before the current one that are counted on request if the sweep has not counted them yet.
const FRESH_HOURS: i64 = 2;

/// The maximum number of ends that one statement reads: other statements get their turn in between.
const CHUNK: usize = 10_000;
/// Reads ends in the order of the index, starting after the last one that was read. Both databases find a mailing by
/// its key, whatever their table statistics say.
const ENDS: &str = "\
    SELECT mailing_id, position, ended_at, status, CASE WHEN sent_at IS NOT NULL THEN \
        sent_at - (SELECT CASE WHEN send_at BETWEEN created_at AND sent_at THEN send_at ELSE created_at END \
            FROM mailing WHERE mailing.id = mailing_id) END AS took \
    FROM recipient WHERE ended_at >= $1 AND ended_at < $2 \
        AND (ended_at > $1 OR mailing_id > $3 OR (mailing_id = $3 AND position > $4)) \
    ORDER BY ended_at, mailing_id, position LIMIT $5";

#[derive(Clone, Debug)]
pub struct Statistics {
    /// All requested hours.
    pub hours: Vec<Hour>,
    pub waiting: Waiting,
    pub as_of: i64,
}

/// The ends of one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    pub start: i64,
    pub sent: u64,
    pub failed: u64,
    pub unconfirmed: u64,
    pub cancelled: u64,
    /// `None` if nothing was sent.
    pub time_to_sent: Option<Percentiles>,
    /// `false` if the hour has not been counted yet.
    pub counted: bool,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: i64,
    pub p95: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub queued: u64,
    pub sending: u64,
    /// The queued recipients that are due.
    pub due: u64,
    pub oldest_due_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct EndRow {
    mailing_id: Uuid,
    position: i32,
    ended_at: i64,
    status: String,
    took: Option<i64>,
}

/// The ends of an hour while they are being counted.
#[derive(Default)]
struct Tally {
    sent: u64,
    failed: u64,
    unconfirmed: u64,
    cancelled: u64,
    took: Vec<i64>,
}

#[derive(FromQueryResult)]
struct QueuedRow {
    queued: i64,
    due: i64,
    oldest_due_at: Option<i64>,
}

pub fn start_of_hour(time: i64) -> i64 {
    time - time.rem_euclid(HOUR)
}

impl Ledger {
    /// Returns the statistics of the hours that begin in `range`.
    pub async fn statistics(&self, range: Range<i64>) -> Result<Statistics> {
        let as_of = self.clock().await?;
        let settled = self.settled_until().await?;
        let fresh = settled.max(start_of_hour(as_of) - FRESH_HOURS * HOUR);
        let missing = match self.first_end(settled).await? {
            Some(end) => start_of_hour(end)..fresh,
            None => fresh..fresh,
        };
        let mut found = self.kept_hours(&range).await?;
        found.extend(self.count(range.start.max(fresh)..range.end).await?);
        let hours = (range.start..range.end)
            .step_by(usize::try_from(HOUR).unwrap_or(usize::MAX))
            .map(|start| {
                let hour = found.get(&start).copied().unwrap_or(Hour::empty(start));
                Hour {
                    counted: !missing.contains(&start),
                    ..hour
                }
            })
            .collect();
        Ok(Statistics {
            hours,
            waiting: self.waiting().await?,
            as_of,
        })
    }

    /// Counts and stores the next hour that is over, and returns whether there was one. If two instances count the same
    /// hour, the first result is kept.
    pub async fn keep_hour(&self) -> Result<bool> {
        let Some(end) = self.first_end(self.settled_until().await?).await? else {
            return Ok(false);
        };
        let start = start_of_hour(end);
        if self.clock().await? < start + HOUR + SETTLING {
            return Ok(false);
        }
        let counted = self.count(start..start + HOUR).await?;
        let hour = counted.get(&start).copied().unwrap_or(Hour::empty(start));
        hour::Entity::insert(hour::ActiveModel::from(hour))
            .on_conflict(
                OnConflict::column(hour::Column::Start)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(self.db().await?)
            .await?;
        Ok(true)
    }

    /// Returns the end of the newest stored hour.
    pub(super) async fn settled_until(&self) -> Result<i64> {
        let newest: Option<Option<i64>> = hour::Entity::find()
            .select_only()
            .expr(hour::Column::Start.max())
            .into_tuple()
            .one(self.db().await?)
            .await?;
        Ok(newest.flatten().map_or(0, |start| start + HOUR))
    }

    /// Returns the time of the first end at or after `from`.
    pub(super) async fn first_end(&self, from: i64) -> Result<Option<i64>> {
        let first: Option<Option<i64>> = first_end(from).into_tuple().one(self.db().await?).await?;
        Ok(first.flatten())
    }

    async fn kept_hours(&self, range: &Range<i64>) -> Result<HashMap<i64, Hour>> {
        let rows = hour::Entity::find()
            .filter(hour::Column::Start.gte(range.start))
            .filter(hour::Column::Start.lt(range.end))
            .all(self.db().await?)
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.start, row.into()))
            .collect())
    }

    async fn count(&self, range: Range<i64>) -> Result<HashMap<i64, Hour>> {
        let db = self.db().await?;
        let mut tallies: HashMap<i64, Tally> = HashMap::new();
        let (mut from, mut after) = (range.start, (Uuid::nil(), -1));
        while from < range.end {
            let ends = ends(db.get_database_backend(), &(from..range.end), after);
            let rows = EndRow::find_by_statement(ends).all(db).await?;
            for row in &rows {
                let tally = tallies.entry(start_of_hour(row.ended_at)).or_default();
                tally.add(row)?;
            }
            match rows.last().filter(|_| rows.len() == CHUNK) {
                Some(last) => (from, after) = (last.ended_at, (last.mailing_id, last.position)),
                None => break,
            }
        }
        Ok(tallies
            .into_iter()
            .map(|(start, tally)| (start, tally.into_hour(start)))
            .collect())
    }

    async fn waiting(&self) -> Result<Waiting> {
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

pub(super) fn first_end(from: i64) -> Select<Entity> {
    Entity::find()
        .select_only()
        .expr(Column::EndedAt.min())
        .filter(Column::EndedAt.gte(from))
}

pub(super) fn ends(backend: DbBackend, range: &Range<i64>, after: (Uuid, i32)) -> Statement {
    let values = [
        range.start.into(),
        range.end.into(),
        after.0.into(),
        after.1.into(),
        i64::try_from(CHUNK).unwrap_or(i64::MAX).into(),
    ];
    Statement::from_sql_and_values(backend, ENDS, values)
}

impl Hour {
    fn empty(start: i64) -> Self {
        Self {
            start,
            counted: true,
            ..Self::default()
        }
    }
}

impl Tally {
    fn add(&mut self, row: &EndRow) -> Result<()> {
        match Status::try_from_value(&row.status)? {
            // What was learned later is no end.
            Status::Sent | Status::Delivered | Status::Bounced | Status::Complained => {
                self.sent += 1;
                self.took.extend(row.took);
            }
            Status::Failed | Status::Suppressed => self.failed += 1,
            Status::Unconfirmed => self.unconfirmed += 1,
            Status::Cancelled => self.cancelled += 1,
            // These are no ends.
            Status::Queued | Status::Sending => {}
        }
        Ok(())
    }

    fn into_hour(mut self, start: i64) -> Hour {
        self.took.sort_unstable();
        Hour {
            sent: self.sent,
            failed: self.failed,
            unconfirmed: self.unconfirmed,
            cancelled: self.cancelled,
            time_to_sent: Percentiles::of(&self.took),
            ..Hour::empty(start)
        }
    }
}

impl Percentiles {
    /// Computes percentiles by the nearest rank, exactly. `took` must be sorted.
    fn of(took: &[i64]) -> Option<Self> {
        let rank = |percent: usize| took.get((took.len() * percent).div_ceil(100).checked_sub(1)?);
        Some(Self {
            p50: *rank(50)?,
            p95: *rank(95)?,
        })
    }
}

impl From<hour::Model> for Hour {
    fn from(row: hour::Model) -> Self {
        Self {
            start: row.start,
            sent: row.sent.unsigned_abs(),
            failed: row.failed.unsigned_abs(),
            unconfirmed: row.unconfirmed.unsigned_abs(),
            cancelled: row.cancelled.unsigned_abs(),
            time_to_sent: row
                .p50
                .zip(row.p95)
                .map(|(p50, p95)| Percentiles { p50, p95 }),
            counted: true,
        }
    }
}

impl From<Hour> for hour::ActiveModel {
    fn from(hour: Hour) -> Self {
        Self {
            start: Set(hour.start),
            sent: Set(hour.sent.cast_signed()),
            failed: Set(hour.failed.cast_signed()),
            unconfirmed: Set(hour.unconfirmed.cast_signed()),
            cancelled: Set(hour.cancelled.cast_signed()),
            p50: Set(hour.time_to_sent.map(|time| time.p50)),
            p95: Set(hour.time_to_sent.map(|time| time.p95)),
        }
    }
}
