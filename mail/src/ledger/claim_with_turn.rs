//! Claims the recipients of a call, takes its turn and marks them as `sending`, in one statement.

use entity::recipient::{Entity, Model};
use sea_orm::{DbBackend, EntityTrait, Statement};
use uuid::Uuid;

use super::{Ledger, pace::OWED_EVERY};
use crate::{error::Result, wake_up::Range};

impl Ledger {
    /// Marks recipients as `sending` if the turn of a call to them is now, in one statement. `SQLite` cannot move the
    /// pace in the same statement, and has no round trips to save.
    ///
    /// The conditions are written so that no index of those who wait is used: see `claim.rs`.
    pub(super) async fn claim_rows_with_turn(
        &self,
        range: Range,
        limit: u64,
        token: Uuid,
        rate: f64,
    ) -> Result<Vec<Model>> {
        if self.db.get_database_backend() != DbBackend::Postgres {
            return Ok(Vec::new());
        }
        let sql = "WITH clock AS MATERIALIZED (\
               SELECT CAST(FLOOR(EXTRACT(EPOCH FROM t) * 1000) AS BIGINT) AS now, \
                      CAST(FLOOR(EXTRACT(EPOCH FROM t) * 1000000) AS BIGINT) AS micros \
               FROM statement_timestamp() AS t), \
             picked AS MATERIALIZED (\
               SELECT mailing_id, position FROM recipient \
               WHERE mailing_id = $1 AND position BETWEEN $2 AND $3 AND status || '' = 'queued' \
                 AND due_at + 0 <= (SELECT now FROM clock) AND expires_at + 0 > (SELECT now FROM clock) \
                 AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock)) \
               ORDER BY position LIMIT $4 FOR UPDATE SKIP LOCKED), \
             cost AS (SELECT CAST(CEIL(COUNT(*) * $5) AS BIGINT) AS cost FROM picked), \
             turn AS (\
               UPDATE pace SET next_turn = GREATEST(next_turn, micros) + cost, \
                 next_owed_turn = micros + cost * $6 \
               FROM clock, cost WHERE cost > 0 AND holds = 0 AND next_turn <= micros RETURNING id) \
             UPDATE recipient SET status = 'sending', attempts = attempts + 1, claim_token = $7, \
               lease_until = (SELECT now FROM clock) + $8 \
             WHERE (mailing_id, position) IN (SELECT mailing_id, position FROM picked) \
               AND status || '' = 'queued' AND EXISTS (SELECT FROM turn) RETURNING *";
        let values = [
            range.mailing_id.into(),
            range.first.into(),
            range.last.into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
            (1e6 / rate).into(),
            OWED_EVERY.into(),
            token.into(),
            self.lease_ms.into(),
        ];
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let rows = Entity::find().from_raw_sql(statement);
        let mut rows = rows.all(self.db().await?).await?;
        rows.sort_by_key(|row| row.position);
        Ok(rows)
    }
}
