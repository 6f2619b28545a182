//! What was reported of the mail of each hour and API key, and the rates that follow from it.
//!
//! A report counts in the hour in which its mail was sent, or proved to be sent, so that the parts of a rate are of the
//! same mail. The number of recipients that ended as sent is added when their hour is over; reports, and with them
//! recipients that prove to be sent, are added in the transaction that applies them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    hash::Hash,
    iter::Sum,
    ops::{AddAssign, Range},
    time::Duration,
};

use entity::{
    hour_of_key::{ActiveModel, Column, Entity},
    mailing,
    recipient::Status,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryResult, QuerySelect, Set, Statement, TryGetable,
    sea_query::{Alias, Expr, OnConflict, SimpleExpr},
};
use uuid::Uuid;

use super::{Ledger, statistics::start_of_hour};
use crate::{error::Result, event::BounceType, mail_event::Step};

/// The maximum number of API keys that statistics list.
pub const MOST_KEYS: usize = 100;

/// The recipients that were sent to, and what was reported of them since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reports {
    pub sent: u64,
    pub delivered: u64,
    /// For good only.
    pub bounced: u64,
    pub complained: u64,
    /// The mail system had the address on its own list, and did not send the mail.
    pub suppressed: u64,
}

/// The reports of an API key's mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyReports {
    pub api_key_id: Uuid,
    pub reports: Reports,
}

/// An hour and a key: the order in which rows are locked.
pub(super) type HourOfKey = (i64, Uuid);

/// The hours of which reports are summed up.
#[derive(Clone, Debug)]
pub(super) struct Summed {
    pub range: Range<i64>,
    /// The recipients of hours from here on are counted by the request itself.
    pub fresh: i64,
    /// These hours have not been counted: their reports are left out as well, as they are of no counted mail.
    pub missing: Range<i64>,
}

impl Reports {
    /// Returns the share of permanent bounces; `None` if nothing was sent, or if nothing was reported of what was sent,
    /// as with a mail system that reports nothing.
    pub fn bounce_rate(&self) -> Option<f64> {
        self.rate(self.bounced)
    }

    pub fn complaint_rate(&self) -> Option<f64> {
        self.rate(self.complained)
    }

    /// The number of recipients that the rates are of.
    pub fn rated(&self) -> u64 {
        self.sent.saturating_sub(self.suppressed)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody sends 2^53 mails in a month"
    )]
    fn rate(&self, part: u64) -> Option<f64> {
        let is_reported = self.delivered + self.bounced + self.complained > 0;
        let whole = self.rated();
        (is_reported && whole > 0).then(|| (part as f64 / whole as f64).min(1.0))
    }

    /// Returns what a move of a recipient counts as; `None` if it counts as nothing.
    fn of(step: &Step) -> Option<Self> {
        let mut reports = Self::default();
        let count = match step.kind.status()? {
            Status::Delivered => &mut reports.delivered,
            Status::Bounced => {
                let bounce = step.detail.bounce.as_ref();
                bounce.filter(|bounce| bounce.kind == BounceType::Permanent)?;
                &mut reports.bounced
            }
            Status::Complained => &mut reports.complained,
            Status::Suppressed => &mut reports.suppressed,
            Status::Sent if step.row.proved_at.is_some() => &mut reports.sent,
            Status::Queued
            | Status::Sending
            | Status::Sent
            | Status::Failed
            | Status::Unconfirmed
            | Status::Cancelled => return None,
        };
        *count += 1;
        Some(reports)
    }
}

impl AddAssign for Reports {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.bounced += other.bounced;
        self.complained += other.complained;
        self.suppressed += other.suppressed;
    }
}

impl Sum for Reports {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}

impl KeyReports {
    /// Lists the keys with the most mail, and those of as much in the order of their age.
    pub(super) fn most_mail_first(of: HashMap<Uuid, Reports>) -> Vec<Self> {
        let mut keys: Vec<Self> = of
            .into_iter()
            .map(|(api_key_id, reports)| Self {
                api_key_id,
                reports,
            })
            .collect();
        keys.sort_unstable_by_key(|key| (Reverse(key.reports.sent), key.api_key_id));
        keys.truncate(MOST_KEYS);
        keys
    }
}

