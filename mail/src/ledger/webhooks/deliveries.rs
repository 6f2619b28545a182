//! Deliveries: events that are to be sent to a webhook, claimed under a lease.

use std::{collections::HashMap, time::Duration};

use entity::{
    event,
    webhook::Model,
    webhook_delivery::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Statement,
    sea_query::Expr,
};
use uuid::Uuid;

use super::locked;
use crate::{
    error::Result,
    ledger::{FeedEvent, Ledger, Transaction, dialect},
    timestamp::milliseconds,
    webhooks::PING,
};

/// The number of deliveries of one webhook that are under way at once, over all processes.
pub const IN_FLIGHT: u64 = 8;
/// The time after which a try of this process without an outcome is repeated: its process has died. Far longer than a
/// try takes.
const LEASE: Duration = Duration::from_mins(1);
/// The same for a try that is handed over by a queue. The stack's queue keeps a message for 15 minutes: no more than
/// [`IN_FLIGHT`] messages of a webhook are in the queue.
const QUEUE_LEASE: Duration = Duration::from_mins(16);

/// The way of claimed deliveries to their webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// This process posts them, to each webhook in a lane of its own.
    Direct,
    /// A function posts them, which takes messages of all webhooks from one queue.
    Queue,
}

impl Route {
    fn lease(self) -> Duration {
        match self {
            Self::Direct => LEASE,
            Self::Queue => QUEUE_LEASE,
        }
    }

    /// Returns the number of deliveries of this webhook that may be under way. In the queue, one that fails has one
    /// message until one has arrived: others would wait behind the time-outs of eight.
    fn most(self, webhook: &Model) -> u64 {
        match self {
            Self::Queue if webhook.failing_since.is_some() => 1,
            Self::Direct | Self::Queue => IN_FLIGHT,
        }
    }
}

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

    /// Returns the try that this delivery is.
    pub fn attempt(&self) -> webhook::Attempt {
        webhook::Attempt {
            webhook_id: self.webhook_id,
            event_id: self.event_id,
            token: self.token,
            number: self.number,
            kind: self.kind().to_owned(),
            signed_at: self.claimed_at,
        }
    }
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
        route: Route,
    ) -> Result<Option<(Model, Vec<ClaimedDelivery>)>> {
        let transaction = self.begin().await?;
        let webhook = locked(&transaction, id).await?;
        let Some(webhook) = webhook.filter(|webhook| webhook.disabled_at.is_none()) else {
            transaction.rollback().await?;
            return Ok(None);
        };
        let leased = leased(&transaction, id).await?;
        let most = Ord::min(most, route.most(&webhook).saturating_sub(leased));
        if most == 0 {
            transaction.rollback().await?;
            return Ok(Some((webhook, Vec::new())));
        }
        let token = Uuid::new_v4();
        let rows = claim(&transaction, id, token, most, route.lease()).await?;
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

async fn claim(
    transaction: &Transaction,
    id: Uuid,
    token: Uuid,
    most: u64,
    lease: Duration,
) -> Result<Vec<Row>> {
    let backend = transaction.get_database_backend();
    let now = dialect::statement_now(backend);
    // No more than `IN_FLIGHT` of those that are due are leased. The inner limit lets `PostgreSQL` find them by their order,
    // however few it believes to be due.
    let sql = format!(
        "UPDATE webhook_delivery SET token = $1, lease_until = {now} + {lease} \
         WHERE webhook_id = $2 AND event_id IN (\
           SELECT event_id FROM (\
             SELECT event_id, lease_until FROM webhook_delivery WHERE webhook_id = $2 AND due_at <= {now} \
             ORDER BY due_at LIMIT {looked_at}) AS oldest \
           WHERE lease_until IS NULL OR lease_until <= {now} LIMIT {most}) \
         RETURNING event_id, is_ping, tries, {now} AS now",
        lease = milliseconds(lease),
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

pub(super) fn is_of(webhook_id: Uuid, event_id: Uuid) -> Condition {
    Condition::all()
        .add(Column::WebhookId.eq(webhook_id))
        .add(Column::EventId.eq(event_id))
}
