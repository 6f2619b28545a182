//! The rows of events. An event is inserted in the transaction that moves its recipient, after the recipient's row is
//! locked: the ordinals of one recipient's events are therefore in the order of its moves.

use entity::{
    Document,
    recipient::{Entity, Model},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement, UpdateMany};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Ledger, Transaction, dialect,
    document::{from_json, to_text},
    update::updates,
    webhooks::{insert_deliveries, insert_moved_deliveries},
};
use crate::{error::Result, event::Detail, recipient_update::RecipientUpdate};

/// The columns of an event that are inserted.
const COLUMNS: &str = "id, mailing_id, position, sequence, api_key_id, kind, occurred_at, added_at, attempts, \
     message_id, status_detail, last_error, queued_at, sent_at, detail";

/// The number of the next event of a recipient `r`. An end that was recorded before there were events is the first one.
macro_rules! next_event {
    ($recipient:literal) => {
        concat!(
            $recipient,
            ".events + CASE WHEN ",
            $recipient,
            ".events = 0 AND ",
            $recipient,
            ".event_id IS NOT NULL THEN 2 ELSE 1 END"
        )
    };
}
pub(super) use next_event;

/// An event to be inserted, as an element of a JSON array.
#[derive(Debug, Serialize)]
pub(super) struct NewEvent<'a> {
    #[serde(with = "uuid::serde::simple")]
    pub id: Uuid,
    #[serde(with = "uuid::serde::simple")]
    mailing_id: Uuid,
    position: i32,
    sequence: i32,
    kind: &'static str,
    occurred_at: i64,
    attempts: i32,
    message_id: Option<&'a str>,
    status_detail: Option<&'a str>,
    last_error: Option<&'a str>,
    queued_at: Option<i64>,
    sent_at: Option<i64>,
    detail: Option<&'a Detail>,
}

impl<'a> NewEvent<'a> {
    /// Returns the event that says what the row of its recipient says.
    pub fn of(
        row: &'a Model,
        id: Uuid,
        kind: &'static str,
        occurred_at: i64,
        detail: Option<&'a Detail>,
    ) -> Self {
        Self {
            id,
            mailing_id: row.mailing_id,
            position: row.position,
            sequence: row.events,
            kind,
            occurred_at,
            attempts: row.attempts,
            message_id: row.message_id.as_deref(),
            status_detail: row.status_detail.as_deref(),
            last_error: row.last_error.as_deref(),
            queued_at: row.queued_at,
            sent_at: row.sent_at,
            detail,
        }
    }
}

impl Ledger {
    /// Moves recipients to an end.
    pub(super) async fn end_all(&self, update: UpdateMany<Entity>) -> Result<Vec<RecipientUpdate>> {
        let transaction = self.begin().await?;
        let ended = update.exec_with_returning(&transaction).await?;
        self.add_ends(&transaction, &ended).await?;
        transaction.commit().await?;
        Ok(updates(ended))
    }

    /// Inserts what the ends of those recipients in `moved` lead to that have ended: their events, with the deliveries to
    /// webhooks, and their rows of the outbox.
    pub(super) async fn add_ends(&self, transaction: &Transaction, moved: &[Model]) -> Result<()> {
        let ends = moved.iter().filter_map(|row| {
            let (id, ended_at) = row.event_id.zip(row.ended_at)?;
            Some(NewEvent::of(row, id, row.status.as_str(), ended_at, None))
        });
        add(transaction, &ends.collect::<Vec<_>>()).await?;
        self.put_in_outbox(transaction, moved).await
    }

    /// Returns the parts of a statement of `PostgreSQL` that do the same for the recipients in `moved`, whose mailing
    /// belongs to the key that the expression `api_key_id` names.
    pub(super) fn insert_ends(&self, api_key_id: &str) -> String {
        format!(
            "events AS (INSERT INTO event ({COLUMNS}) \
             SELECT event_id, mailing_id, position, events, {api_key_id}, \
               status, ended_at, ended_at, attempts, message_id, status_detail, last_error, queued_at, sent_at, NULL \
             FROM moved WHERE event_id IS NOT NULL AND ended_at IS NOT NULL), \
             deliveries AS ({deliveries}), outbox AS ({outbox})",
            deliveries = insert_moved_deliveries(api_key_id),
            outbox = self.insert_moved_into_outbox(),
        )
    }
}

/// Reads the column that only some kinds of events have.
pub(super) fn detail(stored: Option<Document>) -> Result<Detail> {
    Ok(stored
        .map(|stored| from_json("event", stored))
        .transpose()?
        .unwrap_or_default())
}

/// Inserts events in their order, and their deliveries to webhooks.
pub(super) async fn add(transaction: &Transaction, events: &[NewEvent<'_>]) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let backend = transaction.get_database_backend();
    let rows = if backend == DbBackend::Postgres {
        "json_to_recordset($1::json) AS e (id UUID, mailing_id UUID, position INTEGER, \
               sequence INTEGER, kind TEXT, occurred_at BIGINT, attempts INTEGER, message_id TEXT, \
               status_detail TEXT, last_error TEXT, queued_at BIGINT, sent_at BIGINT, detail JSON)"
    } else {
        "(SELECT unhex(value ->> 'id') AS id, unhex(value ->> 'mailing_id') AS mailing_id, \
               value ->> 'position' AS position, value ->> 'sequence' AS sequence, value ->> 'kind' AS kind, \
               value ->> 'occurred_at' AS occurred_at, value ->> 'attempts' AS attempts, \
               value ->> 'message_id' AS message_id, value ->> 'status_detail' AS status_detail, \
               value ->> 'last_error' AS last_error, value ->> 'queued_at' AS queued_at, \
               value ->> 'sent_at' AS sent_at, NULLIF(value -> 'detail', 'null') AS detail \
             FROM json_each($1)) AS e"
    };
    let now = dialect::now(backend);
    let sql = format!(
        "INSERT INTO event ({COLUMNS}) SELECT e.id, e.mailing_id, e.position, e.sequence, \
           (SELECT api_key_id FROM mailing WHERE id = e.mailing_id), e.kind, \
           e.occurred_at, {now}, e.attempts, e.message_id, e.status_detail, e.last_error, e.queued_at, \
           e.sent_at, e.detail \
         FROM {rows} ORDER BY e.mailing_id, e.position, e.sequence"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [to_text(&events)?.into()]);
    transaction.execute_raw(statement).await?;
    insert_deliveries(transaction, events).await
}