impl Ledger {
    /// Adds moves of recipients to the hours in which their mail was sent.
    pub(super) async fn add_reports<'a>(
        &self,
        db: &impl ConnectionTrait,
        steps: impl Iterator<Item = &'a Step>,
    ) -> Result<()> {
        let moves: Vec<(Uuid, i64, Reports)> = steps
            .filter_map(|step| {
                let moved = Reports::of(step)?;
                let sent_in = step.row.proved_at.or(step.row.ended_at)?;
                Some((step.row.mailing_id, sent_in, moved))
            })
            .collect();
        if moves.is_empty() {
            return Ok(());
        }
        let mailings = moves.iter().map(|(mailing_id, _, _)| *mailing_id);
        let keys: Vec<(Uuid, Uuid)> = mailing::Entity::find()
            .select_only()
            .column(mailing::Column::Id)
            .column(mailing::Column::ApiKeyId)
            .filter(mailing::Column::Id.is_in(mailings))
            .into_tuple()
            .all(db)
            .await?;
        let keys: HashMap<Uuid, Uuid> = keys.into_iter().collect();
        let mut rows: BTreeMap<HourOfKey, Reports> = BTreeMap::new();
        for (mailing_id, sent_in, moved) in moves {
            if let Some(key) = keys.get(&mailing_id) {
                *rows.entry((start_of_hour(sent_in), *key)).or_default() += moved;
            }
        }
        let counted = [
            Column::Proved,
            Column::Delivered,
            Column::Bounced,
            Column::Complained,
            Column::Suppressed,
        ];
        let mut known = OnConflict::columns([Column::Start, Column::ApiKeyId]);
        for column in counted {
            known.value(column, sum_of(column));
        }
        let rows = rows
            .into_iter()
            .map(|((start, api_key_id), reports)| ActiveModel {
                start: Set(start),
                api_key_id: Set(api_key_id),
                sent: Set(0),
                proved: Set(reports.sent.cast_signed()),
                delivered: Set(reports.delivered.cast_signed()),
                bounced: Set(reports.bounced.cast_signed()),
                complained: Set(reports.complained.cast_signed()),
                suppressed: Set(reports.suppressed.cast_signed()),
            });
        insert(db, rows.collect(), known).await
    }

    /// Stores the number of recipients that ended as sent in an hour.
    pub(super) async fn keep_sent(
        &self,
        db: &impl ConnectionTrait,
        sent: BTreeMap<HourOfKey, u64>,
    ) -> Result<()> {
        let rows = sent
            .into_iter()
            .map(|((start, api_key_id), sent)| ActiveModel {
                start: Set(start),
                api_key_id: Set(api_key_id),
                sent: Set(sent.cast_signed()),
                proved: Set(0),
                delivered: Set(0),
                bounced: Set(0),
                complained: Set(0),
                suppressed: Set(0),
            });
        let mut known = OnConflict::columns([Column::Start, Column::ApiKeyId]);
        known.update_column(Column::Sent);
        insert(db, rows.collect(), known).await
    }

    pub(super) async fn reports_by_hour(&self, of: &Summed) -> Result<HashMap<i64, Reports>> {
        groups(self.db().await?, "start", of).await
    }

    pub(super) async fn reports_by_key(&self, of: &Summed) -> Result<HashMap<Uuid, Reports>> {
        groups(self.db().await?, "api_key_id", of).await
    }

    /// Removes what is known of hours that began at least `keep` ago.
    pub async fn remove_old_reports(&self, keep: Duration) -> Result<()> {
        let until = self.ago(keep).await?;
        Entity::delete_many()
            .filter(Column::Start.lt(until))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }
}

/// The value of a counter after its row was inserted again.
fn sum_of(column: Column) -> SimpleExpr {
    Expr::col((Entity, column)).add(Expr::col((Alias::new("excluded"), column)))
}

/// Inserts rows, which must be in the order of their keys, so that two processes do not wait for each other.
async fn insert(
    db: &impl ConnectionTrait,
    rows: Vec<ActiveModel>,
    known: OnConflict,
) -> Result<()> {
    const STEP: usize = 1_000;
    for some in rows.chunks(STEP) {
        Entity::insert_many(some.iter().cloned())
            .on_conflict(known.clone())
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// Sums up the rows of hours by one of the columns of their key. An hour that was counted before there were reports has no
/// number of sent mail here, and reports about its mail are in no rate.
pub(super) fn summed(backend: DbBackend, by: &str, of: &Summed) -> Statement {
    let sum = |column| format!("CAST(SUM({column}) AS BIGINT) AS {column}");
    let sql = format!(
        "SELECT {by}, CAST(SUM(CASE WHEN start < $3 THEN sent ELSE 0 END + proved) AS BIGINT) AS sent, {}, {}, {}, {} \
         FROM hour_of_key WHERE start >= $1 AND start < $2 AND NOT (start >= $4 AND start < $5) \
           AND (start >= $3 OR sent + proved > 0) GROUP BY {by}",
        sum("delivered"),
        sum("bounced"),
        sum("complained"),
        sum("suppressed"),
    );
    let values = [
        of.range.start.into(),
        of.range.end.into(),
        of.fresh.into(),
        of.missing.start.into(),
        of.missing.end.into(),
    ];
    Statement::from_sql_and_values(backend, sql, values)
}

/// Returns the groups of a statement of [`summed`].
async fn groups<K: TryGetable + Eq + Hash>(
    db: &impl ConnectionTrait,
    by: &str,
    of: &Summed,
) -> Result<HashMap<K, Reports>> {
    let rows = db
        .query_all_raw(summed(db.get_database_backend(), by, of))
        .await?;
    let group = |row: QueryResult| -> Result<(K, Reports), DbErr> {
        let number = |column| row.try_get("", column).map(i64::unsigned_abs);
        let reports = Reports {
            sent: number("sent")?,
            delivered: number("delivered")?,
            bounced: number("bounced")?,
            complained: number("complained")?,
            suppressed: number("suppressed")?,
        };
        Ok((row.try_get("", by)?, reports))
    };
    Ok(rows.into_iter().map(group).collect::<Result<_, _>>()?)
}
