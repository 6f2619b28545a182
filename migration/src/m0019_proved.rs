//! When a recipient that had ended `unconfirmed` proved to be sent, so that it counts in one end only.

use sea_orm_migration::prelude::*;

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statements = [
            "ALTER TABLE recipient ADD COLUMN proved_at BIGINT",
            "ALTER TABLE hour_of_key ADD COLUMN proved BIGINT NOT NULL DEFAULT 0",
        ];
        execute(manager, &statements).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let statements = [
            "ALTER TABLE hour_of_key DROP COLUMN proved",
            "ALTER TABLE recipient DROP COLUMN proved_at",
        ];
        execute(manager, &statements).await
    }
}
