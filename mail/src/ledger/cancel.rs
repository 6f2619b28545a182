//! Cancels recipients that are still queued: of a mailing, or of a revoked key.

use entity::{
    api_key, mailing,
    recipient::{Column, Entity, Status},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::Expr};
use uuid::Uuid;

use super::{Ledger, Scope, claim::only, expiry::STEP, is_in, read::ids};
use crate::{error::Result, outcome::StatusDetail, recipient_update::RecipientUpdate};

impl Ledger {
    /// Recipients of a mailing that are still queued become `cancelled`, also those that are claimed but not begun. None
    /// where there is no such mailing in the scope.
    pub async fn cancel(
        &self,
        scope: Scope,
        mailing_id: Uuid,
    ) -> Result<Option<Vec<RecipientUpdate>>> {
        let own = ids(scope).filter(mailing::Column::Id.eq(mailing_id));
        let update = self
            .end_each(
                Status::Cancelled,
                StatusDetail::Cancelled,
                "Cancelled by the caller",
            )
            .filter(Column::MailingId.eq(mailing_id))
            .filter(Column::MailingId.in_subquery(own.into_query()))
            .filter(is_in([Status::Queued]));
        let cancelled = self.end_all(update).await?;
        let exists = !cancelled.is_empty() || self.has_mailing(scope, mailing_id).await?;
        Ok(exists.then_some(cancelled))
    }

    /// A bounded part of what a key has queued; nothing when all of it is cancelled.
    pub async fn cancel_some_of_key(&self, api_key_id: Uuid) -> Result<Vec<RecipientUpdate>> {
        let own = ids(Scope::Key(api_key_id)).into_query();
        let queued = Entity::find()
            .filter(Column::MailingId.in_subquery(own))
            .filter(is_in([Status::Queued]))
            .limit(STEP);
        let update = self
            .end_each(
                Status::Cancelled,
                StatusDetail::Cancelled,
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

    /// Notes that all mail of the key is cancelled, and returns whether it is: a recipient that is being sent may still be
    /// queued again.
    pub async fn end_cancelling(&self, api_key_id: Uuid) -> Result<bool> {
        let own = ids(Scope::Key(api_key_id)).filter(mailing::Column::EndedAt.is_null());
        let open = Entity::find()
            .select_only()
            .expr(Expr::value(1))
            .filter(Column::MailingId.in_subquery(own.into_query()))
            .filter(is_in(Status::OPEN))
            .into_query();
        let ended = api_key::Entity::update_many()
            .col_expr(api_key::Column::CancelsQueued, Expr::value(false))
            .filter(api_key::Column::Id.eq(api_key_id))
            .filter(Expr::not_exists(open))
            .exec(self.db().await?)
            .await?;
        Ok(ended.rows_affected > 0)
    }
}
