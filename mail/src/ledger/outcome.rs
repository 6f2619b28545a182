//! Outcomes of calls to the transport, and how they are recorded.

use entity::recipient::{Column, Entity, Model, Status};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, UpdateMany,
    Value,
    sea_query::{Expr, SimpleExpr},
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Claim, Ledger, document::to_text, events::next_event, retry::retry_until_recorded,
    update::updates,
};
use crate::{
    error::Result,
    outcome::{Outcome, Reason},
    recipient_update::RecipientUpdate,
    timestamp::milliseconds,
};

/// The columns that an outcome sets, on either database. `o` is the outcome, `r` the recipient.
///
/// The token of a recipient that has ended stays, because its holder may still learn more about the outcome.
const SET: &str = concat!(
    "status = o.status, lease_until = NULL, status_detail = o.detail, last_error = o.error, \
     attempts = r.attempts - o.returned, \
     ended_at = CASE WHEN o.status <> 'queued' THEN o.now END, \
     event_id = CASE WHEN o.status <> 'queued' THEN o.event_id END, \
     events = CASE WHEN o.status <> 'queued' THEN ",
    next_event!("r"),
    " ELSE r.events END, \
     message_id = CASE WHEN o.status = 'sent' THEN o.message_id ELSE r.message_id END, \
     sent_at = CASE WHEN o.status = 'sent' THEN o.now ELSE r.sent_at END, \
     claim_token = CASE WHEN o.status <> 'queued' THEN r.claim_token END, \
     woken_at = CASE WHEN o.status <> 'queued' THEN r.woken_at END, \
     due_at = CASE WHEN o.status = 'queued' THEN o.now + o.wait ELSE r.due_at END, \
     queued_at = CASE WHEN o.status = 'queued' THEN COALESCE(r.queued_at, o.now) ELSE r.queued_at END"
);

/// The recipients that an outcome moves. The bounds let `PostgreSQL` find them by their positions, however few it
/// believes the mailing to have.
const WHICH: &str = "r.mailing_id = $2 AND r.claim_token = $3 AND r.position = o.position \
     AND r.position BETWEEN $4 AND $5 \
     AND (r.status || '' = 'sending' OR (r.status || '' = 'unconfirmed' AND o.status IN ('sent', 'failed')))";

/// One outcome as an element of a JSON array.
#[derive(Serialize)]
struct Row<'a> {
    position: i32,
    status: &'static str,
    /// In hexadecimal.
    event_id: String,
    message_id: Option<&'a str>,
    detail: Option<&'static str>,
    error: Option<&'a str>,
    /// Milliseconds until the next attempt.
    wait: i64,
    /// The number of attempts that do not count.
    returned: i32,
}

/// The outcomes of a call as a JSON array, and the bounds of their positions.
struct Rows {
    json: String,
    first: i32,
    last: i32,
}

impl<'a> Row<'a> {
    fn new(position: i32, event_id: Uuid, outcome: &'a Outcome) -> Self {
        let (status, reason): (_, Option<&Reason>) = match outcome {
            Outcome::Accepted { .. } => (Status::Sent, None),
            Outcome::Refused(reason) => (Status::Failed, Some(reason)),
            Outcome::Unknown(reason) => (Status::Unconfirmed, Some(reason)),
            Outcome::NotAccepted { reason, .. } => (Status::Queued, Some(reason)),
        };
        let mut row = Self {
            position,
            status: status.as_str(),
            event_id: event_id.simple().to_string(),
            message_id: None,
            detail: reason.map(|reason| reason.code.as_str()),
            error: reason.map(|reason| reason.text.as_str()),
            wait: 0,
            returned: 0,
        };
        match outcome {
            Outcome::Accepted { message_id } => row.message_id = Some(message_id),
            Outcome::NotAccepted {
                again_in, fault, ..
            } => {
                row.wait = milliseconds(*again_in);
                row.returned = i32::from(!fault.counts());
            }
            Outcome::Refused(_) | Outcome::Unknown(_) => {}
        }
        row
    }
}

impl Ledger {
    /// Records the outcomes of one call, all or nothing, and returns the rows that moved. A row that this claim no
    /// longer holds stays as it is.
    pub async fn record(
        &self,
        claim: &Claim,
        outcomes: &[(i32, Outcome)],
    ) -> Result<Vec<RecipientUpdate>> {
        let events: Vec<Uuid> = outcomes.iter().map(|_| Uuid::now_v7()).collect();
        let rows: Vec<Row> = outcomes
            .iter()
            .zip(&events)
            .map(|((position, outcome), event)| Row::new(*position, *event, outcome))
            .collect();
        let positions = outcomes.iter().map(|(position, _)| *position);
        let rows = Rows {
            first: positions.clone().min().unwrap_or_default(),
            last: positions.max().unwrap_or_default(),
            json: to_text(&rows)?,
        };
        let mut moved = retry_until_recorded(|| async {
            let mut moved = if self.db.get_database_backend() == DbBackend::Postgres {
                self.record_on_postgres(claim, &rows).await?
            } else {
                self.record_on_sqlite(claim, &rows).await?
            };
            if moved.len() < outcomes.len() {
                moved.extend(self.recorded_before(claim, outcomes, &events).await?);
                moved.sort_unstable_by_key(|row| row.position);
                moved.dedup_by_key(|row| row.position);
            }
            Ok(moved)
        })
        .await?;
        moved.sort_unstable_by_key(|row| row.position);
        Ok(updates(moved))
    }

