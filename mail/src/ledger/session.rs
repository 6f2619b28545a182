//! One connection to a database, which executes one statement after the other.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement, sea_query::Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor,
    postgres::{PgConnectOptions, PgConnection},
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use crate::error::may_connect_soon;

/// The options that sessions are opened with.
#[derive(Clone, Debug)]
pub enum Options {
    Postgres(Box<PgConnectOptions>),
    Sqlite(Box<SqliteConnectOptions>),
}

#[derive(Debug)]
pub enum Session {
    Postgres(Box<PgConnection>),
    Sqlite(Box<SqliteConnection>),
}

impl Session {
    /// Opens a session, and tries again as long as the database may accept one soon.
    pub async fn open(options: &Options) -> sqlx::Result<Self> {
        let open = || async {
            Ok(match options {
                Options::Postgres(options) => Self::Postgres(Box::new(options.connect().await?)),
                Options::Sqlite(options) => Self::Sqlite(Box::new(options.connect().await?)),
            })
        };
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(500))
            .without_max_times();
        open.retry(backoff).when(may_connect_soon).await
    }

    pub async fn execute(&mut self, statement: Statement) -> Result<ExecResult, DbErr> {
        if statement.values.is_none() {
            return self.execute_unprepared(&statement.sql).await;
        }
        let (sql, values) = parts(&statement.sql, statement.values);
        match self {
            Self::Postgres(session) => {
                let done = sqlx::query_with(sql, values).execute(&mut **session).await;
                done.map(ExecResult::from)
            }
            Self::Sqlite(session) => {
                let done = sqlx::query_with(sql, values).execute(&mut **session).await;
                done.map(ExecResult::from)
            }
        }
        .map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }

    pub async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let (sql, values) = parts(&statement.sql, statement.values);
        match self {
            Self::Postgres(session) => {
                let rows = sqlx::query_with(sql, values).fetch_all(&mut **session);
                rows.await.map(results)
            }
            Self::Sqlite(session) => {
                let rows = sqlx::query_with(sql, values).fetch_all(&mut **session);
                rows.await.map(results)
            }
        }
        .map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }

    pub async fn query_one(&mut self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all(statement).await?.into_iter().next())
    }

    /// Executes one or more statements that have no values.
    pub async fn execute_unprepared(&mut self, sql: &str) -> Result<ExecResult, DbErr> {
        tracing::trace!(target: "mail::statement", sql);
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Postgres(session) => session.execute(sql).await.map(ExecResult::from),
            Self::Sqlite(session) => session.execute(sql).await.map(ExecResult::from),
        }
        .map_err(|error| DbErr::Exec(RuntimeErr::SqlxError(error.into())))
    }

    pub async fn ping(&mut self) -> sqlx::Result<()> {
        match self {
            Self::Postgres(session) => session.ping().await,
            Self::Sqlite(session) => session.ping().await,
        }
    }

    /// Closes the connection, and says goodbye to the server.
    pub async fn close(self) {
        let closed = match self {
            Self::Postgres(session) => session.close().await,
            Self::Sqlite(session) => session.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "a connection to the database was closed by the other side");
        }
    }
}

fn parts(sql: &str, values: Option<Values>) -> (AssertSqlSafe<&str>, SqlxValues) {
    // Without values, which are of people.
    tracing::trace!(target: "mail::statement", sql);
    let values = values.unwrap_or_else(|| Values(Vec::new()));
    (AssertSqlSafe(sql), SqlxValues(values))
}

fn results<R: Into<QueryResult>>(rows: Vec<R>) -> Vec<QueryResult> {
    rows.into_iter().map(Into::into).collect()
}
