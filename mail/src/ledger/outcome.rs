//! Outcomes of calls to the transport, and how they are recorded.

use entity::recipient::{Column, Entity, Model, Status};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, UpdateMany,
    sea_query::{CaseStatement, Expr, Func, SimpleExpr},
};
use uuid::Uuid;

use super::{Claim, Ledger, Transaction, retry::retry_until_recorded, update::updates};
use crate::{
    error::Result,
    outcome::{Fault, Outcome, Reason},
    recipient_update::RecipientUpdate,
};

/// The outcomes that one statement records: they differ only in values that belong to each recipient.
struct Group<'a> {
    outcome: &'a Outcome,
    members: Vec<Member<'a>>,
}

struct Member<'a> {
    position: i32,
    outcome: &'a Outcome,
    event_id: Uuid,
}

impl Outcome {
    fn is_written_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Accepted { .. }, Self::Accepted { .. }) => true,
            (Self::Refused(one), Self::Refused(other))
            | (Self::Unknown(one), Self::Unknown(other)) => one == other,
            (
                Self::NotAccepted { reason, fault, .. },
                Self::NotAccepted {
                    reason: other,
                    fault: others,
                    ..
                },
            ) => reason == other && fault == others,
            _ => false,
        }
    }
}

impl<'a> Group<'a> {
    fn all_of(outcomes: &'a [(i32, Outcome)]) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        for (position, outcome) in outcomes {
            let member = Member {
                position: *position,
                outcome,
                event_id: Uuid::now_v7(),
            };
            let like = groups
                .iter_mut()
                .find(|group| group.outcome.is_written_like(outcome));
            match like {
                Some(group) => group.members.push(member),
                None => groups.push(Self {
                    outcome,
                    members: vec![member],
                }),
            }
        }
        groups
    }

    fn positions(&self) -> impl Iterator<Item = i32> {
        self.members.iter().map(|member| member.position)
    }

    /// An expression that selects the value of each recipient by its position.
    fn each<T: Into<SimpleExpr>>(&self, value: impl Fn(&Member<'a>) -> T) -> SimpleExpr {
        let mut case = CaseStatement::new();
        for member in &self.members {
            case = case.case(Column::Position.eq(member.position), value(member));
        }
        case.into()
    }
}

impl Ledger {
    /// Records the outcomes of one call in one transaction, and returns the rows that moved. A row that this claim no
    /// longer holds stays as it is.
    pub async fn record(
        &self,
        claim: &Claim,
        outcomes: &[(i32, Outcome)],
    ) -> Result<Vec<RecipientUpdate>> {
        let groups = Group::all_of(outcomes);
        let mut moved = retry_until_recorded(|| async {
            let transaction = self.begin().await?;
            let mut moved = Vec::with_capacity(outcomes.len());
            for group in &groups {
                moved.append(&mut self.move_group(&transaction, claim, group).await?);
            }
            self.put_in_outbox(&transaction, &moved).await?;
            transaction.commit().await?;
            Ok(moved)
        })
        .await?;
        moved.sort_unstable_by_key(|row| row.position);
        Ok(updates(moved))
    }

    async fn move_group(
        &self,
        transaction: &Transaction,
        claim: &Claim,
        group: &Group<'_>,
    ) -> Result<Vec<Model>> {
        let mut moved = self
            .update_of(group)
            .filter(Column::MailingId.eq(claim.mailing_id))
            .filter(Column::Position.is_in(group.positions()))
            .filter(Column::ClaimToken.eq(claim.token))
            .exec_with_returning(transaction)
            .await?;
        if moved.len() < group.members.len() {
            // Rows that an earlier COMMIT has moved, whose answer was lost, are recognised by their event ids.
            let events = group.members.iter().map(|member| member.event_id);
            let before = Entity::find()
                .filter(Column::MailingId.eq(claim.mailing_id))
                .filter(Column::Position.is_in(group.positions()))
                .filter(Column::EventId.is_in(events))
                .all(transaction)
                .await?;
            moved.extend(before);
            moved.sort_unstable_by_key(|row| row.position);
            moved.dedup_by_key(|row| row.position);
        }
        Ok(moved)
    }

    fn update_of(&self, group: &Group<'_>) -> UpdateMany<Entity> {
        let event = || group.each(|member| member.event_id);
        match group.outcome {
            Outcome::Accepted { .. } => {
                let message_id = group.each(|member| match member.outcome {
                    Outcome::Accepted { message_id } => Some(message_id.as_str()),
                    Outcome::Refused(_) | Outcome::NotAccepted { .. } | Outcome::Unknown(_) => None,
                });
                self.end(Status::Sent, event())
                    .col_expr(Column::MessageId, message_id)
                    .col_expr(Column::SentAt, self.now())
                    .col_expr(Column::StatusDetail, null_text())
                    .col_expr(Column::LastError, null_text())
                    .filter(Column::Status.is_in([Status::Sending, Status::Unconfirmed]))
            }
            Outcome::Refused(reason) => explained(self.end(Status::Failed, event()), reason)
                .filter(Column::Status.is_in([Status::Sending, Status::Unconfirmed])),
            Outcome::Unknown(reason) => explained(self.end(Status::Unconfirmed, event()), reason)
                .filter(Column::Status.eq(Status::Sending)),
            Outcome::NotAccepted { reason, fault, .. } => {
                let wait = group.each(|member| match member.outcome {
                    Outcome::NotAccepted { again_in, .. } => {
                        i64::try_from(again_in.as_millis()).unwrap_or(i64::MAX)
                    }
                    Outcome::Accepted { .. } | Outcome::Refused(_) | Outcome::Unknown(_) => 0,
                });
                explained(self.queue_again(wait, *fault), reason)
                    .filter(Column::Status.eq(Status::Sending))
            }
        }
    }

    /// Builds an update that ends a recipient. The token stays, because its holder may still learn more about the
    /// outcome.
    pub(super) fn end(&self, status: Status, event_id: SimpleExpr) -> UpdateMany<Entity> {
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(status))
            .col_expr(Column::EndedAt, self.now())
            .col_expr(Column::EventId, event_id)
            .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
    }

    /// Builds an update that queues a recipient again after `wait` milliseconds.
    fn queue_again(&self, wait: SimpleExpr, fault: Fault) -> UpdateMany<Entity> {
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
        .col_expr(Column::StatusDetail, Expr::value(reason.code.as_str()))
        .col_expr(Column::LastError, Expr::value(reason.text.as_str()))
}

fn null_text() -> SimpleExpr {
    Expr::value(None::<String>)
}
