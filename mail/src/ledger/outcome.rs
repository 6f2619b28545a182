//! What became of a call to a transport, and how that is written down.

use std::time::Duration;

use entity::recipient::{Column, Entity, Model, Status};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, UpdateMany,
    sea_query::{Expr, Func, SimpleExpr},
};
use uuid::Uuid;

use super::{Claim, Ledger, retry::insist};
use crate::error::Result;

/// Why something did not work: a stable code, and a text for people without any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: &'static str,
    pub text: String,
}

/// What the answer of a transport proves about one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted {
        message_id: String,
    },
    /// Refused for good.
    Refused(Reason),
    /// Surely not accepted: it may be tried again without anybody getting two.
    NotAccepted {
        reason: Reason,
        again_in: Duration,
        fault: Fault,
    },
    /// Nobody can know; it is not sent again by guess.
    Unknown(Reason),
}

/// What keeps a recipient from being accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too much at once for the transport.
    Throttled,
    /// The account has sent all that it may for now.
    Quota,
    /// The account, its settings or its rights: somebody has to mend them, or the mail waits until it expires.
    Account,
    /// Anything else that may be over at the next attempt.
    Passing,
}

impl Fault {
    /// Whether it costs an attempt: only what may be the mail's own fault does.
    pub fn counts(self) -> bool {
        self == Self::Passing
    }
}

impl Ledger {
    /// Writes the outcomes of one call, all together. A row that is no longer this claim's stays as it is.
    /// Returns the rows that moved.
    pub async fn record(&self, claim: &Claim, outcomes: &[(i32, Outcome)]) -> Result<Vec<Model>> {
        let mut ordered: Vec<_> = outcomes.iter().collect();
        ordered.sort_by_key(|(position, _)| *position);
        let events: Vec<Uuid> = ordered.iter().map(|_| Uuid::now_v7()).collect();
        insist(|| async {
            let transaction = self.begin().await?;
            let mut moved = Vec::with_capacity(ordered.len());
            for ((position, outcome), event_id) in ordered.iter().zip(&events) {
                let row = self
                    .move_to(&transaction, claim, *position, outcome, *event_id)
                    .await?;
                moved.extend(row);
            }
            transaction.commit().await?;
            Ok(moved)
        })
        .await
    }

    async fn move_to(
        &self,
        transaction: &DatabaseTransaction,
        claim: &Claim,
        position: i32,
        outcome: &Outcome,
        event_id: Uuid,
    ) -> Result<Vec<Model>> {
        let event = Expr::value(event_id);
        let update = match outcome {
            Outcome::Accepted { message_id } => self
                .end(Status::Sent, event)
                .col_expr(Column::MessageId, Expr::value(message_id.as_str()))
                .col_expr(Column::SentAt, self.now())
                .col_expr(Column::StatusDetail, null_text())
                .col_expr(Column::LastError, null_text())
                .filter(Column::Status.is_in([Status::Sending, Status::Unconfirmed])),
            Outcome::Refused(reason) => explained(self.end(Status::Failed, event), reason)
                .filter(Column::Status.is_in([Status::Sending, Status::Unconfirmed])),
            Outcome::Unknown(reason) => explained(self.end(Status::Unconfirmed, event), reason)
                .filter(Column::Status.eq(Status::Sending)),
            Outcome::NotAccepted {
                reason,
                again_in,
                fault,
            } => explained(self.queue_again(*again_in, *fault), reason)
                .filter(Column::Status.eq(Status::Sending)),
        };
        let moved = update
            .filter(Column::MailingId.eq(claim.mailing_id))
            .filter(Column::Position.eq(position))
            .filter(Column::ClaimToken.eq(claim.token))
            .exec_with_returning(transaction)
            .await?;
        if !moved.is_empty() {
            return Ok(moved);
        }
        // Its event tells that it was moved before, by a COMMIT whose answer was lost.
        Ok(Entity::find_by_id((claim.mailing_id, position))
            .filter(Column::EventId.eq(event_id))
            .all(transaction)
            .await?)
    }

    /// Reaching an end. The token stays: whoever holds it may still learn more.
    pub(super) fn end(&self, status: Status, event_id: SimpleExpr) -> UpdateMany<Entity> {
        let published_at = if self.publishes {
            Expr::value(None::<i64>)
        } else {
            self.now()
        };
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::EndedAt, self.now())
            .col_expr(Column::EventId, event_id)
            .col_expr(Column::PublishedAt, published_at)
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
    }

    fn queue_again(&self, again_in: Duration, fault: Fault) -> UpdateMany<Entity> {
        let wait = i64::try_from(again_in.as_millis()).unwrap_or(i64::MAX);
        let queued_at = Func::coalesce([Expr::col(Column::QueuedAt), self.now()]);
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(Status::Queued))
            .col_expr(Column::ClaimToken, Expr::value(None::<Uuid>))
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
            .col_expr(Column::WokenAt, Expr::value(None::<i64>))
            .col_expr(Column::DueAt, self.now().add(wait))
            .col_expr(Column::QueuedAt, queued_at.into())
            .col_expr(
                Column::Attempts,
                Expr::col(Column::Attempts).sub(i32::from(!fault.counts())),
            )
    }
}

fn explained(update: UpdateMany<Entity>, reason: &Reason) -> UpdateMany<Entity> {
    update
        .col_expr(Column::StatusDetail, Expr::value(reason.code))
        .col_expr(Column::LastError, Expr::value(reason.text.as_str()))
}

fn null_text() -> SimpleExpr {
    Expr::value(None::<String>)
}
