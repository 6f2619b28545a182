//! Claims: a claim leases due recipients to one process, which alone may send to them until the lease ends.

use std::time::Instant;

use entity::recipient::{ActiveModel, Column, Entity, Model, Status};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, UpdateMany,
    sea_query::{CommonTableExpression, Expr, Func, LockBehavior, LockType, Query, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Ledger,
    document::stored_recipient,
    is_in,
    retry::{repeat, retry_until_recorded, short_backoff},
};
use crate::{
    error::Result, mailing::ClaimedRecipient, outcome::StatusDetail,
    recipient_update::RecipientUpdate, wake_up::Range,
};

/// Recipients that only the holder of the claim's token may move to another state, until the lease ends.
#[derive(Debug)]
pub struct Claim {
    pub mailing_id: Uuid,
    pub token: Uuid,
    pub recipients: Vec<ClaimedRecipient>,
    /// Set if the recipients are `sending` already: their call must be made at once.
    pub begun: bool,
    pub claimed_at: Instant,
    /// Updates of the recipients that ended instead of being claimed: suppressed ones, and those whose rows could not be
    /// read.
    pub ended: Vec<RecipientUpdate>,
}

impl Claim {
    /// Returns the status of the recipients in the ledger before their call.
    fn status(&self) -> Status {
        if self.begun {
            Status::Sending
        } else {
            Status::Queued
        }
    }

    /// Returns whether nothing of the range can be left.
    pub fn is_all_of(&self, range: Range) -> bool {
        let length = i64::from(range.last) - i64::from(range.first) + 1;
        i64::try_from(self.recipients.len()) == Ok(length)
    }

    pub fn positions(&self) -> Vec<i32> {
        self.recipients
            .iter()
            .map(|recipient| recipient.position)
            .collect()
    }
}

impl Ledger {
    /// Claims up to `limit` recipients that are due and not leased. A row that cannot be read fails, and does not keep
    /// the other recipients from being sent.
    pub async fn claim(&self, range: Range, limit: u64) -> Result<Claim> {
        self.claim_as(Status::Queued, range, limit, None).await
    }

    /// Claims recipients for one call that is made at once, and marks them as `sending` in the same statement. If there
    /// is a rate, the call's turn is taken with them; then nothing is claimed unless the turn is now.
    pub async fn claim_and_begin(
        &self,
        range: Range,
        limit: u64,
        rate: Option<f64>,
    ) -> Result<Claim> {
        self.claim_as(Status::Sending, range, limit, rate).await
    }

    async fn claim_as(
        &self,
        status: Status,
        range: Range,
        limit: u64,
        rate: Option<f64>,
    ) -> Result<Claim> {
        let mut ended = Vec::new();
        loop {
            let (mut claim, unreadable) = self.claim_some(status, range, limit, rate).await?;
            let before = ended.len();
            ended.append(&mut claim.ended);
            if !unreadable.is_empty() {
                ended.extend(self.fail_corrupt(&claim, &unreadable).await?);
            }
            // There may be others behind those that have ended.
            if claim.recipients.is_empty() && ended.len() > before {
                continue;
            }
            claim.ended = ended;
            return Ok(claim);
        }
    }

    /// Claims up to `limit` rows, and also returns the positions of the rows that cannot be read.
    async fn claim_some(
        &self,
        status: Status,
        range: Range,
        limit: u64,
        rate: Option<f64>,
    ) -> Result<(Claim, Vec<i32>)> {
        let token = Uuid::now_v7();
        let claimed_at = Instant::now();
        let claimed = if self.db.get_database_backend() == DbBackend::Postgres {
            self.claim_on_postgres(status, range, limit, token, rate)
                .await
        } else if rate.is_none() {
            self.claim_on_sqlite(status, range, limit, token).await
        } else {
            // The pace cannot be moved in the same statement, and there are no round trips to save.
            Ok(Vec::new())
        };
        let mut rows = match claimed {
            // The answer may have been lost after the commit: the rows that carry the token are the claimed ones.
            Err(error) if error.is_transient() => {
                repeat(short_backoff(), || self.held(status, token, range)).await?
            }
            other => other?,
        };
        rows.sort_by_key(|row| row.position);
        let mut claim = Claim {
            mailing_id: range.mailing_id,
            token,
            recipients: Vec::with_capacity(rows.len()),
            begun: status == Status::Sending,
            claimed_at,
            ended: Vec::new(),
        };
        let mut unreadable = Vec::new();
        for row in rows {
            let position = row.position;
            if row.status == Status::Suppressed {
                claim.ended.push(row.into());
                continue;
            }
            match claimed_recipient(row, status) {
                Some(recipient) => claim.recipients.push(recipient),
                None => unreadable.push(position),
            }
        }
        Ok((claim, unreadable))
    }

