//! A transaction of the ledger. After an error that spoils its connection it executes no further statement: `SQLite`
//! may have ended the transaction, and each further statement would be committed by itself.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};
use tokio::sync::Mutex;

use super::{
    pool::Lease,
    retirement::Retirement,
    session::Session,
    writer::{Turn, is_over},
};
use crate::error::spoils_connection;

#[derive(Debug)]
pub struct Transaction {
    /// `None` after an error that spoils the connection.
    inner: Mutex<Option<Inner>>,
    backend: DbBackend,
    retirement: Arc<Retirement>,
}

#[derive(Debug)]
enum Inner {
    Postgres(Lease),
    Sqlite(Turn),
}

impl Inner {
    async fn run<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut Session) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        match self {
            Self::Postgres(lease) => lease.run(statement).await,
            Self::Sqlite(turn) => turn.run(statement).await,
        }
    }
}

impl Transaction {
    /// Takes a session on which a transaction has begun.
    pub fn on_postgres(lease: Lease, retirement: Arc<Retirement>) -> Self {
        Self {
            inner: Mutex::new(Some(Inner::Postgres(lease))),
            backend: DbBackend::Postgres,
            retirement,
        }
    }

    pub fn on_sqlite(turn: Turn, retirement: Arc<Retirement>) -> Self {
        Self {
            inner: Mutex::new(Some(Inner::Sqlite(turn))),
            backend: DbBackend::Sqlite,
            retirement,
        }
    }

    pub async fn commit(mut self) -> Result<(), DbErr> {
        let ended = match self.inner.get_mut().take() {
            Some(Inner::Postgres(lease)) => end_on_postgres(lease, "COMMIT").await,
            Some(Inner::Sqlite(turn)) => turn.commit().await,
            None => Err(is_over()),
        };
        ended.inspect_err(|error| self.retirement.note(error))
    }

    pub async fn rollback(mut self) -> Result<(), DbErr> {
        let ended = match self.inner.get_mut().take() {
            Some(Inner::Postgres(lease)) => end_on_postgres(lease, "ROLLBACK").await,
            Some(Inner::Sqlite(turn)) => turn.roll_back().await,
            None => Err(is_over()),
        };
        ended.inspect_err(|error| self.retirement.note(error))
    }

    async fn run<T>(
        &self,
        statement: impl AsyncFnOnce(&mut Session) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let mut inner = self.inner.lock().await;
        let done = inner.as_mut().ok_or_else(is_over)?.run(statement).await;
        if let Err(error) = &done {
            self.retirement.note(error);
            if spoils_connection(error)
                && let Some(Inner::Postgres(lease)) = inner.take()
            {
                lease.discard();
            }
        }
        done
    }
}

impl Drop for Transaction {
    /// A transaction on `SQLite` is rolled back by its turn.
    fn drop(&mut self) {
        if let Some(Inner::Postgres(lease)) = self.inner.get_mut().take() {
            tokio::spawn(end_on_postgres(lease, "ROLLBACK"));
        }
    }
}

async fn end_on_postgres(mut lease: Lease, sql: &'static str) -> Result<(), DbErr> {
    let ended = lease
        .run(async |session| session.execute_unprepared(sql).await)
        .await;
    if let Err(error) = ended {
        lease.discard();
        return Err(error);
    }
    Ok(())
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(async |session| session.execute(statement).await)
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(async |session| session.execute_unprepared(sql).await)
            .await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(async |session| session.query_one(statement).await)
            .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(async |session| session.query_all(statement).await)
            .await
    }
}
