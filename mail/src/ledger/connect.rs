//! Opens the database.

use std::{future::ready, sync::Arc, time::Duration};

use sea_orm::{ConnectOptions, Database};
use sqlx::{
    Connection as _,
    pool::PoolConnectionMetadata,
    sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::sync::OnceCell;

use super::{
    Ledger, connection::Connection, login::LoginSecret, retirement::Retirement,
    retry::repeat_while_locked,
};
use crate::{
    aws::Aws,
    config::{Config, DatabaseSource},
    error::Result,
};

/// The time that a statement waits for a connection, and `SQLite` for its lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// More connections would only queue inside the server.
const POSTGRES_CONNECTIONS: u32 = 10;
/// An instance of a Lambda function handles one event at a time, and there may be many instances.
const FUNCTION_CONNECTIONS: u32 = 1;

impl Ledger {
    /// Opens the ledger without waiting for the database: the first use connects and checks the schema.
    pub async fn open(config: &Config, aws: &Arc<Aws>) -> Result<Self> {
        let mut login = None;
        let mut options = match &config.database {
            DatabaseSource::Postgres(url) => ConnectOptions::new(url.as_str()),
            DatabaseSource::Secret(settings) => {
                login = Some(LoginSecret::new(settings, aws));
                // The host and the login are read from the secret.
                ConnectOptions::new("postgres://")
            }
            DatabaseSource::Sqlite(path) => {
                if let Some(folder) = path.parent() {
                    tokio::fs::create_dir_all(folder).await?;
                }
                ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()))
            }
        };
        options
            .sqlx_logging(false)
            .connect_lazy(true)
            .acquire_timeout(PATIENCE)
            .connect_timeout(PATIENCE);
        let retirement = use_sound_connections(&mut options);
        match &config.database {
            DatabaseSource::Postgres(_) | DatabaseSource::Secret(_) => {
                options
                    .max_connections(if config.is_function {
                        FUNCTION_CONNECTIONS
                    } else {
                        POSTGRES_CONNECTIONS
                    })
                    .test_before_acquire(true);
            }
            // One connection: writers then queue in order instead of racing for the file's lock.
            DatabaseSource::Sqlite(path) => {
                let path = path.clone();
                options
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .map_sqlx_sqlite_opts(move |sqlite| {
                        sqlite
                            .filename(&path)
                            .journal_mode(SqliteJournalMode::Wal)
                            // FULL survives a power cut; NORMAL would lose commits.
                            .synchronous(SqliteSynchronous::Full)
                            .busy_timeout(PATIENCE)
                            .foreign_keys(true)
                            // Erased data is overwritten in the file.
                            .pragma("secure_delete", "ON")
                    });
            }
        }
        // Connecting asks `SQLite` for its version. `SQLite` refuses at once, without waiting for its lock, to turn a
        // new file into one with a write-ahead log while another process does so.
        let connect = || async { Ok(Database::connect(options.clone()).await?) };
        let db = repeat_while_locked(connect).await?;
        Ok(Self {
            db: Connection::new(db, login, retirement),
            schema: OnceCell::new(),
            migrates: config.migrates,
            publishes: config.result_queue_url.is_some(),
            origins: super::origins::LiveOrigins::default(),
            lease_ms: i64::try_from(config.lease.as_millis()).unwrap_or(i64::MAX),
        })
    }
}

/// Makes the pool replace each connection that is spoiled or that the driver believes to be in a transaction: a
/// transaction begun on it would be a savepoint in another one.
pub(super) fn use_sound_connections(options: &mut ConnectOptions) -> Arc<Retirement> {
    let retirement = Arc::new(Retirement::default());
    let is_sound = |in_transaction: bool, meta: PoolConnectionMetadata, retirement: &Retirement| {
        Box::pin(ready(Ok(!in_transaction && !retirement.covers(meta.age))))
    };
    let known = Arc::clone(&retirement);
    options.map_sqlx_sqlite_before_acquire(move |connection, meta| {
        is_sound(connection.is_in_transaction(), meta, &known)
    });
    let known = Arc::clone(&retirement);
    options.map_sqlx_postgres_before_acquire(move |connection, meta| {
        is_sound(connection.is_in_transaction(), meta, &known)
    });
    retirement
}
