//! Tries to send an event to a webhook, and what each of them leads to.

use std::time::Duration;

use entity::{
    webhook::{Column as Hook, Entity as Webhooks, Model},
    webhook_delivery::{Column, Entity},
    webhook_log,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{deliveries::is_of, locked};
use crate::{
    error::Result,
    ledger::{Ledger, Transaction},
    timestamp::milliseconds,
    webhooks::{DisabledReason, PING},
};

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

/// Returns the time between a failed try of this number and the next one, or `None` if there is no next one.
pub fn wait_after(number: i32) -> Option<Duration> {
    let index = usize::try_from(number - 1).ok()?;
    WAITS.get(index).copied()
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
    /// The time of the claim.
    pub claimed_at: i64,
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

impl From<(webhook::Attempt, webhook::Outcome)> for Try {
    fn from((attempt, outcome): (webhook::Attempt, webhook::Outcome)) -> Self {
        Self {
            webhook_id: attempt.webhook_id,
            event_id: attempt.event_id,
            token: attempt.token,
            number: attempt.number,
            kind: attempt.kind,
            claimed_at: attempt.signed_at,
            outcome,
        }
    }
}

impl Ledger {
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

    /// What has arrived is not sent again, even if another try is under way. A queue may tell an outcome twice: a delivery
    /// that was added after the try, because somebody asked for a replay, stays.
    async fn record_arrival(&self, transaction: &Transaction, made: &Try) -> Result<Recorded> {
        let deleted = Entity::delete_many()
            .filter(is_of(made.webhook_id, made.event_id))
            .filter(Column::AddedAt.lte(made.claimed_at))
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
        let wait = wait_after(made.number).filter(|_| !is_ping && !made.outcome.is_gone());
        let which = is_of(made.webhook_id, made.event_id).add(Column::Token.eq(made.token));
        let now = self.read_clock(transaction).await?;
        let next_at = wait.map(|wait| now.saturating_add(milliseconds(wait)));
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
