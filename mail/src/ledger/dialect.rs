//! Differences between `PostgreSQL` and `SQLite`: clocks, random ids, and the lock of the schema.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, ExprTrait, Statement,
    sea_query::{Expr, Query, SimpleExpr},
};

use super::Ledger;
use crate::{error::Result, timestamp::milliseconds};

/// The clocks in milliseconds since the Unix epoch.
pub(super) const POSTGRES_NOW: &str =
    "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)";
/// The clock at the start of the statement.
const POSTGRES_STATEMENT_NOW: &str =
    "CAST(FLOOR(EXTRACT(EPOCH FROM statement_timestamp()) * 1000) AS BIGINT)";
pub(super) const SQLITE_NOW: &str = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
/// The key of the advisory lock of the migrations: "mmms" in ASCII.
const MIGRATION_LOCK: i64 = 0x6d6d_6d73;

impl Ledger {
    /// Returns the database's time, in milliseconds since the Unix epoch.
    pub async fn clock(&self) -> Result<i64> {
        self.read_clock(self.db().await?).await
    }

    pub(super) async fn read_clock(&self, db: &impl ConnectionTrait) -> Result<i64> {
        let clock = Query::select().expr_as(self.now(), "now").to_owned();
        let row = db.query_one(&clock).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?;
        Ok(row.try_get("", "now")?)
    }

    /// Returns the time that was so long ago.
    pub(super) async fn ago(&self, span: Duration) -> Result<i64> {
        Ok(self.clock().await?.saturating_sub(milliseconds(span)))
    }

    /// The database's clock, in milliseconds since the Unix epoch.
    pub(super) fn now(&self) -> SimpleExpr {
        Expr::cust(now(self.db.get_database_backend()))
    }

    /// The database's clock, in microseconds since the Unix epoch. Like [`now`](Self::now), it is read when the
    /// expression is evaluated: after the statement has waited for a row.
    pub(super) fn microseconds(&self) -> SimpleExpr {
        self.either(
            "CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000) AS BIGINT)",
            "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
        )
    }

    /// Returns the condition that a time has passed. The time is compared with the start of the statement, which
    /// `PostgreSQL` can look up in an index; the clock, which moves on during the statement, would have to be compared
    /// with each row.
    pub(super) fn is_over(&self, time: impl ColumnTrait) -> SimpleExpr {
        Expr::col(time).lte(Expr::cust(statement_now(self.db.get_database_backend())))
    }

    /// A random UUID, a different one for each row.
    pub(super) fn random_uuid(&self) -> SimpleExpr {
        self.either("gen_random_uuid()", "randomblob(16)")
    }

    fn either(&self, postgres: &'static str, sqlite: &'static str) -> SimpleExpr {
        Expr::cust(either(self.db.get_database_backend(), postgres, sqlite))
    }
}

/// The database's clock as SQL.
pub(super) fn now(backend: DbBackend) -> &'static str {
    either(backend, POSTGRES_NOW, SQLITE_NOW)
}

/// The database's clock at the start of the statement as SQL: `PostgreSQL` can look that time up in an index.
pub(super) fn statement_now(backend: DbBackend) -> &'static str {
    either(backend, POSTGRES_STATEMENT_NOW, SQLITE_NOW)
}

pub(super) fn either<'a>(backend: DbBackend, postgres: &'a str, sqlite: &'a str) -> &'a str {
    if backend == DbBackend::Postgres {
        postgres
    } else {
        sqlite
    }
}

/// Takes the lock of the schema, so that processes that change the schema, or the rights to it, do so one after the
/// other: on `PostgreSQL` an advisory lock that the transaction holds; `SQLite` has one writer anyway.
pub(super) async fn lock_schema(transaction: &impl ConnectionTrait) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let lock = Statement::from_sql_and_values(
            DbBackend::Postgres,
            "SELECT pg_advisory_xact_lock($1)",
            [MIGRATION_LOCK.into()],
        );
        transaction.execute_raw(lock).await?;
    }
    Ok(())
}
