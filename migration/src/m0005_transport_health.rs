//! The transport's health, in the row that all instances share.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, integer, text_null},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer("held_until").default(0).take(),
            integer("holds").default(0).take(),
            text_null("held_for"),
            big_integer("probed_until").default(0).take(),
        ] {
            // `SQLite` adds one column at a time.
            let table = Table::alter().table("pace").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["probed_until", "held_for", "holds", "held_until"] {
            let table = Table::alter()
                .table("pace")
                .drop_column(Alias::new(column))
                .to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
