//! Statistics: the ends of mail by hour.
//!
//! A past hour is counted once, by the sweep, and stored: after that its recipients are not read again. All hours
//! before the newest stored one are settled, because hours are counted in order; an hour without a row had no ends.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use entity::{
    hour,
    recipient::{Column, Entity, Status},
};
use sea_orm::{
    ActiveEnum, ColumnTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Select, Set, Statement, sea_query::OnConflict,
};

use uuid::Uuid;

use super::{
    Ledger,
    reports::{HourOfKey, KeyReports, Reports, Summed},
    waiting::Waiting,
};
use crate::{error::Result, outcome::StatusDetail, simulator::PATTERNS};

/// One hour in milliseconds, the unit of all times of the ledger.
pub const HOUR: i64 = 3_600_000;
/// The wait after an hour until every write that was begun in it is visible.
const SETTLING: i64 = 5 * 60_000;
/// Whole hours before the current one that are counted on request if the sweep has not counted them yet.
const FRESH_HOURS: i64 = 2;

/// The maximum number of ends that one statement reads: other statements get their turn in between.
const CHUNK: usize = 10_000;
/// Reads ends in the order of the index, starting after the last one that was read. Both databases find a mailing by
/// its key, whatever their table statistics say. `rated_key` is the API key of mail that counts in rates, `dropped` mail that
/// the mail system took and did not send. A recipient that had ended `unconfirmed` and proved to be sent counts as it ended
/// first; reports have added it to the rated ones of the hour of the proof.
const ENDS: &str = "\
    SELECT mailing_id, position, ended_at, CASE WHEN proved_at IS NULL THEN status ELSE 'unconfirmed' END AS status, \
        CASE WHEN sent_at IS NOT NULL THEN \
        sent_at - (SELECT CASE WHEN send_at BETWEEN created_at AND sent_at THEN send_at ELSE created_at END \
            FROM mailing WHERE mailing.id = mailing_id) END AS took, \
        CASE WHEN (status IN ('sent', 'delivered', 'bounced', 'complained') OR status_detail = $6) \
            AND proved_at IS NULL AND COALESCE(mail_key NOT LIKE $7 AND mail_key NOT LIKE $8, TRUE) THEN \
            (SELECT api_key_id FROM mailing WHERE mailing.id = mailing_id) END AS rated_key, \
        COALESCE(status_detail = $6, FALSE) AS dropped \
    FROM recipient WHERE ended_at >= $1 AND ended_at < $2 \
        AND (ended_at > $1 OR mailing_id > $3 OR (mailing_id = $3 AND position > $4)) \
    ORDER BY ended_at, mailing_id, position LIMIT $5";

#[derive(Clone, Debug)]
pub struct Statistics {
    /// All requested hours.
    pub hours: Vec<Hour>,
    /// The reports of all requested hours.
    pub total: Reports,
    /// The API keys with the most mail in these hours, at most `MOST_KEYS`.
    pub keys: Vec<KeyReports>,
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
    pub reports: Reports,
    /// `false` if the hour has not been counted yet.
    pub counted: bool,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    pub p50: i64,
    pub p95: i64,
}

#[derive(FromQueryResult)]
struct EndRow {
    mailing_id: Uuid,
    position: i32,
    ended_at: i64,
    status: String,
    took: Option<i64>,
    rated_key: Option<Uuid>,
    dropped: bool,
}

/// Hours, and the recipients that were sent to in each by the API key.
#[derive(Default)]
struct Counted {
    hours: HashMap<i64, Hour>,
    sent: BTreeMap<HourOfKey, u64>,
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
        let counted = self.count(range.start.max(fresh)..range.end).await?;
        let mut found = self.kept_hours(&range).await?;
        found.extend(counted.hours);
        let of = Summed {
            range: range.clone(),
            fresh,
            missing: missing.clone(),
        };
        let mut by_hour = self.reports_by_hour(&of).await?;
        let mut by_key = self.reports_by_key(&of).await?;
        for ((start, key), sent) in counted.sent {
            by_hour.entry(start).or_default().sent += sent;
            by_key.entry(key).or_default().sent += sent;
        }
        let hours: Vec<Hour> = (range.start..range.end)
            .step_by(usize::try_from(HOUR).unwrap_or(usize::MAX))
            .map(|start| {
                let hour = found.get(&start).copied().unwrap_or(Hour::empty(start));
                Hour {
                    counted: !missing.contains(&start),
                    reports: by_hour.get(&start).copied().unwrap_or_default(),
                    ..hour
                }
            })
            .collect();
        Ok(Statistics {
            total: hours.iter().map(|hour| hour.reports).sum(),
            keys: KeyReports::most_mail_first(by_key),
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
        let hour = counted.hours.get(&start).copied();
        let hour = hour.unwrap_or(Hour::empty(start));
        let transaction = self.begin().await?;
        let kept = hour::Entity::insert(hour::ActiveModel::from(hour))
            .on_conflict(
                OnConflict::column(hour::Column::Start)
                    .do_nothing()
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await?;
        if kept > 0 {
            self.keep_sent(&transaction, counted.sent).await?;
        }
        transaction.commit().await?;
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

    async fn count(&self, range: Range<i64>) -> Result<Counted> {
        let db = self.db().await?;
        let mut tallies: HashMap<i64, Tally> = HashMap::new();
        let mut sent: BTreeMap<HourOfKey, u64> = BTreeMap::new();
        let (mut from, mut after) = (range.start, (Uuid::nil(), -1));
        while from < range.end {
            let ends = ends(db.get_database_backend(), &(from..range.end), after);
            let rows = EndRow::find_by_statement(ends).all(db).await?;
            for row in &rows {
                let start = start_of_hour(row.ended_at);
                tallies.entry(start).or_default().add(row)?;
                if let Some(key) = row.rated_key {
                    *sent.entry((start, key)).or_default() += 1;
                }
            }
            match rows.last().filter(|_| rows.len() == CHUNK) {
                Some(last) => (from, after) = (last.ended_at, (last.mailing_id, last.position)),
                None => break,
            }
        }
        let hours = tallies
            .into_iter()
            .map(|(start, tally)| (start, tally.into_hour(start)))
            .collect();
        Ok(Counted { hours, sent })
    }
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
        StatusDetail::SuppressedBySes.as_str().into(),
        PATTERNS[0].into(),
        PATTERNS[1].into(),
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
            // The mail system took it before it dropped it.
            Status::Suppressed if row.dropped => {
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
            reports: Reports::default(),
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
