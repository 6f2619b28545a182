//! The counters of keys with limits, one row per key. A mail is counted in the statement that stores it, or, on
//! `SQLite`, in the same transaction, so that the limits hold exactly over all instances and nothing is counted that is
//! not stored. The row is locked until then; keys without limits have none.

use entity::key_usage::{Column, Entity};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryResult,
    QuerySelect, QueryTrait, Select, Statement,
};
use uuid::Uuid;

use super::{Ledger, STEP, dialect};
use crate::{
    error::{Result, of_driver},
    limits::{DAY, Limits, MINUTE, Meter, Usage, Window},
};

/// The last use of a key is noted at most once in this time, in milliseconds.
pub(super) const USE_NOTED_EVERY: i64 = MINUTE;

/// The parts of a statement that counts, as SQL.
pub(super) struct Count {
    pub api_key_id: String,
    pub recipients: String,
    /// A limit for each of [`Window::ALL`].
    pub limits: [String; 3],
    /// A table with the column `now`, of one row or none.
    pub source: String,
}

/// Returns a limit for each of [`Window::ALL`] as a value of a statement.
pub(super) fn limit_values(limits: &Limits) -> [i64; 3] {
    Window::ALL.map(|window| limits.of(window).map_or(i64::MAX, i64::from))
}

impl Count {
    /// Returns the statement that counts one request and its recipients. A counter whose window has ended begins again.
    /// A statement that has waited for the row may be of an earlier window than the row: it counts in the row's.
    pub fn sql(&self, backend: DbBackend) -> String {
        let Self {
            api_key_id,
            recipients,
            limits: [requests_in_minute, recipients_in_minute, recipients_in_day],
            source,
        } = self;
        let later = dialect::either(backend, "GREATEST", "MAX");
        let counter = |counter: &str, end: &str| {
            format!(
                "excluded.{counter} + CASE WHEN used.{end} >= excluded.{end} THEN used.{counter} ELSE 0 END"
            )
        };
        let requests = counter("minute_requests", "minute_ends_at");
        let minute = counter("minute_recipients", "minute_ends_at");
        let day = counter("day_recipients", "day_ends_at");
        format!(
            "INSERT INTO key_usage AS used (api_key_id, minute_ends_at, minute_requests, minute_recipients, \
               day_ends_at, day_recipients, within_limits) \
             SELECT {api_key_id}, (now / {MINUTE} + 1) * {MINUTE}, 1, {recipients}, \
               (now / {DAY} + 1) * {DAY}, {recipients}, 1 <= {requests_in_minute} \
               AND {recipients} <= {recipients_in_minute} AND {recipients} <= {recipients_in_day} \
             FROM {source} WHERE TRUE \
             ON CONFLICT (api_key_id) DO UPDATE SET minute_requests = {requests}, \
               minute_recipients = {minute}, day_recipients = {day}, \
               minute_ends_at = {later}(used.minute_ends_at, excluded.minute_ends_at), \
               day_ends_at = {later}(used.day_ends_at, excluded.day_ends_at), \
               within_limits = {requests} <= {requests_in_minute} AND {minute} <= {recipients_in_minute} \
               AND {day} <= {recipients_in_day} \
             RETURNING minute_ends_at, minute_requests, minute_recipients, day_ends_at, day_recipients, \
               within_limits"
        )
    }
}

/// Returns the usage in a row that a count has returned.
pub(super) fn usage(row: &QueryResult, at: i64) -> Result<Usage, DbErr> {
    let usage = Usage {
        at,
        minute_ends_at: row.try_get("", "minute_ends_at")?,
        minute_requests: row.try_get("", "minute_requests")?,
        minute_recipients: row.try_get("", "minute_recipients")?,
        day_ends_at: row.try_get("", "day_ends_at")?,
        day_recipients: row.try_get("", "day_recipients")?,
    };
    Ok(usage.current())
}

/// Returns whether a statement has failed because it would have counted more than the limits allow.
pub(super) fn is_over_limit(error: &DbErr) -> bool {
    let error = of_driver(error).and_then(sqlx::Error::as_database_error);
    error.and_then(|error| error.constraint()) == Some("key_usage_within_limits")
}

/// Returns the statement that notes the use of a key, unless one was noted in the last minute. On `PostgreSQL` it never
/// waits: where another statement has the row, that one notes the use.
pub(super) fn note_use_sql(backend: DbBackend, api_key_id: &str, now: &str) -> String {
    let lock = dialect::either(backend, " FOR NO KEY UPDATE SKIP LOCKED", "");
    format!(
        "UPDATE api_key SET last_used_at = {now} WHERE id = (SELECT id FROM api_key WHERE id = {api_key_id} \
         AND (last_used_at IS NULL OR last_used_at <= {now} - {USE_NOTED_EVERY}){lock})"
    )
}

impl Ledger {
    /// Counts a request that was not stored, and none of its recipients.
    pub async fn count_request(&self, meter: &Meter) -> Result<()> {
        let backend = self.db.get_database_backend();
        let now = dialect::now(backend);
        let count = Count {
            api_key_id: "$1".to_owned(),
            recipients: "$2".to_owned(),
            limits: ["$3", "$3", "$3"].map(ToOwned::to_owned),
            source: format!("(SELECT {now} AS now) AS clock"),
        };
        let sql = format!("{}, {now} AS now", count.sql(backend));
        let values = [meter.api_key_id.into(), 0_i64.into(), i64::MAX.into()];
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let row = self.db().await?.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the counters of a key".to_owned()))?;
        meter.counted(usage(&row, row.try_get("", "now")?)?);
        Ok(())
    }

    /// Notes that a key is used now.
    pub async fn note_use(&self, api_key_id: Uuid) -> Result<()> {
        let backend = self.db.get_database_backend();
        let sql = note_use_sql(backend, "$1", dialect::now(backend));
        let statement = Statement::from_sql_and_values(backend, sql, [api_key_id.into()]);
        self.db().await?.execute_raw(statement).await?;
        Ok(())
    }

    /// Deletes counters of a past day. Returns their number.
    pub async fn forget_usage(&self) -> Result<u64> {
        let forgotten = Entity::delete_many()
            .filter(Column::ApiKeyId.in_subquery(self.past_counters().into_query()))
            // The key may have been used since.
            .filter(self.is_over(Column::DayEndsAt))
            .exec(self.db().await?)
            .await?;
        Ok(forgotten.rows_affected)
    }

    pub(super) fn past_counters(&self) -> Select<Entity> {
        Entity::find()
            .select_only()
            .column(Column::ApiKeyId)
            .filter(self.is_over(Column::DayEndsAt))
            .limit(STEP)
    }
}
