//! The way to the database. Where its password was changed, the statement that finds out goes on with the new one.

use std::sync::Arc;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
    prelude::async_trait::async_trait,
};

use super::{login::LoginSecret, retirement::Retirement, transaction::Transaction};
use crate::aws::secret::SecretError;

#[derive(Debug)]
pub struct Connection {
    db: DatabaseConnection,
    /// Of a database whose password is in a secret.
    login: Option<LoginSecret>,
    /// The pool asks it before it hands a connection out.
    retirement: Arc<Retirement>,
}

impl Connection {
    pub fn new(
        db: DatabaseConnection,
        login: Option<LoginSecret>,
        retirement: Arc<Retirement>,
    ) -> Self {
        Self {
            db,
            login,
            retirement,
        }
    }

    /// Has to come before everything else; nothing else reads the secret for the first time.
    pub async fn prepare(&self) -> Result<(), SecretError> {
        match &self.login {
            Some(login) => login.prepare(self.db.get_postgres_connection_pool()).await,
            None => Ok(()),
        }
    }

    pub fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// Has the right to write from its start: an upgrade in the middle could fail on `SQLite`.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        let begun = self
            .logged_in(|| {
                self.db.begin_with_options(TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                })
            })
            .await?;
        Ok(Transaction::new(begun, Arc::clone(&self.retirement)))
    }

    /// Does it again where it was refused for a password that is no longer the one in the secret. Nothing was done
    /// then: only a new connection is asked for its password.
    async fn logged_in<T, F>(&self, work: impl Fn() -> F + Send) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>> + Send,
    {
        let done = self.again_with_new_password(work).await;
        done.inspect_err(|error| self.retirement.note(error))
    }

    async fn again_with_new_password<T, F>(&self, work: impl Fn() -> F + Send) -> Result<T, DbErr>
    where
        F: Future<Output = Result<T, DbErr>> + Send,
    {
        let Some(login) = &self.login else {
            return work().await;
        };
        let shown = login.shown();
        match (work().await, shown) {
            (Err(error), Some(shown)) => {
                let pool = self.db.get_postgres_connection_pool();
                if login.is_renewed(&shown, &error, pool).await {
                    work().await
                } else {
                    Err(error)
                }
            }
            (done, _) => done,
        }
    }
}

#[async_trait]
impl ConnectionTrait for Connection {
    fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.logged_in(|| self.db.execute_raw(statement.clone()))
            .await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.logged_in(|| self.db.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.logged_in(|| self.db.query_one_raw(statement.clone()))
            .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.logged_in(|| self.db.query_all_raw(statement.clone()))
            .await
    }
}
