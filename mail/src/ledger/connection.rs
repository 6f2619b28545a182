//! The connection to the database: sessions of `PostgreSQL`, or the writer and the readers of a `SQLite` file.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    SqlxPostgresConnector, SqlxSqliteConnector, Statement, prelude::async_trait::async_trait,
};
use sqlx::pool::PoolOptions;

use super::{
    login::LoginSecret,
    pool::{Lease, Pool},
    retirement::Retirement,
    session::{Options, Session},
    transaction::Transaction,
    writer::Writer,
};
use crate::{aws::secret::SecretError, error::spoils_connection};

/// The number of sessions that read a `SQLite` file, beside the one that writes.
const SQLITE_READERS: usize = 2;

#[derive(Debug)]
pub struct Connection {
    /// On `SQLite` those that read.
    sessions: Pool,
    /// Only set on `SQLite`.
    writer: Option<Arc<Writer>>,
    /// Only set for a database whose password is in a secret.
    login: Option<LoginSecret>,
    retirement: Arc<Retirement>,
}

impl Connection {
    /// Opens no session yet.
    pub fn new(options: Options, most: usize, login: Option<LoginSecret>) -> Self {
        let retirement = Arc::<Retirement>::default();
        let (most, writer) = match &options {
            Options::Postgres(_) => (most, None),
            Options::Sqlite(_) => {
                let writer = Writer::new(options.clone(), Arc::clone(&retirement));
                (SQLITE_READERS, Some(writer))
            }
        };
        Self {
            sessions: Pool::new(options, most, Arc::clone(&retirement)),
            writer,
            login,
            retirement,
        }
    }

    /// Reads the secret of the database if there is one. Must be called before anything else, because nothing else
    /// reads the secret for the first time.
    pub async fn prepare(&self) -> Result<(), SecretError> {
        match &self.login {
            Some(login) => login.prepare(&self.sessions).await,
            None => Ok(()),
        }
    }

    pub fn get_database_backend(&self) -> DbBackend {
        match &self.writer {
            Some(_) => DbBackend::Sqlite,
            None => DbBackend::Postgres,
        }
    }

    /// Opens a `SQLite` file, so that a process that cannot does not start.
    pub async fn open_file(&self) -> Result<(), DbErr> {
        match &self.writer {
            Some(writer) => writer.run(async |_: &mut Session| Ok(())).await,
            None => Ok(()),
        }
    }

    /// Opens a connection of its own for the migrations, which accept no other kind. It must be closed.
    pub fn for_migrations(&self) -> DatabaseConnection {
        match self.sessions.options() {
            Options::Postgres(options) => {
                let pool = PoolOptions::new().max_connections(1);
                SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(*options))
            }
            Options::Sqlite(options) => {
                let pool = PoolOptions::new().max_connections(1);
                SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_lazy_with(*options))
            }
        }
    }

    /// Begins a transaction that has the write lock from its start: on `SQLite` a later upgrade could fail.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let retirement = Arc::clone(&self.retirement);
        if let Some(writer) = &self.writer {
            let turn = self.noted(writer.begin().await)?;
            return Ok(Transaction::on_sqlite(turn, retirement));
        }
        let mut lease = self.take(Check::No).await?;
        let begin = async |session: &mut Session| session.execute_unprepared("BEGIN").await;
        let first = self.noted(lease.run(begin).await);
        if let Err(error) = first {
            if !spoils_connection(&error) || !lease.was_used() {
                return Err(error);
            }
            // Nothing was done yet.
            lease.discard();
            lease = self.take(Check::Yes).await?;
            self.noted(lease.run(begin).await)?;
        }
        Ok(Transaction::on_postgres(lease, retirement))
    }

    /// Returns the database for statements that the caller repeats, or looks for what came of them, after an error of
    /// the connection: it is not asked before whether it still works, which would be one more round trip.
    pub fn repeatable(&self) -> Repeatable<'_> {
        Repeatable(self)
    }

    async fn take(&self, check: Check) -> Result<Lease, DbErr> {
        let take = async || match check {
            Check::Yes => self.sessions.take_checked().await,
            Check::No => self.sessions.take().await,
        };
        let shown = self.login.as_ref().and_then(LoginSecret::shown);
        let taken = match (take().await, &self.login, shown) {
            // Only a new session is asked for its password.
            (Err(error), Some(login), Some(shown)) => {
                if login.is_renewed(&shown, &error, &self.sessions).await {
                    take().await
                } else {
                    Err(error)
                }
            }
            (taken, _, _) => taken,
        };
        self.noted(taken)
    }

    async fn execute(&self, statement: Statement, check: Check) -> Result<ExecResult, DbErr> {
        let execute = async |session: &mut Session| session.execute(statement).await;
        self.noted(match &self.writer {
            Some(writer) => writer.run(execute).await,
            None => self.take(check).await?.run(execute).await,
        })
    }

    async fn query(&self, statement: Statement, check: Check) -> Result<Vec<QueryResult>, DbErr> {
        if reads_only(&statement.sql) {
            return self.read(statement).await;
        }
        let query = async |session: &mut Session| session.query_all(statement).await;
        self.noted(match &self.writer {
            Some(writer) => writer.run(query).await,
            None => self.take(check).await?.run(query).await,
        })
    }

    /// Reads again if the session was cut since it was last used.
    async fn read(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.take(Check::No).await?;
        if !lease.was_used() {
            let query = async |session: &mut Session| session.query_all(statement).await;
            return self.noted(lease.run(query).await);
        }
        let again = statement.clone();
        let query = async |session: &mut Session| session.query_all(statement).await;
        match self.noted(lease.run(query).await) {
            Err(error) if spoils_connection(&error) => {
                lease.discard();
                let query = async |session: &mut Session| session.query_all(again).await;
                self.noted(self.take(Check::Yes).await?.run(query).await)
            }
            read => read,
        }
    }

    fn noted<T>(&self, done: Result<T, DbErr>) -> Result<T, DbErr> {
        done.inspect_err(|error| self.retirement.note(error))
    }
}

/// Whether a session is asked before its use if it still works.
#[derive(Clone, Copy, Debug)]
enum Check {
    Yes,
    No,
}

fn reads_only(sql: &str) -> bool {
    sql.starts_with("SELECT") || sql.starts_with("EXPLAIN")
}

/// See [`Connection::repeatable`].
#[derive(Clone, Copy, Debug)]
pub struct Repeatable<'a>(&'a Connection);

macro_rules! connection_trait {
    ($type:ty, $check:expr, |$self:ident| $connection:expr) => {
        #[async_trait]
        impl ConnectionTrait for $type {
            fn get_database_backend(&$self) -> DbBackend {
                $connection.get_database_backend()
            }

            async fn execute_raw(&$self, statement: Statement) -> Result<ExecResult, DbErr> {
                $connection.execute(statement, $check).await
            }

            async fn execute_unprepared(&$self, sql: &str) -> Result<ExecResult, DbErr> {
                let statement = Statement::from_string($connection.get_database_backend(), sql);
                $connection.execute(statement, $check).await
            }

            async fn query_one_raw(
                &$self,
                statement: Statement,
            ) -> Result<Option<QueryResult>, DbErr> {
                let rows = $connection.query(statement, $check).await?;
                Ok(rows.into_iter().next())
            }

            async fn query_all_raw(&$self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                $connection.query(statement, $check).await
            }
        }
    };
}

connection_trait!(Connection, Check::Yes, |self| self);
connection_trait!(Repeatable<'_>, Check::No, |self| self.0);
