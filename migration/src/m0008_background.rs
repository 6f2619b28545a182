//! Work that a request may leave to the sweep: cancelling mail that a revoked key has queued, and erasing an address.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, boolean, text},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("cancels_queued").default(false).take();
        let table = Table::alter()
            .table("api_key")
            .add_column(column)
            .to_owned();
        manager.alter_table(table).await?;
        let index = "CREATE INDEX api_key_cancelling ON api_key (id) WHERE cancels_queued";
        manager.get_connection().execute_unprepared(index).await?;
        let table = Table::create()
            .table("erasure")
            .col(text("mail_key").primary_key())
            .col(big_integer("asked_at"))
            .to_owned();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table("erasure").to_owned();
        manager.drop_table(table).await?;
        let index = "DROP INDEX api_key_cancelling";
        manager.get_connection().execute_unprepared(index).await?;
        let table = Table::alter()
            .table("api_key")
            .drop_column(Alias::new("cancels_queued"))
            .to_owned();
        manager.alter_table(table).await
    }
}
