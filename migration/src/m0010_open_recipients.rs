//! Drops an index that the one over mailings and statuses makes superfluous: each move of a recipient wrote into both.

use sea_orm_migration::prelude::*;

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &["DROP INDEX recipient_open"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = "CREATE INDEX recipient_open ON recipient (mailing_id) \
                     WHERE status IN ('queued', 'sending')";
        execute(manager, &[index]).await
    }
}
