//! A database of its own for each test, and a second connection to inspect and change it.

use std::{
    env,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use mail::{
    config::{Config, DatabaseSource, LogFormat, Transport},
    ledger::Ledger,
};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use url::Url;
use uuid::Uuid;

/// Long enough that no lease ends unless a test ends it.
pub const LEASE: Duration = Duration::from_mins(10);

pub struct TestLedger {
    pub ledger: Ledger,
    pub db: DatabaseConnection,
    pub config: Config,
}

impl TestLedger {
    async fn open(database: DatabaseSource, url: String) -> Self {
        let config = config(database);
        let ledger = Ledger::open(&config, &Arc::default()).await.unwrap();
        ledger.try_write().await.unwrap();
        let db = connect(url).await;
        Self { ledger, db, config }
    }

    /// Opens the ledger as another process would.
    pub async fn another(&self) -> Ledger {
        Ledger::open(&self.config, &Arc::default()).await.unwrap()
    }

    /// Opens the ledger as a process with a result queue would.
    pub async fn publishing(&self) -> Ledger {
        let queue = Url::parse("https://sqs.example.com/1/results").unwrap();
        let config = Config {
            result_queue_url: Some(queue),
            ..self.config.clone()
        };
        Ledger::open(&config, &Arc::default()).await.unwrap()
    }

    /// Executes a statement, and returns the number of rows that it changed.
    pub async fn sql(&self, statement: &str) -> u64 {
        let done = self.db.execute_unprepared(statement).await.unwrap();
        done.rows_affected()
    }

    /// Returns the number that a query selects.
    pub async fn number(&self, query: &str) -> i64 {
        let statement = Statement::from_string(self.db.get_database_backend(), query);
        let row = self.db.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }
}

/// An instant far enough in the future for everything to be done.
pub fn in_time() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

pub fn config(database: DatabaseSource) -> Config {
    Config {
        database,
        migrates: true,
        role_secret: None,
        transport: Transport::Mailbox("unused".into()),
        public_url: None,
        host: [127, 0, 0, 1].into(),
        port: 0,
        max_send_rate: None,
        queue_url: None,
        event_queue_url: None,
        webhook_queues: None,
        webhook_reach: None,
        result_queue_url: None,
        result_statuses: mail::result_statuses::ResultStatuses::default(),
        admin: None,
        hash_secret: mail::hash_secret::HashSecretSource::Ledger,
        retention: Duration::from_hours(30 * 24),
        keep: Duration::from_hours(400 * 24),
        keep_events: Duration::from_hours(30 * 24),
        lease: LEASE,
        sweep_every: Duration::from_mins(1),
        max_attempts: 8,
        log_format: LogFormat::Pretty,
        log_filter: "off".to_owned(),
        is_function: false,
    }
}

/// Returns the configuration of an instance of a function, which has one connection.
pub fn of_a_function(database: DatabaseSource) -> Config {
    Config {
        is_function: true,
        ..config(database)
    }
}

async fn connect(url: String) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(2);
    Database::connect(options).await.unwrap()
}

pub async fn on_sqlite(test: impl AsyncFnOnce(&TestLedger)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mmms.db");
    let url = format!("sqlite://{}", path.display());
    let ledger = TestLedger::open(DatabaseSource::Sqlite(path), url).await;
    test(&ledger).await;
}

pub async fn on_postgres(test: impl AsyncFnOnce(&TestLedger)) {
    with_postgres(async |url: Url| {
        let ledger = TestLedger::open(DatabaseSource::Postgres(url.clone()), url.into()).await;
        test(&ledger).await;
    })
    .await;
}

/// Runs the test with an empty database, which is dropped regardless of the result.
pub async fn with_postgres(test: impl AsyncFnOnce(Url)) {
    let Ok(admin) = env::var("TEST_DATABASE_URL") else {
        panic!("TEST_DATABASE_URL is not set: `make test` starts PostgreSQL and sets it");
    };
    let name = format!("ledger_{}", Uuid::now_v7().simple());
    let mut url = Url::parse(&admin).unwrap();
    url.set_path(&name);
    let server = connect(admin).await;
    assert_eq!(server.get_database_backend(), DbBackend::Postgres);
    let create = format!("CREATE DATABASE {name}");
    server.execute_unprepared(&create).await.unwrap();
    let outcome = AssertUnwindSafe(Box::pin(test(url))).catch_unwind().await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    server.execute_unprepared(&drop).await.unwrap();
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}
