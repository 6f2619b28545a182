//! Events: everything that is learned of a recipient becomes a row of its own, which the feed, the result queue and
//! other readers read.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The columns of an event after its ordinal. No index is on anything that changes: rows are inserted once, and removed
/// in ranges of ordinals.
const COLUMNS: &str = "\
    occurred_at BIGINT NOT NULL, \
    added_at BIGINT NOT NULL, \
    queued_at BIGINT, \
    sent_at BIGINT, \
    position INTEGER NOT NULL, \
    sequence INTEGER NOT NULL, \
    attempts INTEGER NOT NULL, \
    kind TEXT NOT NULL, \
    message_id TEXT, \
    status_detail TEXT, \
    last_error TEXT";

/// `feed` is the mark up to which the feed shows events: see `mail/src/ledger/feed.rs`.
const FEED: [&str; 2] = [
    "CREATE TABLE feed (id INTEGER NOT NULL PRIMARY KEY, shown BIGINT NOT NULL, pending BIGINT NOT NULL, \
     pending_until BIGINT NOT NULL, removed BIGINT NOT NULL)",
    "INSERT INTO feed (id, shown, pending, pending_until, removed) VALUES (1, 0, 0, 0, 0)",
];

/// The number of events that a recipient has had. A recipient that ended before has 0, and its end counts as the first.
const NUMBER: &str = "ALTER TABLE recipient ADD COLUMN events INTEGER NOT NULL DEFAULT 0";

/// The outbox names the event, and holds what it says only of ends that came before there were events.
const OUTBOX_ON_POSTGRES: &str = "ALTER TABLE outbox ALTER COLUMN result DROP NOT NULL";
/// `SQLite` cannot change a column, but the table holds only what is not published yet.
const OUTBOX_ON_SQLITE: [&str; 6] = [
    "CREATE TABLE outbox_of_events (event_id uuid_text NOT NULL PRIMARY KEY, mailing_id uuid_text NOT NULL, \
     position integer NOT NULL, result json_text, added_at bigint NOT NULL, due_at bigint, \
     refusals integer NOT NULL DEFAULT 0)",
    "INSERT INTO outbox_of_events (event_id, mailing_id, position, result, added_at, due_at, refusals) \
     SELECT event_id, mailing_id, position, result, added_at, due_at, refusals FROM outbox",
    "DROP TABLE outbox",
    "ALTER TABLE outbox_of_events RENAME TO outbox",
    "CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX outbox_mailing ON outbox (mailing_id)",
];

const INDEXES: [&str; 2] = [
    "CREATE UNIQUE INDEX event_id ON event (id)",
    "CREATE UNIQUE INDEX event_recipient ON event (mailing_id, position, sequence)",
];

const DOWN: [&str; 3] = [
    "DROP TABLE event",
    "DROP TABLE feed",
    "ALTER TABLE recipient DROP COLUMN events",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        let table = if is_postgres {
            format!(
                "CREATE TABLE event (\
                   ordinal BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                   id UUID NOT NULL, mailing_id UUID NOT NULL, api_key_id UUID NOT NULL, {COLUMNS}, detail JSON)"
            )
        } else {
            // An ordinal is never given a second time, not even that of a row that was removed.
            format!(
                "CREATE TABLE event (\
                   ordinal INTEGER PRIMARY KEY AUTOINCREMENT, \
                   id uuid_text NOT NULL, mailing_id uuid_text NOT NULL, api_key_id uuid_text NOT NULL, {COLUMNS}, detail json_text)"
            )
        };
        execute(manager, &[table.as_str(), NUMBER]).await?;
        execute(manager, &INDEXES).await?;
        execute(manager, &FEED).await?;
        if is_postgres {
            execute(manager, &[OUTBOX_ON_POSTGRES]).await
        } else {
            execute(manager, &OUTBOX_ON_SQLITE).await
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let object = match manager.get_database_backend() {
            DbBackend::Postgres => "json_build_object",
            _ => "json_object",
        };
        let filled = format!(
            "UPDATE outbox SET result = (SELECT {object}('status', kind, 'occurred_at', occurred_at, \
               'attempts', attempts, 'message_id', message_id, 'status_detail', status_detail, \
               'last_error', last_error, 'queued_at', queued_at, 'sent_at', sent_at) \
             FROM event WHERE event.id = outbox.event_id) WHERE result IS NULL"
        );
        execute(manager, &[filled.as_str()]).await?;
        execute(manager, &DOWN).await
    }
}
