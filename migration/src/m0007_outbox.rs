//! The outbox: ends that are to be published to the result queue become rows of their own, with refusals and a due
//! time.

use sea_orm_migration::{
    prelude::*,
    schema::{big_integer, big_integer_null, integer, json, uuid},
    sea_orm::DbBackend,
};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `recipient.published_at`, which the outbox replaces, stays for instances of the previous version, which may still
/// run during a deployment. This version does not read it.
const UP: [&str; 4] = [
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
        let object = match manager.get_database_backend() {
            DbBackend::Postgres => "json_build_object",
            _ => "json_object",
        };
        let unpublished = format!(
            "INSERT INTO outbox (event_id, mailing_id, position, result, added_at, due_at, refusals) \
             SELECT event_id, mailing_id, position, {object}('status', status, 'occurred_at', ended_at, \
             'attempts', attempts, 'message_id', message_id, 'status_detail', status_detail, \
             'last_error', last_error, 'queued_at', queued_at, 'sent_at', sent_at), ended_at, ended_at, 0 \
             FROM recipient WHERE event_id IS NOT NULL AND published_at IS NULL"
        );
        execute(manager, &[unpublished.as_str()]).await?;
        execute(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &DOWN).await?;
        let table = Table::drop().table("outbox").to_owned();
        manager.drop_table(table).await
    }
}

fn outbox() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        .col(uuid("event_id").primary_key())
        .col(uuid("mailing_id"))
        .col(integer("position"))
        .col(json("result"))
        .col(big_integer("added_at"))
        .col(big_integer_null("due_at"))
        .col(integer("refusals").default(0))
        .to_owned()
}
