//! Addresses that must not be mailed, and the secret that keys their hashes.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// `check_value` tells whether a secret is the one that this database was used with. `secret` is set only if the database
/// itself keeps it.
const HASH_SECRET: &str = "CREATE TABLE hash_secret (id INTEGER NOT NULL PRIMARY KEY, \
     check_value TEXT NOT NULL, secret TEXT)";

const UP: [&str; 4] = [
    "CREATE UNIQUE INDEX suppression_address ON suppression (mail_hash, scope, reason)",
    "CREATE INDEX suppression_mail_key ON suppression (mail_key) WHERE mail_key IS NOT NULL",
    "CREATE INDEX suppression_api_key ON suppression (api_key_id, id) WHERE api_key_id IS NOT NULL",
    "ALTER TABLE mailing ADD COLUMN list TEXT",
];

const DOWN: [&str; 4] = [
    "ALTER TABLE mailing DROP COLUMN list",
    "ALTER TABLE recipient DROP COLUMN mail_hash",
    "DROP TABLE suppression",
    "DROP TABLE hash_secret",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (uuid, bytes) = match manager.get_database_backend() {
            DbBackend::Postgres => ("UUID", "BYTEA"),
            _ => ("uuid_text", "blob"),
        };
        // The scope is empty for everything, else the key and its list.
        let suppression = format!(
            "CREATE TABLE suppression (id {uuid} NOT NULL PRIMARY KEY, mail_hash {bytes} NOT NULL, \
             scope TEXT NOT NULL, reason TEXT NOT NULL, api_key_id {uuid}, list TEXT, mail TEXT, mail_key TEXT, \
             created_at BIGINT NOT NULL)"
        );
        let hash = format!("ALTER TABLE recipient ADD COLUMN mail_hash {bytes}");
        execute(manager, &[HASH_SECRET, &suppression, &hash]).await?;
        execute(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &DOWN).await
    }
}