    /// Fails claimed recipients that can never be sent, because their rows cannot be read any more.
    pub async fn fail_corrupt(
        &self,
        claim: &Claim,
        positions: &[i32],
    ) -> Result<Vec<RecipientUpdate>> {
        tracing::error!(
            mail.id = %claim.mailing_id, count = positions.len(),
            "the ledger holds mail that cannot be read, it fails"
        );
        let text = "The mail cannot be read from the database any more";
        repeat(short_backoff(), || async {
            let update = self
                .end_each(Status::Failed, StatusDetail::Corrupt, text)
                .filter(held_by(claim, positions))
                .filter(is_now(claim.status()));
            self.end_all(update).await
        })
        .await
    }

    pub(super) fn to_claimed(
        &self,
        status: Status,
        range: Range,
        limit: u64,
        token: Uuid,
    ) -> UpdateMany<Entity> {
        let free = Entity::find()
            .filter(within(range))
            .filter(self.is_free_to_claim())
            .order_by_asc(Column::Position)
            .limit(limit);
        let mut update = Entity::update_many()
            .col_expr(Column::ClaimToken, Expr::value(token))
            .col_expr(Column::LeaseUntil, self.lease_end());
        if status == Status::Sending {
            update = update
                .col_expr(Column::Status, Expr::value(status))
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1));
        }
        let update = update.filter(within(range)).filter(is_now(Status::Queued));
        only(update, free)
    }

    async fn held(&self, status: Status, token: Uuid, range: Range) -> Result<Vec<Model>> {
        Ok(Entity::find()
            .filter(within(range))
            .filter(Column::ClaimToken.eq(token))
            .filter(is_now(status))
            .order_by_asc(Column::Position)
            .all(self.db().await?)
            .await?)
    }

    /// Returns the condition for a due recipient: queued, its due time reached, not expired, and not leased.
    pub(super) fn is_due(&self) -> Condition {
        Condition::all()
            .add(is_in([Status::Queued]))
            .add(self.is_over(Column::DueAt))
            .add(Expr::col(Column::ExpiresAt).gt(self.now()))
            .add(self.is_free())
    }

    /// Returns the same condition as `is_due`, for recipients that are found by their positions.
    pub(super) fn is_free_to_claim(&self) -> Condition {
        Condition::all()
            .add(is_now(Status::Queued))
            .add(unindexed(Column::DueAt).lte(self.now()))
            .add(unindexed(Column::ExpiresAt).gt(self.now()))
            .add(self.is_free())
    }

    pub(super) fn is_free(&self) -> Condition {
        Condition::any()
            .add(Column::LeaseUntil.is_null())
            .add(self.is_over(Column::LeaseUntil))
    }

    /// Marks the recipients of one call as `sending`, just before the call, and renews their lease. Only the returned
    /// positions may be sent to: the others were cancelled, have expired or are no longer held by this claim.
    pub async fn begin_sending(&self, claim: &Claim, positions: &[i32]) -> Result<Vec<i32>> {
        let mut lost_answer = false;
        let begun = self.move_to_sending(claim, positions).await;
        let mut begun = match begun {
            Err(error) if error.is_transient() => {
                lost_answer = true;
                repeat(short_backoff(), || self.move_to_sending(claim, positions)).await?
            }
            other => other?,
        };
        if lost_answer {
            // Rows that the unanswered write has moved belong to this claim, and nothing has been sent for them yet.
            begun = repeat(short_backoff(), || self.sending(claim, positions)).await?;
        }
        begun.sort_unstable();
        Ok(begun)
    }

    async fn move_to_sending(&self, claim: &Claim, positions: &[i32]) -> Result<Vec<i32>> {
        let update = self.to_sending(claim, positions);
        let rows = update.exec_with_returning(self.db().await?).await?;
        Ok(rows.into_iter().map(|row| row.position).collect())
    }

    pub(super) fn to_sending(&self, claim: &Claim, positions: &[i32]) -> UpdateMany<Entity> {
        Entity::update_many()
            .col_expr(Column::Status, Expr::value(Status::Sending))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::LeaseUntil, self.lease_end())
            .filter(held_by(claim, positions))
            .filter(is_now(Status::Queued))
            .filter(Expr::col(Column::LeaseUntil).gt(self.now()))
            .filter(unindexed(Column::ExpiresAt).gt(self.now()))
    }

    async fn sending(&self, claim: &Claim, positions: &[i32]) -> Result<Vec<i32>> {
        let rows = Entity::find()
            .filter(held_by(claim, positions))
            .filter(is_now(Status::Sending))
            .all(self.db().await?)
            .await?;
        Ok(rows.into_iter().map(|row| row.position).collect())
    }

    /// Renews the lease of the recipients that this claim is sending to: a call may take longer than one lease.
    pub async fn renew_lease(&self, claim: &Claim, positions: &[i32]) -> Result<()> {
        Entity::update_many()
            .col_expr(Column::LeaseUntil, self.lease_end())
            .filter(held_by(claim, positions))
            .filter(is_now(Status::Sending))
            .exec(self.db().await?)
            .await?;
        Ok(())
    }

    /// Returns recipients to `queued` that were marked as `sending` without a call. This must be recorded: otherwise
    /// they become `unconfirmed` when the lease ends.
    pub async fn take_back(&self, claim: &Claim, positions: &[i32]) -> Result<()> {
        retry_until_recorded(|| async {
            Entity::update_many()
                .col_expr(Column::Status, Expr::value(Status::Queued))
                .col_expr(Column::ClaimToken, Expr::value(None::<Uuid>))
                .col_expr(Column::LeaseUntil, Expr::value(None::<i64>))
                .col_expr(Column::WokenAt, Expr::value(None::<i64>))
                .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
                .filter(held_by(claim, positions))
                .filter(is_now(Status::Sending))
                .exec(self.db().await?)
                .await?;
            Ok(())
        })
        .await
    }

    /// Releases recipients that were claimed and not marked as `sending`, and sets `queued_at` if it was not set
    /// before.
    pub async fn release(&self, claim: &Claim) -> Result<()> {
        repeat(short_backoff(), || async {
            let queued_at = Func::coalesce([Expr::col(Column::QueuedAt), self.now()]);
            Entity::update_many()
                .col_expr(Column::QueuedAt, queued_at.into())
                .set(ActiveModel {
                    claim_token: sea_orm::Set(None),
                    lease_until: sea_orm::Set(None),
                    woken_at: sea_orm::Set(None),
                    ..ActiveModel::default()
                })
                .filter(held_by(claim, &claim.positions()))
                .filter(is_now(Status::Queued))
                .exec(self.db().await?)
                .await?;
            Ok(())
        })
        .await
    }
}

