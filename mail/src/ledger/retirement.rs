//! Connections that must not be used again.
//!
//! `SQLite` ends a transaction by itself on a full disk, on an input or output error and when memory runs out
//! (<https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>). The driver does not notice:
//! the next transaction would begin as a savepoint within one that never ends, and nothing would be committed any more.
//! A session of `PostgreSQL` that a failover has left read-only refuses each write for the rest of its life.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sea_orm::DbErr;

use crate::error::spoils_connection;

/// The time of the last error that spoils a connection. Older connections are replaced before they are used.
#[derive(Debug, Default)]
pub struct Retirement(Mutex<Option<Instant>>);

impl Retirement {
    /// Notes the error of a statement.
    pub fn note(&self, error: &DbErr) {
        if spoils_connection(error) {
            *self.since() = Some(Instant::now());
        }
    }

    /// Returns whether a connection of this age must not be used.
    pub fn covers(&self, age: Duration) -> bool {
        self.since().is_some_and(|since| since.elapsed() <= age)
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
