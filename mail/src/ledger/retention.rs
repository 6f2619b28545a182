//! Retention: notes that mailings have ended, and removes their data some time later.
//!
//! Each statement takes a bounded number of rows, so that a backlog does not become one long transaction; the sweep
//! repeats it as long as it finds rows.

use std::time::Duration;

use entity::{
    api_key_secret, attachment, correspondent, idempotency, mailing, outbox,
    recipient::{Column, Entity, Status},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, LockBehavior, LockType, Query, SimpleExpr},
};
use uuid::Uuid;

use super::{
    Ledger,
    document::{legible_envelope, to_json},
    expiry::STEP,
    is_in,
};
use crate::{error::Result, timestamp::milliseconds};

/// The maximum number of mailings that one step of retention takes: each may have thousands of recipients and large
/// attachments.
pub const RETENTION_STEP: u64 = 10;
/// A mailing can be resent, and its content therefore stays stored, for this time after its end.
const GRACE: Duration = Duration::from_hours(24);
/// A result that cannot be published keeps its mailing open for this time after its end, and no longer.
const LONGEST_HOLD: Duration = Duration::from_hours(72);

impl Ledger {
    /// Notes the end of mailings that have ended; retention counts from that time.
    pub async fn note_ended(&self) -> Result<u64> {
        let transaction = self.begin().await?;
        let ended: Vec<Uuid> = mailings(STEP)
            .select_only()
            .column(mailing::Column::Id)
            .filter(has_ended(self.held_since()))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple()
            .all(&transaction)
            .await?;
        let done = mailing::Entity::update_many()
            .col_expr(mailing::Column::EndedAt, self.now())
            .filter(mailing::Column::Id.is_in(ended))
            // Checked again under the lock: a resend may have opened the mailing just before.
            .filter(has_ended(self.held_since()))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected)
    }

    /// Returns the time since which an unpublished end keeps its mailing open. Without a result queue no end does, and
    /// with one none does for longer than `LONGEST_HOLD`, so that retention does not depend on a queue.
    fn held_since(&self) -> Option<SimpleExpr> {
        let since = || self.now().sub(milliseconds(LONGEST_HOLD));
        self.results.is_some().then(since)
    }

    /// Removes bodies, attachments, variables and recipients' header fields from mailings that ended 24 hours ago, or
    /// the shorter time `retention` ago.
    pub async fn drop_content(&self, retention: Duration) -> Result<u64> {
        let over = mailings(RETENTION_STEP)
            .select_only()
            .column(mailing::Column::Id)
            .filter(mailing::Column::Body.is_not_null())
            .filter(self.ended_before(GRACE.min(retention)));
        let transaction = self.begin().await?;
        let dropped = mailing::Entity::update_many()
            .col_expr(
                mailing::Column::Body,
                Expr::value(None::<serde_json::Value>),
            )
            .filter(mailing::Column::Id.in_subquery(over.into_query()))
            // A mailing that was resent in between keeps its content.
            .filter(mailing::Column::EndedAt.is_not_null())
            .exec_with_returning(&transaction)
            .await?;
        let ids: Vec<Uuid> = dropped.iter().map(|row| row.id).collect();
        attachment::Entity::delete_many()
            .filter(attachment::Column::MailingId.is_in(ids.iter().copied()))
            .exec(&transaction)
            .await?;
        Entity::update_many()
            .col_expr(Column::Variables, Expr::value(None::<serde_json::Value>))
            .col_expr(Column::Headers, Expr::value(None::<serde_json::Value>))
            .filter(Column::MailingId.is_in(ids.iter().copied()))
            .filter(
                Condition::any()
                    .add(Column::Variables.is_not_null())
                    .add(Column::Headers.is_not_null()),
            )
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(ids.len() as u64)
    }

    /// Removes addresses and names from mailings that ended longer ago than retention allows.
    pub async fn drop_addresses(&self, retention: Duration) -> Result<u64> {
        let transaction = self.begin().await?;
        let over = mailings(RETENTION_STEP)
            .filter(mailing::Column::Anonymous.eq(false))
            .filter(self.ended_before(retention))
            .lock_exclusive()
            .all(&transaction)
            .await?;
        let ids: Vec<Uuid> = over.iter().map(|row| row.id).collect();
        for row in over {
            let mut envelope = legible_envelope(row.envelope);
            envelope.cc.clear();
            envelope.bcc.clear();
            envelope.reply_to.clear();
            envelope.cc_names.clear();
            envelope.reply_to_names.clear();
            mailing::Entity::update_many()
                .col_expr(mailing::Column::Envelope, Expr::value(to_json(&envelope)?))
                .col_expr(mailing::Column::Anonymous, Expr::value(true))
                .filter(mailing::Column::Id.eq(row.id))
                .exec(&transaction)
                .await?;
        }
        super::erase::forget_people(
            &transaction,
            Column::MailingId.is_in(ids.iter().copied()).into(),
        )
        .await?;
        correspondent::Entity::delete_many()
            .filter(correspondent::Column::MailingId.is_in(ids.iter().copied()))
            .exec(&transaction)
            .await?;
        // Ends that the queue has refused for good were kept for inspection.
        outbox::Entity::delete_many()
            .filter(outbox::Column::MailingId.is_in(ids.iter().copied()))
            .filter(outbox::Column::DueAt.is_null())
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(ids.len() as u64)
    }

    fn ended_before(&self, age: Duration) -> SimpleExpr {
        Expr::col(mailing::Column::EndedAt).lte(self.now().sub(milliseconds(age)))
    }

    /// Deletes expired idempotency keys and secrets. Returns the larger of the two numbers.
    pub async fn forget_expired(&self) -> Result<u64> {
        let db = self.db().await?;
        let key = [idempotency::Column::ApiKeyId, idempotency::Column::Key];
        let expired = idempotency::Entity::find()
            .select_only()
            .columns(key)
            .filter(self.is_over(idempotency::Column::ExpiresAt))
            .limit(STEP)
            .into_query();
        let keys = idempotency::Entity::delete_many()
            .filter(Expr::tuple(key.map(Expr::col)).in_subquery(expired))
            .exec(db)
            .await?;
        let expired = api_key_secret::Entity::find()
            .select_only()
            .column(api_key_secret::Column::Hash)
            .filter(self.is_over(api_key_secret::Column::ExpiresAt))
            .limit(STEP)
            .into_query();
        let secrets = api_key_secret::Entity::delete_many()
            .filter(api_key_secret::Column::Hash.in_subquery(expired))
            .exec(db)
            .await?;
        Ok(Ord::max(keys.rows_affected, secrets.rows_affected))
    }
}

/// Returns the condition that a mailing has ended and its end has not been noted yet: all of its recipients are at an
/// end, and no end that was added after `held_since` is still to be published.
fn has_ended(held_since: Option<SimpleExpr>) -> Condition {
    let id = || Expr::col((mailing::Entity, mailing::Column::Id));
    let open = Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::MailingId)).eq(id()))
        .and_where(is_in(Status::OPEN))
        .to_owned();
    let unpublished = held_since.map(|since| {
        let rows = Query::select()
            .expr(Expr::value(1))
            .from(outbox::Entity)
            .and_where(Expr::col((outbox::Entity, outbox::Column::MailingId)).eq(id()))
            .and_where(outbox::Column::DueAt.is_not_null())
            .and_where(Expr::col(outbox::Column::AddedAt).gt(since))
            .to_owned();
        Expr::not_exists(rows)
    });
    Condition::all()
        .add(mailing::Column::EndedAt.is_null())
        .add(Expr::not_exists(open))
        .add_option(unpublished)
}

fn mailings(most: u64) -> Select<mailing::Entity> {
    mailing::Entity::find().limit(most)
}
