//! Removal: mailings vanish whole, with everything that belongs to them, some time after their end.
//!
//! A step removes a bounded number of rows. Mailings that fit into a step are removed in one transaction; a larger one
//! is hidden first and then removed step by step, so that it is never seen with a part of its recipients.

use std::{ops::Range, time::Duration};

use entity::{
    attachment, correspondent, idempotency, mailing, outbox,
    recipient::{Column, Entity},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType, Query, SimpleExpr},
};
use uuid::Uuid;

use super::{Ledger, expiry::STEP, transaction::Transaction};
use crate::error::Result;

/// The maximum number of recipients that one step removes.
pub const REMOVAL_STEP: i32 = 2_000;

/// A mailing that is to be removed, and the highest position of a recipient that it still has.
type Old = (Uuid, Option<i32>);

impl Ledger {
    /// Removes mailings that ended at least `keep` ago, oldest first, beginning after the id `after`. Returns the id
    /// after which the next step begins, and `None` if there is none left.
    pub async fn remove_old(&self, keep: Duration, after: Uuid) -> Result<Option<Uuid>> {
        let until = self.removable_until(keep).await?;
        let old: Vec<Old> = old(after..first_id_after(until), until, self.results.is_some())
            .into_tuple()
            .all(self.db().await?)
            .await?;
        let step = one_step(&old);
        let Some((last, position)) = step.last().copied() else {
            return Ok(None);
        };
        if rows_of(position) > REMOVAL_STEP {
            let some_went = self.remove_some(last, position, until).await?;
            return Ok(Some(if some_went { after } else { last }));
        }
        self.remove_whole(step, until).await?;
        let more = step.len() < old.len() || old.len() as u64 == STEP;
        Ok(more.then_some(last))
    }

    /// Returns the time of the latest end that may be removed: `keep` ago, and before the first end that is not counted
    /// by the statistics.
    async fn removable_until(&self, keep: Duration) -> Result<i64> {
        let kept_since = self.ago(keep).await?;
        let uncounted = self.first_end(self.settled_until().await?).await?;
        Ok(uncounted.map_or(kept_since, |end| Ord::min(kept_since, end - 1)))
    }

    async fn remove_whole(&self, step: &[Old], until: i64) -> Result<()> {
        let transaction = self.begin().await?;
        let ids = locked(&transaction, step.iter().map(|(id, _)| *id), until).await?;
        if ids.is_empty() {
            return Ok(());
        }
        delete::<Entity>(&transaction, Column::MailingId, &ids).await?;
        delete::<attachment::Entity>(&transaction, attachment::Column::MailingId, &ids).await?;
        delete::<correspondent::Entity>(&transaction, correspondent::Column::MailingId, &ids)
            .await?;
        delete::<idempotency::Entity>(&transaction, idempotency::Column::MailingId, &ids).await?;
        delete::<outbox::Entity>(&transaction, outbox::Column::MailingId, &ids).await?;
        delete::<mailing::Entity>(&transaction, mailing::Column::Id, &ids).await?;
        Ok(transaction.commit().await?)
    }

    /// Hides a large mailing and removes the last of its recipients. Returns whether it did: another process may be at
    /// the same mailing.
    async fn remove_some(&self, id: Uuid, position: Option<i32>, until: i64) -> Result<bool> {
        let transaction = self.begin().await?;
        if locked(&transaction, [id], until).await?.is_empty() {
            return Ok(false);
        }
        mailing::Entity::update_many()
            .col_expr(mailing::Column::Removing, Expr::value(true))
            .filter(mailing::Column::Id.eq(id))
            .filter(mailing::Column::Removing.eq(false))
            .exec(&transaction)
            .await?;
        Entity::delete_many()
            .filter(Column::MailingId.eq(id))
            .filter(Column::Position.gte(rows_of(position) - REMOVAL_STEP))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// Returns mailings whose ids are in the range and that ended until that time, in the order of their ids. An id begins
/// with the time when it was made, so that only the oldest rows are read.
pub(super) fn old(ids: Range<Uuid>, until: i64, publishes: bool) -> Select<mailing::Entity> {
    let id = (mailing::Entity, mailing::Column::Id);
    let last = Query::select()
        .expr(Expr::col((Entity, Column::Position)).max())
        .from(Entity)
        .and_where(Expr::col((Entity, Column::MailingId)).equals(id))
        .to_owned();
    let unpublished = Query::select()
        .expr(Expr::value(1))
        .from(outbox::Entity)
        .and_where(Expr::col((outbox::Entity, outbox::Column::MailingId)).equals(id))
        .and_where(outbox::Column::DueAt.is_not_null())
        .to_owned();
    let unpublished = publishes.then(|| Expr::not_exists(unpublished));
    mailing::Entity::find()
        .select_only()
        .column(mailing::Column::Id)
        .expr_as(SimpleExpr::SubQuery(None, Box::new(last.into())), "last")
        .filter(mailing::Column::Id.gt(ids.start))
        .filter(mailing::Column::Id.lt(ids.end))
        .filter(mailing::Column::EndedAt.lte(until))
        .filter(Condition::all().add_option(unpublished))
        .order_by_asc(mailing::Column::Id)
        .limit(STEP)
}

/// Locks those of the mailings that are still to be removed: neither resent meanwhile, nor locked by another process.
async fn locked(
    transaction: &Transaction,
    ids: impl IntoIterator<Item = Uuid>,
    until: i64,
) -> Result<Vec<Uuid>> {
    Ok(mailing::Entity::find()
        .select_only()
        .column(mailing::Column::Id)
        .filter(mailing::Column::Id.is_in(ids))
        .filter(mailing::Column::EndedAt.lte(until))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(transaction)
        .await?)
}

/// Deletes the rows of a table that belong to these mailings.
async fn delete<E: EntityTrait>(
    transaction: &Transaction,
    mailing_id: E::Column,
    ids: &[Uuid],
) -> Result<()> {
    E::delete_many()
        .filter(mailing_id.is_in(ids.iter().copied()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Returns as many of the mailings as one step may remove whole, and at least one.
fn one_step(old: &[Old]) -> &[Old] {
    let mut rows = 0_i32;
    let fits = |(_, position): &&Old| {
        rows = rows.saturating_add(rows_of(*position));
        rows <= REMOVAL_STEP
    };
    let fitting = old.iter().take_while(fits).count();
    &old[..fitting.max(1).min(old.len())]
}

/// Returns the maximum number of recipients of a mailing: positions are counted from 0.
fn rows_of(last: Option<i32>) -> i32 {
    last.map_or(0, |last| last.saturating_add(1))
}

/// Returns a bound above all ids that were made until that time, by the layout of UUID version 7
/// (<https://www.rfc-editor.org/rfc/rfc9562#section-5.7>).
pub(super) fn first_id_after(time: i64) -> Uuid {
    let milliseconds = u128::try_from(time.saturating_add(1)).unwrap_or(0);
    Uuid::from_u128(milliseconds << 80)
}
