//! Queues recipients again that ended `unconfirmed` or `failed`.

use entity::{
    mailing,
    recipient::{Column, Entity, Status},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{CaseStatement, Expr, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Ledger, Scope, document::legible_envelope, read::of_scope, store::DEFAULT_LIFETIME_MS,
};
use crate::{
    error::Result,
    message::CallerId,
    wake_up::{WakeUp, wake_ups},
};

#[derive(Debug)]
pub enum Resent {
    /// The wake-ups of the recipients that are queued again, their number, and the time.
    Queued {
        wake_ups: Vec<WakeUp>,
        accepted: u64,
        queued_at: i64,
        email_id: Option<CallerId>,
    },
    /// The content has been removed.
    Gone,
    /// There is no such mailing in the scope.
    NotFound,
}

impl Ledger {
    /// Queues those recipients again that ended in `status`. What has expired gets the default lifetime anew.
    pub async fn resend(&self, scope: Scope, mailing_id: Uuid, status: Status) -> Result<Resent> {
        let transaction = self.begin().await?;
        let now = self.read_clock(&transaction).await?;
        let reopened = mailing::Entity::update_many()
            .col_expr(mailing::Column::EndedAt, Expr::value(None::<i64>))
            .col_expr(
                mailing::Column::ExpiresAt,
                alive(Expr::col(mailing::Column::ExpiresAt), now),
            )
            .col_expr(
                mailing::Column::ExpiryGiven,
                // The default lifetime takes the place of an expiry that has passed.
                CaseStatement::new()
                    .case(Expr::col(mailing::Column::ExpiresAt).lte(now), false)
                    .finally(Expr::col(mailing::Column::ExpiryGiven))
                    .into(),
            )
            .filter(mailing::Column::Id.eq(mailing_id))
            .filter(of_scope(scope))
            .filter(mailing::Column::Body.is_not_null())
            .exec_with_returning(&transaction)
            .await?;
        let Some(mailing) = reopened.into_iter().next() else {
            transaction.rollback().await?;
            return Ok(if self.has_mailing(scope, mailing_id).await? {
                Resent::Gone
            } else {
                Resent::NotFound
            });
        };
        let none = || Expr::value(None::<i64>);
        let mut positions: Vec<i32> = Entity::update_many()
            .col_expr(Column::Status, Expr::value(Status::Queued))
            .col_expr(Column::ClaimToken, Expr::value(None::<Uuid>))
            .col_expr(Column::LeaseUntil, none())
            .col_expr(Column::DueAt, Expr::value(now))
            .col_expr(Column::ExpiresAt, alive(Expr::col(Column::ExpiresAt), now))
            .col_expr(Column::WokenAt, Expr::value(now))
            .col_expr(Column::Attempts, Expr::value(0))
            .col_expr(Column::QueuedAt, Expr::value(now))
            .col_expr(Column::EndedAt, none())
            .col_expr(Column::ProvedAt, none())
            .col_expr(Column::EventId, Expr::value(None::<Uuid>))
            // An end that was recorded before there were events counts as the first one.
            .col_expr(
                Column::Events,
                Expr::cust("CASE WHEN events = 0 THEN 1 ELSE events END"),
            )
            .col_expr(Column::StatusDetail, Expr::value(None::<String>))
            .col_expr(Column::LastError, Expr::value(None::<String>))
            .filter(Column::MailingId.eq(mailing_id))
            .filter(Column::Status.eq(status))
            .filter(Column::Mail.is_not_null())
            .exec_with_returning(&transaction)
            .await?
            .into_iter()
            .map(|row| row.position)
            .collect();
        if positions.is_empty() {
            // The mailing stays ended, and its content goes when it was to go.
            transaction.rollback().await?;
        } else {
            transaction.commit().await?;
        }
        positions.sort_unstable();
        Ok(Resent::Queued {
            accepted: positions.len() as u64,
            wake_ups: wake_ups(mailing.api_key_id, mailing_id, &positions),
            queued_at: now,
            email_id: legible_envelope(mailing.envelope).ids.email_id,
        })
    }
}

fn alive(expires_at: Expr, now: i64) -> SimpleExpr {
    CaseStatement::new()
        .case(expires_at.clone().lte(now), now + DEFAULT_LIFETIME_MS)
        .finally(expires_at)
        .into()
}
