//! The account's sending rate, shared by all instances; and the ends that have to be published to a queue.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, double_null, integer},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(pace()).await?;
        let db = manager.get_connection();
        for statement in [
            "INSERT INTO pace (id, next_turn, next_single_turn) VALUES (1, 0, 0)",
            // There was no result queue before, so these ends are not to be published.
            "UPDATE recipient SET published_at = ended_at WHERE event_id IS NOT NULL",
            "CREATE INDEX recipient_unpublished ON recipient (ended_at) WHERE event_id IS NOT NULL AND published_at IS NULL",
            "CREATE INDEX recipient_untold ON recipient (mailing_id) WHERE event_id IS NOT NULL AND published_at IS NULL",
        ] {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for index in ["recipient_unpublished", "recipient_untold"] {
            db.execute_unprepared(&format!("DROP INDEX {index}"))
                .await?;
        }
        manager
            .drop_table(Table::drop().table(Alias::new("pace")).to_owned())
            .await
    }
}

fn pace() -> TableCreateStatement {
    Table::create()
        .table("pace")
        .col(integer("id").primary_key())
        .col(big_integer("next_turn"))
        .col(big_integer("next_single_turn"))
        .col(double_null("rate"))
        .col(big_integer_null("rate_asked_at"))
        .to_owned()
}
