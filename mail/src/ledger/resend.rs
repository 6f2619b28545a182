//! The caller's second thoughts: cancelling what waits, sending again what did not arrive.

use entity::{
    api_key, mailing,
    recipient::{Column, Entity, Model, Status},
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{CaseStatement, Expr, SimpleExpr},
};
use uuid::Uuid;

use super::{Ledger, claim::only, is_in, store::DEFAULT_LIFETIME_MS, upkeep::STEP};
use crate::{
    error::Result,
    wake_up::{WakeUp, wake_ups},
};

#[derive(Debug)]
pub enum Resent {
    /// What is queued again, and since when.
    Queued {
        wake_ups: Vec<WakeUp>,
        accepted: u64,
        queued_at: i64,
    },
    /// The content has been removed.
    Gone,
}

impl Ledger {
    /// What is still queued becomes cancelled, also where it is claimed but not begun.
    pub async fn cancel(&self, mailing_id: Uuid) -> Result<Vec<Model>> {
        let update = self
            .end_each(Status::Cancelled, "cancelled", "Cancelled by the caller")
            .filter(Column::MailingId.eq(mailing_id))
            .filter(is_in([Status::Queued]));
        self.end_all(update).await
    }

    /// A bounded part of what a key has queued; nothing when all of it is cancelled.
    pub async fn cancel_some_of_key(&self, api_key_id: Uuid) -> Result<Vec<Model>> {
        let own = mailing::Entity::find()
            .select_only()
            .column(mailing::Column::Id)
            .filter(mailing::Column::ApiKeyId.eq(api_key_id))
            .into_query();
        let queued = Entity::find()
            .filter(Column::MailingId.in_subquery(own))
            .filter(is_in([Status::Queued]))
            .limit(STEP);
        let update = self
            .end_each(
                Status::Cancelled,
                "cancelled",
                "Cancelled together with its API key",
            )
            .filter(is_in([Status::Queued]));
        self.end_all(only(update, queued)).await
    }

    /// Keys with something that is still to be cancelled, some of them.
    pub async fn cancelling_keys(&self) -> Result<Vec<Uuid>> {
        Ok(api_key::Entity::find()
            .select_only()
            .column(api_key::Column::Id)
            .filter(api_key::Column::CancelsQueued.eq(true))
            .limit(STEP)
            .into_tuple()
            .all(self.db().await?)
            .await?)
    }

    /// Notes that all is cancelled; whether it is. What somebody sends or holds may be queued again.
    pub async fn end_cancelling(&self, api_key_id: Uuid) -> Result<bool> {
        let own = mailing::Entity::find()
            .select_only()
            .column(mailing::Column::Id)
            .filter(mailing::Column::ApiKeyId.eq(api_key_id))
            .filter(mailing::Column::EndedAt.is_null())
            .into_query();
        let open = Entity::find()
            .select_only()
            .expr(Expr::value(1))
            .filter(Column::MailingId.in_subquery(own))
            .filter(is_in([Status::Queued, Status::Sending]))
            .into_query();
        let ended = api_key::Entity::update_many()
            .col_expr(api_key::Column::CancelsQueued, Expr::value(false))
            .filter(api_key::Column::Id.eq(api_key_id))
            .filter(Expr::not_exists(open))
            .exec(self.db().await?)
            .await?;
        Ok(ended.rows_affected > 0)
    }

    /// Queues those recipients again that ended in `status`. What has expired gets the default lifetime anew.
    pub async fn resend(&self, mailing_id: Uuid, status: Status) -> Result<Resent> {
        let transaction = self.begin().await?;
        let now = self.read_clock(&transaction).await?;
        let reopened = mailing::Entity::update_many()
            .col_expr(mailing::Column::EndedAt, Expr::value(None::<i64>))
            .col_expr(
                mailing::Column::ExpiresAt,
                alive(Expr::col(mailing::Column::ExpiresAt), now),
            )
            .filter(mailing::Column::Id.eq(mailing_id))
            .filter(mailing::Column::Body.is_not_null())
            .exec_with_returning(&transaction)
            .await?;
        let Some(mailing) = reopened.first() else {
            return Ok(Resent::Gone);
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
            .col_expr(Column::EventId, Expr::value(None::<Uuid>))
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
        })
    }
}

fn alive(expires_at: Expr, now: i64) -> SimpleExpr {
    CaseStatement::new()
        .case(expires_at.clone().lte(now), now + DEFAULT_LIFETIME_MS)
        .finally(expires_at)
        .into()
}
