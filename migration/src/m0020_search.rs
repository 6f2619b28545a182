//! Indexes by which recipients are found across mailings, newest first.

use sea_orm_migration::prelude::*;

use crate::execute;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The states in the last index are the ones that few recipients are in, so that a recipient that is delivered is never
/// written to it.
const UP: [&str; 6] = [
    "ALTER TABLE mailing ADD COLUMN client_env_id TEXT",
    "CREATE INDEX mailing_client_env_id ON mailing (client_env_id, id) WHERE client_env_id IS NOT NULL",
    "CREATE INDEX recipient_address ON recipient (mail_key, mailing_id, position) WHERE mail_key IS NOT NULL",
    "DROP INDEX recipient_mail_key",
    "CREATE INDEX recipient_message_id ON recipient (message_id) WHERE message_id IS NOT NULL",
    "CREATE INDEX recipient_trouble ON recipient (status, mailing_id, position) \
     WHERE status IN ('failed', 'unconfirmed', 'cancelled', 'suppressed', 'bounced', 'complained')",
];

const DOWN: [&str; 6] = [
    "DROP INDEX recipient_trouble",
    "DROP INDEX recipient_message_id",
    "CREATE INDEX recipient_mail_key ON recipient (mail_key) WHERE mail_key IS NOT NULL",
    "DROP INDEX recipient_address",
    "DROP INDEX mailing_client_env_id",
    "ALTER TABLE mailing DROP COLUMN client_env_id",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, &DOWN).await
    }
}
