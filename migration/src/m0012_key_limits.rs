//! Limits, recipients, expiry and last use of API keys, and the counters of keys with limits.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, boolean, integer_null, json, uuid},
    sea_orm::DbBackend,
};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The columns that the keys get. Keys that are there already have no limits, and get none when they become browser
/// keys.
fn columns() -> [ColumnDef; 8] {
    [
        integer_null("requests_per_minute"),
        integer_null("recipients_per_minute"),
        integer_null("recipients_per_day"),
        integer_null("recipients_per_request"),
        boolean("takes_default_limits").default(false).take(),
        json("recipients").default("[]").take(),
        big_integer_null("last_used_at"),
        big_integer_null("expires_at"),
    ]
}

/// The space that a page keeps lets a counter change without touching an index. A count over the limit violates the
/// constraint, and what was to be stored with it is not.
const UP: [&str; 2] = [
    "ALTER TABLE key_usage SET (fillfactor = 50)",
    "ALTER TABLE key_usage ADD CONSTRAINT key_usage_within_limits CHECK (within_limits)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Both databases add a column that is null or has a constant default without rewriting the rows.
        for mut column in columns() {
            let table = Table::alter()
                .table("api_key")
                .add_column(&mut column)
                .to_owned();
            manager.alter_table(table).await?;
        }
        let table = Table::create()
            .table("key_usage")
            .col(uuid("api_key_id").primary_key())
            .col(big_integer("minute_ends_at"))
            .col(big_integer("minute_requests"))
            .col(big_integer("minute_recipients"))
            .col(big_integer("day_ends_at"))
            .col(big_integer("day_recipients"))
            .col(boolean("within_limits"))
            .to_owned();
        manager.create_table(table).await?;
        let index = "CREATE INDEX key_usage_day ON key_usage (day_ends_at)";
        execute(manager, &[index]).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            execute(manager, &UP).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::drop().table("key_usage").to_owned();
        manager.drop_table(table).await?;
        for column in columns() {
            let table = Table::alter()
                .table("api_key")
                .drop_column(Alias::new(column.get_column_name()))
                .to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
