//! What became of the mail of each hour and API key after it was sent.

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
        let table = format!(
            "CREATE TABLE hour_of_key (start BIGINT NOT NULL, api_key_id {uuid} NOT NULL, sent BIGINT NOT NULL, \
             delivered BIGINT NOT NULL, bounced BIGINT NOT NULL, complained BIGINT NOT NULL, \
             suppressed BIGINT NOT NULL, PRIMARY KEY (start, api_key_id))"
        );
        execute(manager, &[&table]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &["DROP TABLE hour_of_key"]).await
    }
}
