//! The statistics of each hour; and indexes by which a mailing and an hour are counted without reading the rows.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null},
};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(hour()).await?;
        execute(
            manager,
            &[
                // A large ledger may have these indexes already, created by hand without blocking writes.
                "CREATE INDEX IF NOT EXISTS recipient_ended ON recipient (ended_at) WHERE ended_at IS NOT NULL",
                "CREATE INDEX IF NOT EXISTS recipient_status ON recipient (mailing_id, status)",
                "CREATE INDEX mailing_open_of_key ON mailing (api_key_id, id) WHERE ended_at IS NULL",
            ],
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(
            manager,
            &[
                "DROP INDEX mailing_open_of_key",
                "DROP INDEX recipient_status",
                "DROP INDEX recipient_ended",
            ],
        )
        .await?;
        manager
            .drop_table(Table::drop().table(Alias::new("hour")).to_owned())
            .await
    }
}

fn hour() -> TableCreateStatement {
    Table::create()
        .table("hour")
        .col(big_integer("start").primary_key())
        .col(big_integer("sent"))
        .col(big_integer("failed"))
        .col(big_integer("unconfirmed"))
        .col(big_integer("cancelled"))
        .col(big_integer_null("p50"))
        .col(big_integer_null("p95"))
        .to_owned()
}