    /// Returns a recipient of the claim that a report of the mail system has settled before its outcome was known. It is
    /// published with the report.
    pub async fn settled_before(
        &self,
        claim: &Claim,
        position: i32,
    ) -> Result<Option<RecipientUpdate>> {
        let row = Entity::find()
            .filter(Column::MailingId.eq(claim.mailing_id))
            .filter(Column::Position.eq(position))
            .filter(Column::ClaimToken.eq(claim.token))
            .filter(Column::SentAt.is_not_null())
            .one(self.db().await?)
            .await?;
        Ok(row
            .filter(|row| !row.status.is_open())
            .map(RecipientUpdate::from))
    }

    /// Returns a recipient as it is now.
    pub async fn update_of(
        &self,
        mailing_id: Uuid,
        position: i32,
    ) -> Result<Option<RecipientUpdate>> {
        let row = Entity::find_by_id((mailing_id, position)).one(self.db().await?);
        Ok(row.await?.map(RecipientUpdate::from))
    }

    /// One statement, and therefore one round trip.
    async fn record_on_postgres(&self, claim: &Claim, rows: &Rows) -> Result<Vec<Model>> {
        let ends = self.insert_ends("(SELECT api_key_id FROM mailing WHERE id = $2)");
        let sql = format!(
            "WITH o AS MATERIALIZED (\
               SELECT *, (SELECT {now}) AS now FROM json_to_recordset($1::json) AS o (position INTEGER, \
                 status TEXT, event_id UUID, message_id TEXT, detail TEXT, error TEXT, wait BIGINT, \
                 returned INTEGER)), \
             moved AS (UPDATE recipient AS r SET {SET} FROM o WHERE {WHICH} RETURNING r.*), \
             {ends} \
             SELECT * FROM moved",
            now = super::dialect::POSTGRES_NOW,
        );
        let db = self.db().await?.repeatable();
        self.moved_by(&db, sql, claim, rows).await
    }

    async fn record_on_sqlite(&self, claim: &Claim, rows: &Rows) -> Result<Vec<Model>> {
        let transaction = self.begin().await?;
        let moved = self
            .moved_by(&transaction, on_sqlite(), claim, rows)
            .await?;
        self.add_ends(&transaction, &moved).await?;
        transaction.commit().await?;
        Ok(moved)
    }

    async fn moved_by(
        &self,
        db: &impl ConnectionTrait,
        sql: String,
        claim: &Claim,
        rows: &Rows,
    ) -> Result<Vec<Model>> {
        let values: [Value; 5] = [
            rows.json.as_str().into(),
            claim.mailing_id.into(),
            claim.token.into(),
            rows.first.into(),
            rows.last.into(),
        ];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        Ok(Entity::find().from_raw_sql(statement).all(db).await?)
    }

    /// Finds rows that an earlier statement has moved, whose answer was lost: by their event ids.
    async fn recorded_before(
        &self,
        claim: &Claim,
        outcomes: &[(i32, Outcome)],
        events: &[Uuid],
    ) -> Result<Vec<Model>> {
        let positions = outcomes.iter().map(|(position, _)| *position);
        Ok(Entity::find()
            .filter(Column::MailingId.eq(claim.mailing_id))
            .filter(Column::Position.is_in(positions))
            .filter(Column::EventId.is_in(events.iter().copied()))
            .all(self.db().await?)
            .await?)
    }

    /// Builds an update that ends a recipient. The token stays, because its holder may still learn more about the
    /// outcome.
    pub(super) fn end(&self, status: Status, event_id: SimpleExpr) -> UpdateMany<Entity> {
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::EndedAt, self.now())
            .col_expr(Column::Events, Expr::cust(next_event!("\"recipient\"")))
            .col_expr(Column::EventId, event_id)
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
    }
}

/// Materialized, because `SQLite` otherwise reads all recipients of the mailing, and the array anew for each of them.
pub(super) fn on_sqlite() -> String {
    format!(
        "WITH o AS MATERIALIZED (\
           SELECT value ->> 'position' AS position, value ->> 'status' AS status, \
             unhex(value ->> 'event_id') AS event_id, value ->> 'message_id' AS message_id, \
             value ->> 'detail' AS detail, value ->> 'error' AS error, value ->> 'wait' AS wait, \
             value ->> 'returned' AS returned, {now} AS now FROM json_each($1)) \
         UPDATE recipient AS r SET {SET} FROM o WHERE {WHICH} RETURNING *",
        now = super::dialect::SQLITE_NOW,
    )
}
