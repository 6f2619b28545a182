//! Opens the database.

use std::{path::Path, sync::Arc};

use sea_orm::{DbErr, RuntimeErr};
use sqlx::{
    ConnectOptions,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::OnceCell;

use super::{Ledger, connection::Connection, login::LoginSecret, pool::PATIENCE, session::Options};
use crate::{
    aws::Aws,
    config::{Config, DatabaseSource},
    error::Result,
    timestamp::milliseconds,
};

/// More sessions would only queue inside the server.
const POSTGRES_SESSIONS: usize = 10;
/// An instance of a Lambda function handles one event at a time, and there may be many instances.
const FUNCTION_SESSIONS: usize = 1;

impl Ledger {
    /// Opens the ledger without waiting for the database: the first use connects and checks the schema.
    pub async fn open(config: &Config, aws: &Arc<Aws>) -> Result<Self> {
        let mut login = None;
        let options = match &config.database {
            DatabaseSource::Postgres(url) => {
                let options = PgConnectOptions::from_url(url).map_err(not_connected)?;
                Options::Postgres(Box::new(options.disable_statement_logging()))
            }
            DatabaseSource::Secret(settings) => {
                login = Some(LoginSecret::new(settings, aws));
                // The host and the login are read from the secret.
                Options::Postgres(Box::new(PgConnectOptions::new_without_pgpass()))
            }
            DatabaseSource::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    tokio::fs::create_dir_all(folder).await?;
                }
                sqlite(path)
            }
        };
        let sessions = if config.is_function {
            FUNCTION_SESSIONS
        } else {
            POSTGRES_SESSIONS
        };
        let db = Connection::new(options, sessions, login);
        db.open_file().await?;
        Ok(Self {
            db,
            schema: OnceCell::new(),
            migrates: config.migrates,
            results: config
                .result_queue_url
                .as_ref()
                .map(|_| config.result_statuses.clone()),
            origins: super::origins::LiveOrigins::default(),
            aws: Arc::clone(aws),
            hash_secret_source: config.hash_secret.clone(),
            hash_secret: OnceCell::new(),
            lease_ms: milliseconds(config.lease),
        })
    }
}

/// Options for a `SQLite` file.
pub(super) fn sqlite(path: &Path) -> Options {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL survives a power cut; NORMAL would lose commits.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        // Erased data is overwritten in the file.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    Options::Sqlite(Box::new(options))
}

fn not_connected(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

#[cfg(test)]
impl Ledger {
    /// Opens a ledger in a `SQLite` file for a test.
    pub(super) async fn on_file(path: &Path) -> Self {
        let db = Connection::new(sqlite(path), 1, None);
        super::schema::bring_up_to_date(&db).await.unwrap();
        Self {
            db,
            schema: OnceCell::new_with(Some(())),
            migrates: true,
            lease_ms: 60_000,
            results: None,
            origins: super::origins::LiveOrigins::default(),
            aws: Arc::default(),
            hash_secret_source: crate::hash_secret::HashSecretSource::Ledger,
            hash_secret: OnceCell::new(),
        }
    }
}
