//! An open connection, which is counted until it is dropped.

use std::{
    ops::{Deref, DerefMut},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use lettre::transport::smtp::client::AsyncSmtpConnection;

/// The number of open connections.
#[derive(Clone, Debug, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn one_more(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

#[derive(Debug)]
struct Counted(Count);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub struct Open {
    connection: AsyncSmtpConnection,
    /// Whether the server takes several commands in one write (RFC 2920).
    pub pipelining: bool,
    _counted: Counted,
}

impl Open {
    pub fn new(connection: AsyncSmtpConnection, pipelining: bool, count: &Count) -> Self {
        Self {
            connection,
            pipelining,
            _counted: count.one_more(),
        }
    }
}

impl Deref for Open {
    type Target = AsyncSmtpConnection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Open {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}