/// Restricts `update` to the rows that `picked` finds and that no other transaction has locked.
///
/// The rows are picked once, by a query of their own: a locking subquery may be run again for each row of the update,
/// skips the rows that it has changed so far, and then takes more than its limit.
pub(super) fn only(mut update: UpdateMany<Entity>, picked: Select<Entity>) -> UpdateMany<Entity> {
    const PICKED: &str = "picked";
    let key = [Column::MailingId, Column::Position];
    let picked = picked
        .select_only()
        .columns(key)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let picked = CommonTableExpression::new()
        .table_name(PICKED)
        .query(picked)
        .to_owned();
    QueryTrait::query(&mut update).with_cte(picked);
    let picked = Query::select().columns(key).from(PICKED).to_owned();
    update.filter(Expr::tuple(key.map(Expr::col)).in_subquery(picked))
}

pub(super) fn within(range: Range) -> Condition {
    Condition::all()
        .add(Column::MailingId.eq(range.mailing_id))
        .add(Column::Position.between(range.first, range.last))
}

/// Returns a condition that no index is used for. The recipients of a call are found by their positions. The indexes of
/// a status contain all recipients that wait, and an optimiser that does not know their number would read them all.
fn is_now(status: Status) -> SimpleExpr {
    Expr::cust(r#"("recipient"."status" || '')"#).eq(SimpleExpr::Constant(status.as_str().into()))
}

/// Returns a number as an expression that no index is used for.
fn unindexed(column: Column) -> SimpleExpr {
    Expr::col(column).add(Expr::cust("0"))
}

/// The databases look for the recipients between the bounds. For a list of positions, `PostgreSQL` reads the whole
/// mailing if it believes it to be short.
fn held_by(claim: &Claim, positions: &[i32]) -> Condition {
    let bounds = positions.iter().min().zip(positions.iter().max());
    Condition::all()
        .add(Column::MailingId.eq(claim.mailing_id))
        .add(Column::ClaimToken.eq(claim.token))
        .add_option(bounds.map(|(first, last)| Column::Position.between(*first, *last)))
        .add(unindexed(Column::Position).is_in(positions.iter().copied()))
}

/// Returns `None` if the row cannot be read as a whole, or if its address has been erased.
fn claimed_recipient(row: Model, status: Status) -> Option<ClaimedRecipient> {
    Some(ClaimedRecipient {
        position: row.position,
        attempt: row.claim_token?,
        // The call that is to be made does not count.
        attempts: row.attempts - i32::from(status == Status::Sending),
        recipient: stored_recipient(row)?,
    })
}
