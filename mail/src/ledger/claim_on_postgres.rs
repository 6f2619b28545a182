//! Claims on `PostgreSQL`: in one statement, recipients that are due are looked up on the list of suppressed addresses,
//! those on it are ended, and the others are claimed; if the call follows at once, its turn is taken too.

use entity::recipient::{Entity, Model, Status};
use sea_orm::{DbBackend, EntityTrait, Statement, Value};
use uuid::Uuid;

use super::{Ledger, events::next_event, pace::OWED_EVERY, suppressions::SUPPRESSED};
use crate::{error::Result, wake_up::Range};

/// The recipients of the range that are due, and those of them that are suppressed. The conditions are written so that
/// no index of those who wait is used: see `claim.rs`.
const PICKED: &str = "clock AS MATERIALIZED (\
       SELECT CAST(FLOOR(EXTRACT(EPOCH FROM t) * 1000) AS BIGINT) AS now, \
              CAST(FLOOR(EXTRACT(EPOCH FROM t) * 1000000) AS BIGINT) AS micros \
       FROM statement_timestamp() AS t), \
     scope AS MATERIALIZED (\
       SELECT COALESCE(list_key_id::text || '/' || list, '') AS scope FROM mailing WHERE id = $1), \
     picked AS MATERIALIZED (\
       SELECT mailing_id, position, mail_hash, mail_key FROM recipient \
       WHERE mailing_id = $1 AND position BETWEEN $2 AND $3 AND status || '' = 'queued' \
         AND due_at + 0 <= (SELECT now FROM clock) AND expires_at + 0 > (SELECT now FROM clock) \
         AND (lease_until IS NULL OR lease_until <= (SELECT now FROM clock)) \
       ORDER BY position LIMIT $4 FOR UPDATE SKIP LOCKED), \
     hit AS MATERIALIZED (\
       SELECT p.mailing_id, p.position, s.reason FROM picked AS p CROSS JOIN LATERAL (\
         SELECT reason FROM suppression \
         WHERE mail_hash = p.mail_hash AND scope IN ('', (SELECT scope FROM scope)) \
         UNION ALL SELECT reason FROM suppression \
         WHERE p.mail_hash IS NULL AND mail_key = p.mail_key AND scope IN ('', (SELECT scope FROM scope)) \
         LIMIT 1) AS s), \
     rest AS MATERIALIZED (\
       SELECT mailing_id, position FROM picked WHERE position NOT IN (SELECT position FROM hit))";

/// The parameters after those of every claim.
const TURN: &str = "cost AS (SELECT CAST(CEIL(COUNT(*) * $7) AS BIGINT) AS cost FROM rest), \
     turn AS (\
       UPDATE pace SET next_turn = GREATEST(next_turn, micros) + cost, \
         next_owed_turn = micros + cost * $8 \
       FROM clock, cost WHERE cost > 0 AND holds = 0 AND next_turn <= micros RETURNING id)";

impl Ledger {
    /// Returns the claimed recipients, and those that the statement has ended because they are suppressed.
    pub(super) async fn claim_on_postgres(
        &self,
        status: Status,
        range: Range,
        limit: u64,
        token: Uuid,
        rate: Option<f64>,
    ) -> Result<Vec<Model>> {
        let begun = if status == Status::Sending {
            "status = 'sending', attempts = attempts + 1, "
        } else {
            ""
        };
        let (turn, granted) = match rate {
            Some(_) => (format!(", {TURN}"), " AND EXISTS (SELECT FROM turn)"),
            None => (String::new(), ""),
        };
        let sql = format!(
            "WITH {PICKED}{turn}, \
             moved AS (\
               UPDATE recipient AS r SET status = 'suppressed', ended_at = (SELECT now FROM clock), \
                 events = {next}, event_id = gen_random_uuid(), \
                 status_detail = 'suppressed_' || hit.reason, last_error = '{SUPPRESSED}', lease_until = NULL \
               FROM hit WHERE r.mailing_id = hit.mailing_id AND r.position = hit.position \
                 AND r.status || '' = 'queued' RETURNING r.*), \
             {ends}, \
             claimed AS (\
               UPDATE recipient SET {begun}claim_token = $5, lease_until = (SELECT now FROM clock) + $6 \
               WHERE (mailing_id, position) IN (SELECT mailing_id, position FROM rest) \
                 AND status || '' = 'queued'{granted} RETURNING *) \
             SELECT * FROM moved UNION ALL SELECT * FROM claimed",
            next = next_event!("r"),
            ends = self.insert_ends("(SELECT api_key_id FROM mailing WHERE id = $1)"),
        );
        let mut values: Vec<Value> = vec![
            range.mailing_id.into(),
            range.first.into(),
            range.last.into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
            token.into(),
            self.lease_ms.into(),
        ];
        if let Some(rate) = rate {
            values.extend([(1e6 / rate).into(), OWED_EVERY.into()]);
        }
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let rows = Entity::find().from_raw_sql(statement);
        Ok(rows.all(self.db().await?).await?)
    }
}
