//! The errors below the API.

use std::io;

use sea_orm::{DbErr, RuntimeErr};
use thiserror::Error;

use crate::{aws::secret::SecretError, ledger::RoleError};

#[derive(Debug, Error)]
pub enum Error {
    /// The ledger could not be read or written; without it nothing is sent.
    #[error("the ledger failed")]
    Ledger(#[source] DbErr),
    #[error("the database is not trusted: its certificate is refused, or it has none")]
    Untrusted(#[source] DbErr),
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// This process must not migrate the schema, and it has not been migrated yet.
    #[error(
        "the schema of the database is older than this version of MMMS: its migrations have not run"
    )]
    Outdated,
    /// The service's role of the database does not meet its requirements.
    #[error(transparent)]
    Role(#[from] RoleError),
    #[error("the mailbox failed")]
    Mailbox(#[from] io::Error),
    /// The work is not done, and no wake-up for it could be enqueued.
    #[error("the queue does not answer")]
    QueueAway,
    /// The secret is missing or another one than the database was used with: its hashes would match nothing.
    #[error("HASH_SECRET is not the secret that this database was used with")]
    HashSecret,
    /// The mail was accepted by a process with the public URL, and this one has none.
    #[error("the mails need links to unsubscribe, and PUBLIC_URL is not set")]
    NoPublicUrl,
    /// A message in the queue of events is no event.
    #[error("a message in the queue of events cannot be read")]
    UnreadableEvent(#[source] crate::mail_event::Unreadable),
    /// A message in the queue of outcomes is none.
    #[error("a message in the queue of outcomes cannot be read")]
    UnreadableOutcome,
    /// The TLS library accepts none of its own settings.
    #[error("webhooks cannot be posted to")]
    Poster(#[source] tokio_rustls::rustls::Error),
    /// The operation took longer than a caller waits; it may still be completed.
    #[error("it took too long")]
    Overdue,
    /// A row contains data that this version cannot read.
    #[error("the ledger holds an unreadable {what}")]
    Corrupt {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns whether the same call may succeed when it is repeated.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Ledger(error) => is_transient(error),
            Self::Untrusted(_)
            | Self::Secret(_)
            | Self::Outdated
            | Self::Mailbox(_)
            | Self::Overdue
            | Self::NoPublicUrl
            | Self::QueueAway => true,
            Self::Role(_)
            | Self::HashSecret
            | Self::Poster(_)
            | Self::Corrupt { .. }
            | Self::UnreadableEvent(_)
            | Self::UnreadableOutcome => false,
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

/// SQLSTATE classes and codes of errors that may pass: connection, authorization, missing database, resources, operator
/// intervention, system errors, a read-only transaction, a transaction that has already failed, serialization failure,
/// deadlock, and a lock that is not available (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const PASSING_POSTGRES: [&str; 11] = [
    "08", "28", "3D", "53", "57", "58", "25006", "25P02", "40001", "40P01", "55P03",
];
/// Those of the codes after which the session itself is of no further use.
const SPOILING_POSTGRES: [&str; 7] = ["08", "58", "25006", "57P01", "57P02", "57P03", "57P05"];
/// `SQLITE_BUSY`, `SQLITE_LOCKED` and `SQLITE_PROTOCOL`: another connection has the lock. Extended codes carry these in
/// their low byte (<https://sqlite.org/rescode.html>).
const BUSY_SQLITE: [u32; 3] = [5, 6, 15];
/// `SQLITE_NOMEM`, `SQLITE_READONLY`, `SQLITE_INTERRUPT`, `SQLITE_IOERR`, `SQLITE_FULL` and `SQLITE_CANTOPEN`: faults
/// of the machine, which may pass. After some of them `SQLite` has ended the transaction by itself.
const SPOILING_SQLITE: [u32; 6] = [7, 8, 9, 10, 13, 14];

/// `invalid_authorization_specification` and `invalid_password`.
const REFUSED_LOGIN: [&str; 2] = ["28000", "28P01"];
/// The beginning of rustls's messages about certificates, which sqlx reports as a failure of the connection.
const CERTIFICATE: &str = "invalid peer certificate";

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other error has no error of the driver in it"
)]
pub fn of_driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Returns whether the connection was refused because of its user name or password.
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

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an error of a later driver is none that passes, until it is listed"
)]
pub fn is_transient(error: &DbErr) -> bool {
    use sqlx::Error as Sqlx;
    let Some(driver) = of_driver(error) else {
        return matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_));
    };
    match driver {
        Sqlx::Database(error) => {
            has_code(error.as_ref(), &PASSING_POSTGRES, &BUSY_SQLITE)
                || has_code(error.as_ref(), &[], &SPOILING_SQLITE)
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

/// Returns whether a statement named a missing table: `undefined_table`, or the message of `SQLite`, which has no code
/// for it.
pub fn is_missing_table(error: &DbErr) -> bool {
    match of_driver(error) {
        Some(sqlx::Error::Database(error)) => {
            error.code().is_some_and(|code| code == "42P01")
                || error.message().starts_with("no such table")
        }
        _ => false,
    }
}

/// Returns whether the connection must not be used again.
pub fn spoils_connection(error: &DbErr) -> bool {
    match of_driver(error) {
        Some(sqlx::Error::Database(error)) => {
            has_code(error.as_ref(), &SPOILING_POSTGRES, &SPOILING_SQLITE)
        }
        Some(sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed) => true,
        _ => false,
    }
}

/// Returns whether a connection that could not be opened may be opened in a moment: the server is starting or has no
/// free connection, or another process has the lock of the `SQLite` file.
pub fn may_connect_soon(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return error.kind() == io::ErrorKind::ConnectionRefused;
    }
    error.as_database_error().is_some_and(|error| {
        error.is_transient_in_connect_phase() || has_code(error, &[], &BUSY_SQLITE)
    })
}

fn has_code(error: &dyn sqlx::error::DatabaseError, postgres: &[&str], sqlite: &[u32]) -> bool {
    let code = error.code().unwrap_or_default();
    if error
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some()
    {
        postgres.iter().any(|known| code.starts_with(known))
    } else {
        code.parse::<u32>()
            .is_ok_and(|code| sqlite.contains(&(code & 0xff)))
    }
}
