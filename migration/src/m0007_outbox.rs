//! Ends that the result queue is to be told of are rows of their own, with attempts and a due time of their own.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, text, text_null, uuid},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `recipient.published_at`, which was in their place, stays for instances of the version before, which may still run
/// while this is deployed. Nothing reads it any more.
const UP: [&str; 5] = [
    "INSERT INTO outbox (event_id, mailing_id, position, status, occurred_at, attempts, message_id, status_detail, \
     last_error, queued_at, sent_at, due_at, refusals) \
     SELECT event_id, mailing_id, position, status, ended_at, attempts, message_id, status_detail, last_error, \
     queued_at, sent_at, ended_at, 0 FROM recipient WHERE event_id IS NOT NULL AND published_at IS NULL",
    "CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX outbox_mailing ON outbox (mailing_id)",
    "DROP INDEX recipient_unpublished",
    "DROP INDEX recipient_untold",
];

const DOWN: [&str; 4] = [
    "UPDATE recipient SET published_at = ended_at WHERE event_id IS NOT NULL",
    "UPDATE recipient SET published_at = NULL WHERE event_id IN (SELECT event_id FROM outbox)",
    "CREATE INDEX recipient_unpublished ON recipient (ended_at) WHERE event_id IS NOT NULL AND published_at IS NULL",
    "CREATE INDEX recipient_untold ON recipient (mailing_id) WHERE event_id IS NOT NULL AND published_at IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(outbox()).await?;
        execute(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &DOWN).await?;
        let table = Table::drop().table("outbox").to_owned();
        manager.drop_table(table).await
    }
}

async fn execute(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager
            .get_connection()
            .execute_unprepared(statement)
            .await?;
    }
    Ok(())
}

fn outbox() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        .col(uuid("event_id").primary_key())
        .col(uuid("mailing_id"))
        .col(integer("position"))
        .col(text("status"))
        .col(big_integer("occurred_at"))
        .col(integer("attempts"))
        .col(text_null("message_id"))
        .col(text_null("status_detail"))
        .col(text_null("last_error"))
        .col(big_integer_null("queued_at"))
        .col(big_integer_null("sent_at"))
        .col(big_integer_null("due_at"))
        .col(integer("refusals").default(0))
        .to_owned()
}
