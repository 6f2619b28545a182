//! The owner of the list that a mailing belongs to: a key may take over the lists of a revoked one.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let uuid = match manager.get_database_backend() {
            DbBackend::Postgres => "UUID",
            _ => "uuid_text",
        };
        let columns = [
            "mailing ADD COLUMN list_key_id",
            "api_key ADD COLUMN lists_of",
        ];
        for column in columns {
            execute(manager, &[&format!("ALTER TABLE {column} {uuid}")]).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            "ALTER TABLE api_key DROP COLUMN lists_of",
            "ALTER TABLE mailing DROP COLUMN list_key_id",
        ];
        execute(manager, &columns).await
    }
}
