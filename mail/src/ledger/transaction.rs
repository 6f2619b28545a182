//! A transaction of the ledger. After an error that spoils its connection it executes no further statement: `SQLite`
//! may have ended the transaction, and each further statement would be committed by itself.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, prelude::async_trait::async_trait,
};

use super::retirement::Retirement;
use crate::error::spoils_connection;

#[derive(Debug)]
pub struct Transaction {
    inner: DatabaseTransaction,
    retirement: Arc<Retirement>,
    over: AtomicBool,
}

impl Transaction {
    pub fn new(inner: DatabaseTransaction, retirement: Arc<Retirement>) -> Self {
        Self {
            inner,
            retirement,
            over: AtomicBool::new(false),
        }
    }

    /// Returns the inner transaction, for APIs that accept no other kind of connection.
    pub fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }

    pub async fn commit(self) -> Result<(), DbErr> {
        self.may_go_on()?;
        let committed = self.inner.commit().await;
        committed.inspect_err(|error| self.retirement.note(error))
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        let ended = self.inner.rollback().await;
        ended.inspect_err(|error| self.retirement.note(error))
    }

    fn may_go_on(&self) -> Result<(), DbErr> {
        if self.over.load(Ordering::Relaxed) {
            let over = "the transaction ended with an error before".to_owned();
            return Err(DbErr::Conn(RuntimeErr::Internal(over)));
        }
        Ok(())
    }

    async fn run<T>(&self, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.may_go_on()?;
        statement.await.inspect_err(|error| {
            self.retirement.note(error);
            if spoils_connection(error) {
                self.over.store(true, Ordering::Relaxed);
            }
        })
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(self.inner.query_all_raw(statement)).await
    }
}
