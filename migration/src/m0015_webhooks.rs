//! Webhooks: where events are sent to, what is still to be sent, and the history of what was.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The words in braces stand for the types of the database. A delivery has no foreign key into the events, which are removed
/// in ranges.
const TABLES: [&str; 3] = [
    "CREATE TABLE webhook (\
       id {uuid} NOT NULL PRIMARY KEY, url TEXT NOT NULL, statuses TEXT, api_key_id {uuid}, \
       secret TEXT NOT NULL, previous_secret TEXT, previous_until BIGINT, created_at BIGINT NOT NULL, \
       disabled_at BIGINT, disabled_reason TEXT, failing_since BIGINT, failures INTEGER NOT NULL DEFAULT 0, \
       replay_after BIGINT, replay_until BIGINT, replay_since BIGINT)",
    "CREATE TABLE webhook_delivery (\
       event_id {uuid} NOT NULL, webhook_id {uuid} NOT NULL, is_ping {boolean} NOT NULL DEFAULT FALSE, \
       added_at BIGINT NOT NULL, due_at BIGINT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, \
       token {uuid}, lease_until BIGINT, PRIMARY KEY (event_id, webhook_id))",
    "CREATE TABLE webhook_log (\
       ordinal {identity}, webhook_id {uuid} NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, \
       reason TEXT, event_id {uuid}, event_kind TEXT, number INTEGER, status INTEGER, failure TEXT, \
       duration_ms BIGINT, next_at BIGINT)",
];

const INDEXES: [&str; 3] = [
    "CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, due_at)",
    "CREATE INDEX webhook_delivery_leased ON webhook_delivery (lease_until) WHERE lease_until IS NOT NULL",
    "CREATE INDEX webhook_log_webhook ON webhook_log (webhook_id, ordinal)",
];

const DOWN: [&str; 3] = [
    "DROP TABLE webhook_log",
    "DROP TABLE webhook_delivery",
    "DROP TABLE webhook",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (uuid, boolean, identity) = match manager.get_database_backend() {
            DbBackend::Postgres => (
                "UUID",
                "BOOLEAN",
                "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            ),
            // An ordinal is never given a second time, not even that of a row that was removed.
            _ => ("uuid_text", "boolean", "INTEGER PRIMARY KEY AUTOINCREMENT"),
        };
        for table in TABLES {
            let table = table
                .replace("{uuid}", uuid)
                .replace("{boolean}", boolean)
                .replace("{identity}", identity);
            execute(manager, &[table.as_str()]).await?;
        }
        execute(manager, &INDEXES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &DOWN).await
    }
}
