//! The time from which a mailing may go before single mails, in the row that all instances share.

use sea_orm_migration::{prelude::*, schema::big_integer};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = big_integer("next_owed_turn").default(0).take();
        let table = Table::alter().table("pace").add_column(column).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("pace")
            .drop_column(Alias::new("next_owed_turn"))
            .to_owned();
        manager.alter_table(table).await
    }
}
