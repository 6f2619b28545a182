//! The outbox: events of recipients that are still to be published to the result queue.
//!
//! An event is put into it in the transaction that moves the recipient, and taken out when the queue has its message. A
//! later event of the same recipient, or a resend, therefore removes none of the earlier ones.

use std::{collections::HashMap, time::Duration};

use entity::{
    Document,
    event::{self, Entity as EventRow},
    mailing,
    outbox::{ActiveModel as Row, Column as Out, Entity as Outbox, Model as Pending},
    recipient::{Column, Entity, Model, Status},
};
use sea_orm::{
    ActiveEnum,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Ledger, Transaction,
    document::{from_json, legible_envelope},
    events::detail,
};
use crate::{
    error::Result, message::CallerIds, recipient_update::RecipientUpdate, telemetry,
    timestamp::milliseconds,
};

/// The process that has ended a recipient publishes the end at once; until this time has passed, no other process does.
const SETTLED: Duration = Duration::from_secs(10);
/// The number of refusals by the queue after which an end is given up.
const MOST_REFUSALS: i32 = 2;
/// The delay before an end that the queue has refused is published again.
const AFTER_REFUSAL: Duration = Duration::from_secs(10);
/// The maximum number of rows of one statement, far below the parameters that a database accepts: 65,535 in
/// `PostgreSQL`, 32,766 in `SQLite`.
const ROWS: usize = 1000;

impl Ledger {
    /// Inserts the ends of those recipients in `moved` that have ended. An event that is already in the outbox stays as
    /// it is.
    pub(super) async fn put_in_outbox(
        &self,
        transaction: &Transaction,
        moved: &[Model],
    ) -> Result<()> {
        let ends = moved.iter().filter_map(|row| {
            let (event_id, added_at) = row.event_id.zip(row.ended_at)?;
            Some(Added {
                event_id,
                mailing_id: row.mailing_id,
                position: row.position,
                status: row.status,
                at: added_at,
            })
        });
        self.add_to_outbox(transaction, ends).await
    }

    /// Inserts those events whose status is published.
    pub(super) async fn add_to_outbox(
        &self,
        transaction: &Transaction,
        events: impl Iterator<Item = Added>,
    ) -> Result<()> {
        let Some(results) = &self.results else {
            return Ok(());
        };
        let rows = events
            .filter(|event| results.name_of(event.status).is_some())
            .map(|event| Row {
                event_id: Set(event.event_id),
                mailing_id: Set(event.mailing_id),
                position: Set(event.position),
                result: Set(None),
                added_at: Set(event.at),
                due_at: Set(Some(event.at.saturating_add(milliseconds(SETTLED)))),
                refusals: Set(0),
            });
        let rows: Vec<Row> = rows.collect();
        for rows in rows.chunks(ROWS) {
            Outbox::insert_many(rows.to_vec())
                .on_conflict(OnConflict::column(Out::EventId).do_nothing().to_owned())
                .exec_without_returning(transaction)
                .await?;
        }
        Ok(())
    }

    /// Returns the part of a statement of `PostgreSQL` that inserts the ends of the recipients in `moved`.
    pub(super) fn insert_moved_into_outbox(&self) -> String {
        let Some(results) = &self.results else {
            return "SELECT".to_owned();
        };
        let published: Vec<String> = results
            .published()
            .map(|status| format!("'{}'", status.as_str()))
            .collect();
        format!(
            "INSERT INTO outbox (event_id, mailing_id, position, added_at, due_at, refusals) \
             SELECT event_id, mailing_id, position, ended_at, ended_at + {}, 0 FROM moved \
             WHERE event_id IS NOT NULL AND ended_at IS NOT NULL AND status IN ({}) \
             ON CONFLICT (event_id) DO NOTHING",
            milliseconds(SETTLED),
            published.join(", "),
        )
    }

    /// Returns recipients as they were at the events that are due to be published, those that have been due for longest
    /// first.
    pub async fn unpublished(&self, most: u64) -> Result<Vec<RecipientUpdate>> {
        let db = self.db().await?;
        let due = Outbox::find()
            .filter(self.is_over(Out::DueAt))
            .order_by_asc(Out::DueAt)
            .limit(most)
            .all(db)
            .await?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let events = EventRow::find()
            .filter(event::Column::Id.is_in(due.iter().map(|row| row.event_id)))
            .all(db)
            .await?;
        let mut events: HashMap<Uuid, event::Model> =
            events.into_iter().map(|event| (event.id, event)).collect();
        let keys = due.iter().map(|row| (row.mailing_id, row.position));
        let recipients = Entity::find().filter(of_recipients(keys)).all(db).await?;
        let recipients: HashMap<_, RecipientUpdate> = recipients
            .into_iter()
            .map(|row| ((row.mailing_id, row.position), row.into()))
            .collect();
        let mut updates = Vec::with_capacity(due.len());
        for row in due {
            let Some(now) = recipients.get(&(row.mailing_id, row.position)) else {
                continue;
            };
            let event_id = row.event_id;
            match as_it_was(now.clone(), row, events.remove(&event_id)) {
                Ok(update) => updates.push(update),
                // A row that cannot be read does not hold up the others.
                Err(error) => {
                    tracing::error!(
                        event.id = %event_id, error = telemetry::causes(&error),
                        "a row of the outbox cannot be read, it is given up"
                    );
                    self.give_up(event_id).await?;
                }
            }
        }
        Ok(updates)
    }

