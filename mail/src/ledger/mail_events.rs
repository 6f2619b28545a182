//! Applies reports of the mail system to the recipients that they are about.

use std::collections::{BTreeMap, BTreeSet};

use entity::{
    event,
    recipient::{Column, Entity, Model},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Ledger, Transaction, copies,
    document::to_text,
    events::{self, NewEvent},
    outbox::{Added, of_recipients},
    suppressions::{Entry, StoredAddress},
};
use crate::{
    error::Result,
    hash_secret::HashSecret,
    mail_event::{MailEvent, Step, advance},
    message::Envelope,
    recipient_update::RecipientUpdate,
    simulator::is_simulated,
    suppression::SuppressionScope,
};

/// What became of reports.
#[derive(Debug, Default)]
pub struct Applied {
    /// The moves of recipients, in their order.
    pub updates: Vec<RecipientUpdate>,
    /// The number of reports about mail that the ledger does not have.
    pub foreign: usize,
}

/// The columns that a report may change, as an element of a JSON array.
#[derive(Serialize)]
struct Changed<'a> {
    /// In hexadecimal, as are `event_id` and `claim_token`.
    mailing_id: String,
    position: i32,
    status: &'static str,
    event_id: Option<String>,
    claim_token: Option<String>,
    events: i32,
    message_id: Option<&'a str>,
    status_detail: Option<&'a str>,
    last_error: Option<&'a str>,
    lease_until: Option<i64>,
    sent_at: Option<i64>,
    ended_at: Option<i64>,
    proved_at: Option<i64>,
}

impl<'a> From<&'a Model> for Changed<'a> {
    fn from(row: &'a Model) -> Self {
        Self {
            mailing_id: row.mailing_id.simple().to_string(),
            position: row.position,
            status: row.status.as_str(),
            event_id: row.event_id.map(|id| id.simple().to_string()),
            claim_token: row.claim_token.map(|id| id.simple().to_string()),
            events: row.events,
            message_id: row.message_id.as_deref(),
            status_detail: row.status_detail.as_deref(),
            last_error: row.last_error.as_deref(),
            lease_until: row.lease_until,
            sent_at: row.sent_at,
            ended_at: row.ended_at,
            proved_at: row.proved_at,
        }
    }
}

impl Ledger {
    /// Applies reports in their order, all or nothing. A report that was applied before changes nothing.
    pub async fn apply_mail_events(&self, reports: &[MailEvent]) -> Result<Applied> {
        let mut applied = Applied::default();
        // Before the transaction: the first use of the secret may write it.
        let secret = self.hash_secret().await?;
        let transaction = self.begin().await?;
        let mut rows = locked(&transaction, reports).await?;
        let known = known(&transaction, reports).await?;
        let of_copies = reports.iter().filter(|report| {
            let row = rows.get(&(report.mailing_id, report.position));
            row.is_some_and(|row| !report.is_about(row.mail_key.as_deref()))
        });
        let envelopes = copies::envelopes(
            &transaction,
            of_copies.map(|report| report.mailing_id).collect(),
        )
        .await?;
        let now = self.read_clock(&transaction).await?;
        let mut steps: Vec<Step> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut suppressed: Vec<Entry> = Vec::new();
        let mut simulated = BTreeSet::new();
        for report in reports {
            let Some(row) = rows.get_mut(&(report.mailing_id, report.position)) else {
                applied.foreign += 1;
                continue;
            };
            if !known.contains(&report.id) && seen.insert(report.id) {
                suppressed.extend(suppressed_by(report, row, secret));
                if is_of_simulator(report, row) {
                    simulated.insert((row.mailing_id, row.position));
                }
                let mut led_to = advance(row, report, now);
                if let Some(envelope) = envelopes.get(&report.mailing_id) {
                    name_copies(&mut led_to, report, envelope);
                }
                steps.append(&mut led_to);
            }
        }
        self.insert_suppressions(&transaction, &suppressed).await?;
        if steps.is_empty() && suppressed.is_empty() {
            transaction.rollback().await?;
            return Ok(applied);
        }
        let moved: BTreeSet<_> = steps.iter().map(key).collect();
        let changed: Vec<Changed> = rows
            .iter()
            .filter(|(key, _)| moved.contains(key))
            .map(|(_, row)| row.into())
            .collect();
        write(&transaction, &changed).await?;
        self.add_steps(&transaction, &steps, now).await?;
        // Last, because processes that apply other reports wait for the rows of the hours.
        let rated = steps.iter().filter(|step| !simulated.contains(&key(step)));
        self.add_reports(&transaction, rated).await?;
        transaction.commit().await?;
        applied.updates = steps.into_iter().filter_map(update).collect();
        Ok(applied)
    }

    async fn add_steps(&self, transaction: &Transaction, steps: &[Step], now: i64) -> Result<()> {
        let rows: Vec<NewEvent> = steps
            .iter()
            .map(|step| {
                let detail = Some(&step.detail).filter(|detail| !detail.is_empty());
                NewEvent::of(
                    &step.row,
                    step.id,
                    step.kind.as_str(),
                    step.occurred_at,
                    detail,
                )
            })
            .collect();
        events::add(transaction, &rows).await?;
        let published = steps.iter().filter_map(|step| {
            Some(Added {
                event_id: step.id,
                mailing_id: step.row.mailing_id,
                position: step.row.position,
                status: step.kind.status()?,
                at: now,
            })
        });
        self.add_to_outbox(transaction, published).await
    }
}

