//! Deliveries: events that are to be sent to a webhook, claimed under a lease, and what came of each try.

use std::{collections::HashMap, time::Duration};

use entity::{
    event,
    webhook::{Column as Hook, Entity as Webhooks, Model},
    webhook_delivery::{Column, Entity},
    webhook_log,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    QueryFilter, Statement, sea_query::Expr,
};
use uuid::Uuid;

use super::locked;
use crate::{
    error::Result,
    ledger::{FeedEvent, Ledger, Transaction, dialect},
    timestamp::milliseconds,
    webhooks::{DisabledReason, PING},
};

/// The number of deliveries of one webhook that are under way at once, over all processes.
pub const IN_FLIGHT: u64 = 8;
/// The time after which a try without an outcome is repeated: its process has died. Far longer than a try takes.
const LEASE_MS: i64 = 60_000;
/// The times between a failed try and the next one. After the last of them the event is given up.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];
/// A webhook that has failed for as long is disabled at the next failure.
const FAILING: Duration = Duration::from_hours(5 * 24);
/// The least number of failures in that time: a webhook that is seldom used has not failed all the time because it
/// failed twice.
const FEWEST_FAILURES: i32 = 3;

/// A delivery that this process is to make.
#[derive(Clone, Debug)]
pub struct ClaimedDelivery {
    pub webhook_id: Uuid,
    pub event_id: Uuid,
    /// Names the try.
    pub token: Uuid,
    /// The number of the try, from 1.
    pub number: i32,
    /// The time of the claim.
    pub claimed_at: i64,
    /// `None` for a ping.
    pub event: Option<Box<FeedEvent>>,
}

impl ClaimedDelivery {
    /// The kind of the event, or `ping`.
    pub fn kind(&self) -> &str {
        self.event.as_ref().map_or(PING, |found| &found.event.kind)
    }
}

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    pub webhook_id: Uuid,
    pub event_id: Uuid,
    pub token: Uuid,
    pub number: i32,
    /// The kind of the event, or `ping`.
    pub kind: String,
    pub outcome: webhook::Outcome,
}

/// What a recorded try has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    Arrived,
    /// It is tried again.
    Again,
    GivenUp,
    /// It is given up, and with it the webhook.
    Disabled(DisabledReason),
    /// The outcome came too late: another try is under way, or has been made.
    Late,
}

#[derive(FromQueryResult)]
struct Row {
    event_id: Uuid,
    is_ping: bool,
    tries: i32,
    now: i64,
}

impl Ledger {
    /// Returns whether there is a webhook that events are sent to, and those that have something to be sent now.
    pub async fn due_webhooks(&self) -> Result<(bool, Vec<Uuid>)> {
        let db = self.db().await?;
        let now = dialect::statement_now(db.get_database_backend());
        // A value instead of `EXISTS`, which `PostgreSQL` may turn into a join with all deliveries.
        let sql = format!(
            "SELECT w.id, CASE WHEN w.replay_after IS NOT NULL THEN 1 ELSE \
               (SELECT 1 FROM webhook_delivery AS d WHERE d.webhook_id = w.id AND d.due_at <= {now} \
                AND (d.lease_until IS NULL OR d.lease_until <= {now}) ORDER BY d.due_at LIMIT 1) END AS due \
             FROM webhook AS w WHERE w.disabled_at IS NULL"
        );
        let statement = Statement::from_string(db.get_database_backend(), sql);
        let rows = db.query_all_raw(statement).await?;
        let mut due = Vec::new();
        for row in &rows {
            if row.try_get::<Option<i32>>("", "due")?.is_some() {
                due.push(row.try_get("", "id")?);
            }
        }
        Ok((!rows.is_empty(), due))
    }

    /// Claims deliveries of a webhook that are due, those that have been due for longest first: at most `most`, and no
    /// more than [`IN_FLIGHT`] with those of other processes. Returns the webhook with them; `None` if nothing may be sent
    /// to it.
    pub async fn claim_deliveries(
        &self,
        id: Uuid,
        most: u64,
    ) -> Result<Option<(Model, Vec<ClaimedDelivery>)>> {
        let transaction = self.begin().await?;
        let webhook = locked(&transaction, id).await?;
        let Some(webhook) = webhook.filter(|webhook| webhook.disabled_at.is_none()) else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let leased = leased(&transaction, id).await?;
        let most = Ord::min(most, IN_FLIGHT.saturating_sub(leased));
        if most == 0 {
            transaction.rollback().await?;
            return Ok(Some((webhook, Vec::new())));
        }
        let token = Uuid::new_v4();
        let rows = claim(&transaction, id, token, most).await?;
        transaction.commit().await?;
        let events = self.events(rows.iter().filter(|row| !row.is_ping)).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in rows {
            let event = events.get(&row.event_id).cloned().map(Box::new);
            if event.is_none() && !row.is_ping {
                // Events are kept for a time only.
                self.forget_delivery(id, row.event_id).await?;
                continue;
            }
            claimed.push(ClaimedDelivery {
                webhook_id: id,
                event_id: row.event_id,
                token,
                number: row.tries.saturating_add(1),
                claimed_at: row.now,
                event,
            });
        }
        Ok(Some((webhook, claimed)))
    }