    /// Deletes ends from the outbox whose messages the queue has accepted.
    pub async fn mark_published(&self, ends: &[&RecipientUpdate]) -> Result<()> {
        for ends in ends.chunks(ROWS) {
            Outbox::delete_many()
                .filter(is_of(ends))
                .exec(&self.db().await?.repeatable())
                .await?;
        }
        Ok(())
    }

    /// Records that the queue has refused the message of this end. Returns whether the end is given up: it then stays
    /// in the outbox, and is no longer due.
    pub async fn mark_refused(&self, end: &RecipientUpdate) -> Result<bool> {
        let wait = milliseconds(AFTER_REFUSAL);
        let again = Expr::col(Out::Refusals).lt(MOST_REFUSALS - 1);
        let due_at = Expr::case(again, self.now().add(wait)).finally(Expr::value(None::<i64>));
        let marked = Outbox::update_many()
            .col_expr(Out::DueAt, due_at.into())
            .col_expr(Out::Refusals, Expr::col(Out::Refusals).add(1))
            .filter(is_of(&[end]))
            .exec_with_returning(self.db().await?)
            .await?;
        Ok(marked.iter().any(|event| event.due_at.is_none()))
    }

    async fn give_up(&self, event_id: Uuid) -> Result<()> {
        Outbox::update_many()
            .col_expr(Out::DueAt, Expr::value(None::<i64>))
            .filter(Out::EventId.eq(event_id))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// Returns the caller's own ids of each mailing.
    pub async fn caller_ids(&self, mailings: &[Uuid]) -> Result<HashMap<Uuid, CallerIds>> {
        let rows: Vec<(Uuid, Document)> = mailing::Entity::find()
            .select_only()
            .columns([mailing::Column::Id, mailing::Column::Envelope])
            .filter(mailing::Column::Id.is_in(mailings.iter().copied()))
            .into_tuple()
            .all(self.db().await?)
            .await?;
        let ids = rows.into_iter();
        Ok(ids
            .map(|(id, envelope)| (id, legible_envelope(envelope).ids))
            .collect())
    }

    /// Returns the time for which the oldest due recipient that is not leased has been due; zero if there is none.
    pub async fn oldest_due(&self) -> Result<Duration> {
        let oldest: Option<Option<i64>> = Entity::find()
            .select_only()
            .expr(self.now().sub(Expr::col(Column::DueAt).min()))
            .filter(self.is_due())
            .into_tuple()
            .one(self.db().await?)
            .await?;
        let age = oldest.flatten().and_then(|age| u64::try_from(age).ok());
        Ok(Duration::from_millis(age.unwrap_or(0)))
    }
}

/// An event to be inserted into the outbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct Added {
    pub event_id: Uuid,
    pub mailing_id: Uuid,
    pub position: i32,
    pub status: Status,
    pub at: i64,
}

/// Returns the condition for recipients that are given by their mailings and positions.
pub(super) fn of_recipients(keys: impl Iterator<Item = (Uuid, i32)>) -> Condition {
    let mut keys: Vec<_> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    let mut which = Condition::any();
    for keys in keys.chunk_by(|a, b| a.0 == b.0) {
        let positions = keys.iter().map(|(_, position)| *position);
        which = which.add(
            Column::MailingId
                .eq(keys[0].0)
                .and(Column::Position.is_in(positions)),
        );
    }
    which
}

fn is_of(ends: &[&RecipientUpdate]) -> Condition {
    let events = ends.iter().filter_map(|end| end.event_id);
    Condition::all().add(Out::EventId.is_in(events))
}

/// What an event says, in rows that were added before there were rows of events.
#[derive(Deserialize)]
struct End {
    status: String,
    occurred_at: i64,
    attempts: i32,
    message_id: Option<String>,
    status_detail: Option<String>,
    last_error: Option<String>,
    queued_at: Option<i64>,
    sent_at: Option<i64>,
}

/// Returns the recipient as it was at the event.
fn as_it_was(
    now: RecipientUpdate,
    row: Pending,
    event: Option<event::Model>,
) -> Result<RecipientUpdate> {
    if let Some(event) = event {
        return at_event(now, event);
    }
    let end: End = from_json("result", row.result.unwrap_or(Document::Unreadable))?;
    Ok(RecipientUpdate {
        status: Status::try_from_value(&end.status)?,
        event_id: Some(row.event_id),
        occurred_at: Some(end.occurred_at),
        sequence: 1,
        attempts: end.attempts,
        message_id: end.message_id,
        status_detail: end.status_detail,
        last_error: end.last_error,
        queued_at: end.queued_at,
        sent_at: end.sent_at,
        bounce: None,
        ..now
    })
}

fn at_event(now: RecipientUpdate, event: event::Model) -> Result<RecipientUpdate> {
    Ok(RecipientUpdate {
        status: Status::try_from_value(&event.kind)?,
        event_id: Some(event.id),
        occurred_at: Some(event.occurred_at),
        sequence: event.sequence,
        attempts: event.attempts,
        message_id: event.message_id,
        status_detail: event.status_detail,
        last_error: event.last_error,
        queued_at: event.queued_at,
        sent_at: event.sent_at,
        bounce: detail(event.detail)?.bounce,
        ..now
    })
}
