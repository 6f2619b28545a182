//! What can go wrong below the API, and what it means.

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

use crate::secret::SecretError;

#[derive(Debug, Error)]
pub enum Error {
    /// The ledger could not be read or written; nothing is sent without it.
    #[error("the ledger failed")]
    Ledger(#[source] DbErr),
    #[error("the database is not trusted: its certificate is refused, or it has none")]
    Untrusted(#[source] DbErr),
    #[error(transparent)]
    Secret(#[from] SecretError),
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
            Self::Untrusted(_)
            | Self::Secret(_)
            | Self::Mailbox(_)
            | Self::Overdue
            | Self::QueueAway => true,
            Self::Corrupt { .. } => false,
        }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if is_untrusted(&error) {
            Self::Untrusted(error)
        } else {
            Self::Ledger(error)
        }
    }
}

/// SQLSTATE classes and codes of a server that does not serve now, and may again: connection, authorization, no
/// such database, resources, operator intervention, serialization failure and deadlock
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const PASSING_POSTGRES: [&str; 7] = ["08", "28", "3D", "53", "57", "40001", "40P01"];
/// `SQLITE_BUSY` and `SQLITE_LOCKED`; extended codes carry them in their low byte.
const PASSING_SQLITE: [u32; 2] = [5, 6];

/// `invalid_authorization_specification` and `invalid_password`.
const REFUSED_LOGIN: [&str; 2] = ["28000", "28P01"];
/// How rustls begins to say what is wrong with a certificate; sqlx hands it on as a failure of the connection.
const CERTIFICATE: &str = "invalid peer certificate";

fn of_driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Whether the connection was refused for its user name or password.
pub fn is_refused_login(error: &DbErr) -> bool {
    let code = match of_driver(error) {
        Some(sqlx::Error::Database(error)) => error.code(),
        _ => None,
    };
    code.is_some_and(|code| REFUSED_LOGIN.contains(&code.as_ref()))
}

fn is_untrusted(error: &DbErr) -> bool {
    match of_driver(error) {
        Some(sqlx::Error::Tls(_)) => true,
        Some(sqlx::Error::Io(error)) => error.to_string().starts_with(CERTIFICATE),
        _ => false,
    }
}

pub fn is_transient(error: &DbErr) -> bool {
    use sqlx::Error as Sqlx;
    let Some(driver) = of_driver(error) else {
        return matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_));
    };
    match driver {
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
        | Sqlx::Tls(_)
        | Sqlx::PoolTimedOut
        | Sqlx::PoolClosed
        | Sqlx::WorkerCrashed
        | Sqlx::Protocol(_) => true,
        _ => false,
    }
}
