//! Claims on `SQLite`: in one transaction, due recipients that are on the list of suppressed addresses are ended, and
//! others are claimed.

use entity::recipient::{Column, Entity, Model, Status};
use sea_orm::{QueryFilter, UpdateMany, sea_query::Expr};
use uuid::Uuid;

use super::{Ledger, claim::within, suppressions::SUPPRESSED};
use crate::{error::Result, wake_up::Range};

/// The entries that suppress a recipient. Rows that were written before there were hashes have none.
const SUPPRESSION: &str = "suppression AS s WHERE (s.mail_hash = recipient.mail_hash \
     OR (recipient.mail_hash IS NULL AND s.mail_key = recipient.mail_key)) \
     AND (s.scope = '' OR EXISTS (SELECT 1 FROM mailing AS m WHERE m.id = recipient.mailing_id \
       AND m.list_key_id = s.api_key_id AND m.list = s.list))";

impl Ledger {
    /// Ends recipients that are suppressed, and claims others, in one transaction.
    pub(super) async fn claim_on_sqlite(
        &self,
        status: Status,
        range: Range,
        limit: u64,
        token: Uuid,
    ) -> Result<Vec<Model>> {
        let transaction = self.begin().await?;
        let mut rows = self
            .to_suppressed(range)
            .exec_with_returning(&transaction)
            .await?;
        self.add_ends(&transaction, &rows).await?;
        let update = self.to_claimed(status, range, limit, token);
        rows.extend(update.exec_with_returning(&transaction).await?);
        transaction.commit().await?;
        Ok(rows)
    }

    /// Builds the update that ends those due recipients of a range that are suppressed.
    fn to_suppressed(&self, range: Range) -> UpdateMany<Entity> {
        let reason = format!("'suppressed_' || (SELECT reason FROM {SUPPRESSION} LIMIT 1)");
        self.end(Status::Suppressed, self.random_uuid())
            .col_expr(Column::StatusDetail, Expr::cust(reason))
            .col_expr(Column::LastError, Expr::value(SUPPRESSED))
            .filter(within(range))
            .filter(self.is_free_to_claim())
            .filter(Expr::cust(format!("EXISTS (SELECT 1 FROM {SUPPRESSION})")))
    }
}
