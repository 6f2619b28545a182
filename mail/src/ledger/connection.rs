//! The connection to the database. If its password was changed, the statement that is refused is repeated with the new
//! password.

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
    /// Only set for a database whose password is in a secret.
    login: Option<LoginSecret>,
    /// Consulted by the pool before it hands out a connection.
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

    /// Reads the secret of the database if there is one. Must be called before anything else, because nothing else
    /// reads the secret for the first time.
    pub async fn prepare(&self) -> Result<(), SecretError> {
        match &self.login {
            Some(login) => login.prepare(self.db.get_postgres_connection_pool()).await,
            None => Ok(()),
        }
    }

    pub fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// Begins a transaction that has the write lock from its start: on `SQLite` a later upgrade could fail.
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

    /// Repeats `work` if it was refused because of a password that is no longer the one in the secret. Nothing was done
    /// in that case: only a new connection is asked for its password.
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
