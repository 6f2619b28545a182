//! What can go wrong below the API, and what it means.

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum Error {
    /// The ledger could not be read or written; nothing is sent without it.
    #[error("the ledger failed")]
    Ledger(#[from] DbErr),
    #[error("the mailbox failed")]
    Mailbox(#[from] std::io::Error),
    /// The work is not done, and could not be left for later either.
    #[error("the queue does not answer")]
    QueueAway,
    /// It took longer than a caller waits; it may still come to pass.
    #[error("it took too long")]
    Overdue,
    /// A row holds what this version cannot read.
    #[error("the ledger holds an unreadable {what}")]
    Corrupt {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the same call may succeed when it is repeated.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Ledger(error) => is_transient(error),
            Self::Mailbox(_) | Self::Overdue | Self::QueueAway => true,
            Self::Corrupt { .. } => false,
        }
    }
}

/// SQLSTATE classes and codes of a server that does not serve now, and may again: connection, authorization, no
/// such database, resources, operator intervention, serialization failure and deadlock
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const PASSING_POSTGRES: [&str; 7] = ["08", "28", "3D", "53", "57", "40001", "40P01"];
/// `SQLITE_BUSY` and `SQLITE_LOCKED`; extended codes carry them in their low byte.
const PASSING_SQLITE: [u32; 2] = [5, 6];

pub fn is_transient(error: &DbErr) -> bool {
    use sqlx::Error as Sqlx;
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_));
    };
    match error.as_ref() {
        Sqlx::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .is_some()
            {
                PASSING_POSTGRES
                    .iter()
                    .any(|passing| code.starts_with(passing))
            } else {
                code.parse::<u32>()
                    .is_ok_and(|code| PASSING_SQLITE.contains(&(code & 0xff)))
            }
        }
        Sqlx::Io(_)
        | Sqlx::PoolTimedOut
        | Sqlx::PoolClosed
        | Sqlx::WorkerCrashed
        | Sqlx::Protocol(_) => true,
        _ => false,
    }
}
