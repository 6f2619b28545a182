//! Header fields of one recipient's mail only.

use sea_orm_migration::{prelude::*, schema::json_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("recipient")
            .add_column(json_null("headers"))
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("recipient")
            .drop_column(Alias::new("headers"))
            .to_owned();
        manager.alter_table(table).await
    }
}
