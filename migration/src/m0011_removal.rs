//! Mailings that are being removed; and on `PostgreSQL`, vacuums that keep up with the removal in tables of any size.

use sea_orm_migration::{prelude::*, schema::boolean, sea_orm::DbBackend};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// By default a table is vacuumed when a fifth of its rows is dead, which in a ledger of a thousand million recipients
/// would be more than the whole mail of a month.
const UP: [&str; 2] = [
    "ALTER TABLE mailing SET (autovacuum_vacuum_scale_factor = 0.02)",
    "ALTER TABLE recipient SET (autovacuum_vacuum_scale_factor = 0.02)",
];

const DOWN: [&str; 2] = [
    "ALTER TABLE mailing RESET (autovacuum_vacuum_scale_factor)",
    "ALTER TABLE recipient RESET (autovacuum_vacuum_scale_factor)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Both databases add a column with a constant default without rewriting the rows.
        let column = boolean("removing").default(false).take();
        let table = Table::alter()
            .table("mailing")
            .add_column(column)
            .to_owned();
        manager.alter_table(table).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            execute(manager, &UP).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            execute(manager, &DOWN).await?;
        }
        let table = Table::alter()
            .table("mailing")
            .drop_column(Alias::new("removing"))
            .to_owned();
        manager.alter_table(table).await
    }
}