    async fn events(&self, rows: impl Iterator<Item = &Row>) -> Result<HashMap<Uuid, FeedEvent>> {
        let ids: Vec<Uuid> = rows.map(|row| row.event_id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let events = event::Entity::find()
            .filter(event::Column::Id.is_in(ids))
            .all(self.db().await?)
            .await?;
        let events = self.with_recipients(events).await?;
        Ok(events
            .into_iter()
            .map(|found| (found.event.id, found))
            .collect())
    }

    async fn forget_delivery(&self, webhook_id: Uuid, event_id: Uuid) -> Result<()> {
        Entity::delete_by_id((event_id, webhook_id))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// Ends a claim without a try: the delivery is due again.
    pub async fn release_delivery(
        &self,
        webhook_id: Uuid,
        event_id: Uuid,
        token: Uuid,
    ) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(Column::Token, Expr::value(None::<Uuid>))
            .filter(is_of(webhook_id, event_id))
            .filter(Column::Token.eq(token))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// Records what came of a try, all or nothing.
    pub async fn record_try(&self, made: &Try) -> Result<Recorded> {
        let transaction = self.begin().await?;
        // In the order in which a claim locks: two that wait for each other would both fail.
        let recorded = match locked(&transaction, made.webhook_id).await? {
            None => Recorded::Late,
            Some(_) if made.outcome.is_success() => self.record_arrival(&transaction, made).await?,
            Some(webhook) => self.record_failure(&transaction, &webhook, made).await?,
        };
        if recorded == Recorded::Late {
            transaction.rollback().await?;
        } else {
            transaction.commit().await?;
        }
        Ok(recorded)
    }

    /// What has arrived is not sent again, even if another try is under way.
    async fn record_arrival(&self, transaction: &Transaction, made: &Try) -> Result<Recorded> {
        let deleted = Entity::delete_by_id((made.event_id, made.webhook_id))
            .exec(transaction)
            .await?;
        if deleted.rows_affected == 0 {
            return Ok(Recorded::Late);
        }
        let now = self.read_clock(transaction).await?;
        note_try(transaction, made, now, None).await?;
        if made.kind != PING {
            Webhooks::update_many()
                .col_expr(Hook::FailingSince, Expr::value(None::<i64>))
                .col_expr(Hook::Failures, Expr::value(0))
                .filter(Hook::Id.eq(made.webhook_id))
                .filter(Hook::FailingSince.is_not_null())
                .exec(transaction)
                .await?;
        }
        Ok(Recorded::Arrived)
    }

    async fn record_failure(
        &self,
        transaction: &Transaction,
        webhook: &Model,
        made: &Try,
    ) -> Result<Recorded> {
        let is_ping = made.kind == PING;
        let index = usize::try_from(made.number - 1).unwrap_or(usize::MAX);
        let wait = WAITS
            .get(index)
            .filter(|_| !is_ping && !made.outcome.is_gone());
        let which = is_of(made.webhook_id, made.event_id).add(Column::Token.eq(made.token));
        let now = self.read_clock(transaction).await?;
        let next_at = wait.map(|wait| now.saturating_add(milliseconds(*wait)));
        let moved = if let Some(next_at) = next_at {
            Entity::update_many()
                .col_expr(Column::Tries, Expr::value(made.number))
                .col_expr(Column::DueAt, Expr::value(next_at))
                .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
                .col_expr(Column::Token, Expr::value(None::<Uuid>))
                .filter(which)
                .exec(transaction)
                .await?
                .rows_affected
        } else {
            let deleted = Entity::delete_many().filter(which).exec(transaction);
            deleted.await?.rows_affected
        };
        if moved == 0 {
            return Ok(Recorded::Late);
        }
        note_try(transaction, made, now, next_at).await?;
        if let Some(reason) = note_failure(transaction, webhook, made, now).await? {
            self.disable(transaction, made.webhook_id, reason).await?;
            return Ok(Recorded::Disabled(reason));
        }
        Ok(match next_at {
            Some(_) => Recorded::Again,
            None => Recorded::GivenUp,
        })
    }
}

/// Counts a failure, and returns the reason to disable the webhook if there is one. A ping counts only if its answer
/// says that the address is gone.
async fn note_failure(
    transaction: &Transaction,
    webhook: &Model,
    made: &Try,
    now: i64,
) -> Result<Option<DisabledReason>> {
    if webhook.disabled_at.is_some() {
        return Ok(None);
    }
    if made.outcome.is_gone() {
        return Ok(Some(DisabledReason::Gone));
    }
    if made.kind == PING {
        return Ok(None);
    }
    let since = webhook.failing_since.unwrap_or(now);
    let failures = webhook.failures.saturating_add(1);
    Webhooks::update_many()
        .col_expr(Hook::FailingSince, Expr::value(since))
        .col_expr(Hook::Failures, Expr::value(failures))
        .filter(Hook::Id.eq(made.webhook_id))
        .exec(transaction)
        .await?;
    let is_failing = now.saturating_sub(since) >= milliseconds(FAILING);
    Ok((is_failing && failures >= FEWEST_FAILURES).then_some(DisabledReason::Failing))
}

async fn note_try(
    transaction: &Transaction,
    made: &Try,
    at: i64,
    next_at: Option<i64>,
) -> Result<()> {
    webhook_log::Entity::insert(webhook_log::ActiveModel {
        webhook_id: Set(made.webhook_id),
        at: Set(at),
        kind: Set("try".to_owned()),
        event_id: Set(Some(made.event_id)),
        event_kind: Set(Some(made.kind.clone())),
        number: Set(Some(made.number)),
        status: Set(made.outcome.status.map(i32::from)),
        failure: Set(made.outcome.failure.map(|failure| failure.to_string())),
        duration_ms: Set(i64::try_from(made.outcome.duration_ms).ok()),
        next_at: Set(next_at),
        ..Default::default()
    })
    .exec_without_returning(transaction)
    .await?;
    Ok(())
}

/// Returns the number of deliveries of a webhook that are under way. They are found among those of all webhooks: these are
/// few, and the other indexes would lead to all that wait.
async fn leased(transaction: &Transaction, id: Uuid) -> Result<u64> {
    let backend = transaction.get_database_backend();
    let now = dialect::statement_now(backend);
    let sql = format!(
        "SELECT COUNT(*) AS number FROM webhook_delivery \
         WHERE COALESCE(webhook_id, webhook_id) = $1 AND lease_until > {now}"
    );
    let statement = Statement::from_sql_and_values(backend, sql, [id.into()]);
    let row = transaction.query_one_raw(statement).await?;
    let number: Option<i64> = row.map(|row| row.try_get("", "number")).transpose()?;
    Ok(number
        .and_then(|number| number.try_into().ok())
        .unwrap_or(0))
}

async fn claim(transaction: &Transaction, id: Uuid, token: Uuid, most: u64) -> Result<Vec<Row>> {
    let backend = transaction.get_database_backend();
    let now = dialect::statement_now(backend);
    // No more than `IN_FLIGHT` of those that are due are leased. The inner limit lets `PostgreSQL` find them by their order,
    // however few it believes to be due.
    let sql = format!(
        "UPDATE webhook_delivery SET token = $1, lease_until = {now} + {LEASE_MS} \
         WHERE webhook_id = $2 AND event_id IN (\
           SELECT event_id FROM (\
             SELECT event_id, lease_until FROM webhook_delivery WHERE webhook_id = $2 AND due_at <= {now} \
             ORDER BY due_at LIMIT {looked_at}) AS oldest \
           WHERE lease_until IS NULL OR lease_until <= {now} LIMIT {most}) \
         RETURNING event_id, is_ping, tries, {now} AS now",
        looked_at = most + IN_FLIGHT,
    );
    let statement = Statement::from_sql_and_values(backend, sql, [token.into(), id.into()]);
    let rows = transaction.query_all_raw(statement).await?;
    let rows: Result<Vec<Row>, _> = rows
        .iter()
        .map(|row| Row::from_query_result(row, ""))
        .collect();
    Ok(rows?)
}

fn is_of(webhook_id: Uuid, event_id: Uuid) -> Condition {
    Condition::all()
        .add(Column::WebhookId.eq(webhook_id))
        .add(Column::EventId.eq(event_id))
}