/// Returns the addresses that must not be mailed any more because of a report. Of a recipient that was erased, only the
/// hash is kept.
fn suppressed_by(report: &MailEvent, row: &Model, secret: &HashSecret) -> Vec<Entry> {
    let Some(reason) = report.report.suppresses() else {
        return Vec::new();
    };
    let addresses = report.addresses.iter();
    addresses
        .filter(|key| !is_simulated(key))
        .map(|key| Entry {
            mail_hash: secret.address(key),
            address: match &row.mail_key {
                Some(own) if own == key => row.mail.clone(),
                Some(_) => Some(key.clone()),
                None => None,
            }
            .map(|mail| StoredAddress {
                mail,
                key: key.clone(),
            }),
            reason,
            scope: SuppressionScope::Everything,
        })
        .collect()
}

/// Names the places of the copies that a report is about.
fn name_copies(steps: &mut [Step], report: &MailEvent, envelope: &Envelope) {
    let of_copies = steps.iter_mut().filter(|step| step.kind.is_of_copies());
    for step in of_copies {
        let copies = envelope.copies();
        let named = copies.filter(|(_, address)| report.addresses.contains(&address.key()));
        step.detail.copies = named.map(|(place, _)| place).collect();
    }
}

/// Returns whether the recipient is an address of a simulator, which says nothing about any person's mail.
fn is_of_simulator(report: &MailEvent, row: &Model) -> bool {
    match &row.mail_key {
        Some(key) => is_simulated(key),
        None => report.addresses.iter().any(|key| is_simulated(key)),
    }
}

fn key(step: &Step) -> (Uuid, i32) {
    (step.row.mailing_id, step.row.position)
}

/// Locks the recipients in the order of their keys, so that two processes do not wait for each other.
async fn locked(
    transaction: &Transaction,
    reports: &[MailEvent],
) -> Result<BTreeMap<(Uuid, i32), Model>> {
    let keys = reports
        .iter()
        .map(|report| (report.mailing_id, report.position));
    let rows = Entity::find()
        .filter(of_recipients(keys))
        .order_by_asc(Column::MailingId)
        .order_by_asc(Column::Position)
        .lock_exclusive()
        .all(transaction)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.mailing_id, row.position), row))
        .collect())
}

/// Returns the ids of reports that have led to an event before.
async fn known(transaction: &Transaction, reports: &[MailEvent]) -> Result<BTreeSet<Uuid>> {
    let found: Vec<Uuid> = event::Entity::find()
        .select_only()
        .column(event::Column::Id)
        .filter(event::Column::Id.is_in(reports.iter().map(|report| report.id)))
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(found.into_iter().collect())
}

async fn write(transaction: &Transaction, changed: &[Changed<'_>]) -> Result<()> {
    let backend = transaction.get_database_backend();
    let rows = if backend == DbBackend::Postgres {
        "json_to_recordset($1::json) AS c (mailing_id UUID, position INTEGER, status TEXT, event_id UUID, \
               claim_token UUID, events INTEGER, message_id TEXT, status_detail TEXT, last_error TEXT, lease_until BIGINT, \
               sent_at BIGINT, ended_at BIGINT, proved_at BIGINT)"
    } else {
        "(SELECT unhex(value ->> 'mailing_id') AS mailing_id, value ->> 'position' AS position, \
               value ->> 'status' AS status, unhex(value ->> 'event_id') AS event_id, \
               unhex(value ->> 'claim_token') AS claim_token, value ->> 'events' AS events, value ->> 'message_id' AS message_id, \
               value ->> 'status_detail' AS status_detail, value ->> 'last_error' AS last_error, \
               value ->> 'lease_until' AS lease_until, value ->> 'sent_at' AS sent_at, \
               value ->> 'ended_at' AS ended_at, value ->> 'proved_at' AS proved_at FROM json_each($1)) AS c"
    };
    let sql = format!(
        "UPDATE recipient SET status = c.status, event_id = c.event_id, claim_token = c.claim_token, \
           events = c.events, \
           message_id = c.message_id, status_detail = c.status_detail, last_error = c.last_error, \
           lease_until = c.lease_until, sent_at = c.sent_at, ended_at = c.ended_at, proved_at = c.proved_at \
         FROM {rows} WHERE recipient.mailing_id = c.mailing_id AND recipient.position = c.position"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [to_text(&changed)?.into()]);
    transaction.execute_raw(statement).await?;
    Ok(())
}

/// Returns the move of a recipient, as it is logged, counted and published; `None` if the event moved none.
fn update(step: Step) -> Option<RecipientUpdate> {
    step.kind.status()?;
    Some(RecipientUpdate {
        occurred_at: Some(step.occurred_at),
        event_id: Some(step.id),
        bounce: step.detail.bounce,
        ..step.row.into()
    })
}
