//! Moves what is still queued of a mailing to another time.

use entity::{
    mailing,
    recipient::{Column, Entity, Status},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, Func, Query, SimpleExpr, UpdateStatement},
};
use uuid::Uuid;

use super::{
    Ledger, Scope, is_in,
    read::of_scope,
    store::{DEFAULT_LIFETIME_MS, LONGEST_PLAN_MS},
};
use crate::{
    error::Result,
    wake_up::{WakeUp, wake_ups},
};

#[derive(Debug)]
pub enum Rescheduled {
    Moved {
        /// The number of recipients that were moved. Without any, the mailing stays as it was.
        moved: u64,
        send_at: Option<i64>,
        expires_at: i64,
        /// Those of recipients that are due now.
        wake_ups: Vec<WakeUp>,
    },
    /// The caller has chosen an `expires_at` for the mailing that is not after this time; nothing was moved.
    Expires(i64),
    /// It is more than 30 days ahead; nothing was moved.
    TooFarAhead,
    /// There is no such mailing in the scope.
    NotFound,
}

/// The columns of a mailing that decide when it expires.
type Times = (Uuid, i64, i64, Option<bool>, Option<i64>);

impl Ledger {
    /// Queued recipients of a mailing, also those that are claimed but not begun, are not sent before `send_at`, or at
    /// once if that has passed. Their claims lose their effect. A default expiry moves along.
    pub async fn reschedule(
        &self,
        scope: Scope,
        mailing_id: Uuid,
        send_at: i64,
    ) -> Result<Rescheduled> {
        let transaction = self.begin().await?;
        let found: Option<Times> = mailing::Entity::find_by_id(mailing_id)
            .select_only()
            .columns([
                mailing::Column::ApiKeyId,
                mailing::Column::CreatedAt,
                mailing::Column::ExpiresAt,
                mailing::Column::ExpiryGiven,
                mailing::Column::SendAt,
            ])
            .filter(of_scope(scope))
            // A resend of the same mailing waits, or has queued its recipients before.
            .lock_exclusive()
            .into_tuple()
            .one(&transaction)
            .await?;
        let Some((api_key_id, created_at, expires_at, given, planned)) = found else {
            transaction.rollback().await?;
            return Ok(Rescheduled::NotFound);
        };
        let now = self.read_clock(&transaction).await?;
        let due_at = send_at.max(now);
        if due_at > now + LONGEST_PLAN_MS {
            transaction.rollback().await?;
            return Ok(Rescheduled::TooFarAhead);
        }
        // A version that did not note it has only left the lifetime as a sign.
        let given = given.unwrap_or(expires_at != created_at + DEFAULT_LIFETIME_MS);
        let new_expiry = (!given).then_some(due_at + DEFAULT_LIFETIME_MS);
        if given && expires_at <= due_at {
            transaction.rollback().await?;
            return Ok(Rescheduled::Expires(expires_at));
        }
        let update = to_later(mailing_id, due_at, now, new_expiry);
        let rows = transaction.query_all(&update).await?;
        let mut positions: Vec<i32> = rows
            .iter()
            .map(|row| row.try_get_by_index(0))
            .collect::<Result<_, _>>()?;
        if positions.is_empty() {
            transaction.rollback().await?;
            return Ok(Rescheduled::Moved {
                moved: 0,
                send_at: planned,
                expires_at,
                wake_ups: Vec::new(),
            });
        }
        let expires_at = new_expiry.unwrap_or(expires_at);
        mailing::Entity::update_many()
            .col_expr(mailing::Column::SendAt, Expr::value(due_at))
            .col_expr(mailing::Column::ExpiresAt, Expr::value(expires_at))
            .filter(mailing::Column::Id.eq(mailing_id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        let moved = positions.len() as u64;
        positions.sort_unstable();
        positions.retain(|_| due_at == now);
        Ok(Rescheduled::Moved {
            moved,
            send_at: Some(due_at),
            expires_at,
            wake_ups: wake_ups(api_key_id, mailing_id, &positions),
        })
    }
}

/// The status is checked again after waiting for a row, so that what a call has begun meanwhile stays as it is.
pub(super) fn to_later(
    mailing_id: Uuid,
    due_at: i64,
    now: i64,
    expires_at: Option<i64>,
) -> UpdateStatement {
    let woken_at = (due_at == now).then_some(now);
    let queued_at: SimpleExpr =
        Func::coalesce([Expr::col(Column::QueuedAt), Expr::value(now)]).into();
    let mut update = Query::update()
        .table(Entity)
        .value(Column::DueAt, due_at)
        .value(Column::WokenAt, woken_at)
        .value(Column::ClaimToken, None::<Uuid>)
        .value(Column::LeaseUntil, None::<i64>)
        .value(Column::QueuedAt, queued_at)
        .and_where(Column::MailingId.eq(mailing_id))
        .and_where(is_in([Status::Queued]))
        .returning(Query::returning().column(Column::Position))
        .to_owned();
    if let Some(expires_at) = expires_at {
        update.value(Column::ExpiresAt, expires_at);
    }
    update
}
