//! Mailings that are planned for a later time; and the look-up of a mailing by its `Idempotency-Key` alone.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer_null, boolean_null},
};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Columns that may be null are added without rewriting the rows. SQLite adds one column in a statement.
        for column in [big_integer_null("send_at"), boolean_null("expiry_given")] {
            let table = Table::alter()
                .table("mailing")
                .add_column(column)
                .to_owned();
            manager.alter_table(table).await?;
        }
        // The table holds the keys of one day.
        let index = "CREATE INDEX idempotency_key ON idempotency (key)";
        execute(manager, &[index]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &["DROP INDEX idempotency_key"]).await?;
        for column in ["expiry_given", "send_at"] {
            let table = Table::alter()
                .table("mailing")
                .drop_column(Alias::new(column))
                .to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
