//! Recipients that end without a call: their lease was lost, or they have expired.
//!
//! Each statement takes a bounded number of rows, so that a backlog does not become one long transaction; the sweep
//! repeats it as long as it finds rows.

use entity::recipient::{Column, Entity, Status};
use sea_orm::{
    Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany, sea_query::Expr,
};

use super::{Ledger, claim::only, is_in};
use crate::{error::Result, outcome::StatusDetail, recipient_update::RecipientUpdate};

/// The maximum number of rows that one step takes.
pub const STEP: u64 = 1000;

impl Ledger {
    /// Ends recipients whose lease ran out while they were being sent: the process that was sending them is gone, so it
    /// cannot be known whether they went out, and they become `unconfirmed`.
    pub async fn settle_lost_leases(&self) -> Result<Vec<RecipientUpdate>> {
        let lost = Condition::all()
            .add(is_in([Status::Sending]))
            .add(self.is_over(Column::LeaseUntil));
        let update = self.end_each(
            Status::Unconfirmed,
            StatusDetail::LeaseExpired,
            "The service stopped while it was sending this mail",
        );
        self.limited(update, lost, Column::LeaseUntil).await
    }

    /// Fails queued recipients that have passed their expiry time.
    pub async fn expire(&self) -> Result<Vec<RecipientUpdate>> {
        let late = Condition::all()
            .add(is_in([Status::Queued]))
            .add(self.is_over(Column::ExpiresAt))
            .add(self.is_free());
        let update = self.end_each(
            Status::Failed,
            StatusDetail::Expired,
            "The mail could not be sent before it expired",
        );
        self.limited(update, late, Column::ExpiresAt).await
    }

    /// Builds an update that ends many rows at once, each with an event id of its own.
    pub(super) fn end_each(
        &self,
        status: Status,
        code: StatusDetail,
        text: &str,
    ) -> UpdateMany<Entity> {
        self.end(status, self.random_uuid())
            .col_expr(Column::StatusDetail, Expr::value(code.as_str()))
            .col_expr(Column::LastError, Expr::value(text))
    }

    async fn limited(
        &self,
        update: UpdateMany<Entity>,
        which: Condition,
        order: Column,
    ) -> Result<Vec<RecipientUpdate>> {
        let rows = Entity::find()
            .filter(which.clone())
            .order_by_asc(order)
            .limit(STEP);
        self.end_all(only(update.filter(which), rows)).await
    }
}
