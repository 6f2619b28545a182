//! Keys, mailings, their recipients, and the answers stored under idempotency keys.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer, big_integer_null, blob, boolean, integer, json, json_null, text, text_null,
        uuid, uuid_null,
    },
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            api_key(),
            api_key_secret(),
            origin(),
            mailing(),
            attachment(),
            correspondent(),
            recipient(),
            idempotency(),
        ] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "idempotency",
            "recipient",
            "correspondent",
            "attachment",
            "mailing",
            "origin",
            "api_key_secret",
            "api_key",
        ] {
            manager
                .drop_table(Table::drop().table(Alias::new(table)).to_owned())
                .await?;
        }
        Ok(())
    }
}

/// Partial indexes keep ended mail out of the queries that run all the time.
const INDEXES: [&str; 16] = [
    "CREATE INDEX api_key_secret_api_key ON api_key_secret (api_key_id)",
    "CREATE INDEX origin_origin ON origin (origin)",
    "CREATE INDEX mailing_api_key ON mailing (api_key_id, id)",
    "CREATE INDEX mailing_email_id ON mailing (email_id, id) WHERE email_id IS NOT NULL",
    "CREATE INDEX mailing_open ON mailing (id) WHERE ended_at IS NULL",
    "CREATE INDEX mailing_body ON mailing (ended_at) WHERE body IS NOT NULL AND ended_at IS NOT NULL",
    "CREATE INDEX mailing_named ON mailing (ended_at) WHERE anonymous = FALSE AND ended_at IS NOT NULL",
    "CREATE INDEX correspondent_mail_key ON correspondent (mail_key)",
    "CREATE INDEX idempotency_mailing ON idempotency (mailing_id)",
    "CREATE INDEX idempotency_expiry ON idempotency (expires_at)",
    "CREATE INDEX recipient_due ON recipient (due_at) WHERE status = 'queued'",
    "CREATE INDEX recipient_unwoken ON recipient (due_at) WHERE status = 'queued' AND woken_at IS NULL",
    "CREATE INDEX recipient_expiry ON recipient (expires_at) WHERE status = 'queued'",
    "CREATE INDEX recipient_sending ON recipient (lease_until) WHERE status = 'sending'",
    "CREATE INDEX recipient_open ON recipient (mailing_id) WHERE status IN ('queued', 'sending')",
    "CREATE INDEX recipient_mail_key ON recipient (mail_key) WHERE mail_key IS NOT NULL",
];

fn api_key() -> TableCreateStatement {
    Table::create()
        .table("api_key")
        .col(uuid("id").primary_key())
        .col(text_null("name"))
        .col(boolean("browser"))
        .col(json("senders"))
        .col(big_integer("created_at"))
        .col(big_integer_null("revoked_at"))
        .to_owned()
}

fn api_key_secret() -> TableCreateStatement {
    Table::create()
        .table("api_key_secret")
        .col(text("hash").primary_key())
        .col(uuid("api_key_id"))
        .col(big_integer_null("expires_at"))
        .foreign_key(&mut belongs_to("api_key_secret", "api_key_id", "api_key"))
        .to_owned()
}

fn origin() -> TableCreateStatement {
    Table::create()
        .table("origin")
        .col(uuid("api_key_id"))
        .col(text("origin"))
        .primary_key(Index::create().col("api_key_id").col("origin"))
        .foreign_key(&mut belongs_to("origin", "api_key_id", "api_key"))
        .to_owned()
}

fn mailing() -> TableCreateStatement {
    Table::create()
        .table("mailing")
        .col(uuid("id").primary_key())
        .col(uuid("api_key_id"))
        .col(text_null("email_id"))
        .col(json("envelope"))
        .col(json_null("body"))
        .col(boolean("anonymous"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("ended_at"))
        .foreign_key(&mut belongs_to("mailing", "api_key_id", "api_key"))
        .to_owned()
}

fn attachment() -> TableCreateStatement {
    Table::create()
        .table("attachment")
        .col(uuid("mailing_id"))
        .col(integer("position"))
        .col(text("filename"))
        .col(text("content_type"))
        .col(text_null("content_id"))
        .col(blob("content"))
        .primary_key(Index::create().col("mailing_id").col("position"))
        .foreign_key(&mut belongs_to("attachment", "mailing_id", "mailing"))
        .to_owned()
}

fn correspondent() -> TableCreateStatement {
    Table::create()
        .table("correspondent")
        .col(uuid("mailing_id"))
        .col(text("mail_key"))
        .primary_key(Index::create().col("mailing_id").col("mail_key"))
        .foreign_key(&mut belongs_to("correspondent", "mailing_id", "mailing"))
        .to_owned()
}

fn recipient() -> TableCreateStatement {
    Table::create()
        .table("recipient")
        .col(uuid("mailing_id"))
        .col(integer("position"))
        .col(text_null("mail"))
        .col(text_null("mail_key"))
        .col(text_null("name"))
        .col(text_null("company"))
        .col(json_null("email_recipient_id"))
        .col(json_null("variables"))
        .col(text("status"))
        .col(uuid_null("claim_token"))
        .col(big_integer_null("lease_until"))
        .col(big_integer("due_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("woken_at"))
        .col(integer("attempts"))
        .col(text_null("message_id"))
        .col(text_null("status_detail"))
        .col(text_null("last_error"))
        .col(big_integer_null("queued_at"))
        .col(big_integer_null("sent_at"))
        .col(big_integer_null("ended_at"))
        .col(uuid_null("event_id"))
        .col(big_integer_null("published_at"))
        .primary_key(Index::create().col("mailing_id").col("position"))
        .foreign_key(&mut belongs_to("recipient", "mailing_id", "mailing"))
        .to_owned()
}

fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(uuid("api_key_id"))
        .col(text("key"))
        .col(text("fingerprint"))
        .col(uuid("mailing_id"))
        .col(json_null("answer"))
        .col(big_integer("lease_until"))
        .col(big_integer("expires_at"))
        .primary_key(Index::create().col("api_key_id").col("key"))
        .foreign_key(&mut belongs_to("idempotency", "mailing_id", "mailing"))
        .to_owned()
}

fn belongs_to(
    table: &'static str,
    column: &'static str,
    owner: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(owner, "id")
        .to_owned()
}
