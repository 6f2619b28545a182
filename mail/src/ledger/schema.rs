//! The schema: brought up to date by a process that may migrate, and only checked by every other process.

use migration::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectionTrait, DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::{connection::Connection, dialect::lock_schema};
use crate::error::{Error, Result, is_missing_table};

/// Migrates the schema if it is behind, one instance at a time; otherwise it costs one cheap query. A schema that is
/// ahead, because a newer version has migrated it, stays as it is.
pub(super) async fn bring_up_to_date(db: &Connection) -> Result<()> {
    if is_current(db).await? {
        return Ok(());
    }
    let own = db.for_migrations();
    let transaction = own
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        })
        .await?;
    lock_schema(&transaction).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await?;
    own.close().await?;
    tracing::info!("the schema of the ledger is up to date");
    Ok(())
}

/// Fails if the schema is behind, for a process that must not migrate: its database login may not have the right to.
pub(super) async fn expect_current(db: &Connection) -> Result<()> {
    if is_current(db).await? {
        Ok(())
    } else {
        Err(Error::Outdated)
    }
}

/// Returns whether the newest migration that this version knows has run, regardless of any others.
async fn is_current(db: &Connection) -> Result<bool, DbErr> {
    let Some(newest) = Migrator::migrations()
        .last()
        .map(|step| step.name().to_owned())
    else {
        return Ok(true);
    };
    let backend = db.get_database_backend();
    let look = Statement::from_sql_and_values(
        backend,
        "SELECT version FROM seaql_migrations WHERE version = $1",
        [newest.into()],
    );
    match db.query_one_raw(look).await {
        Ok(found) => Ok(found.is_some()),
        // The table itself is created by the first migration.
        Err(error) if is_missing_table(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
