//! Connections that are kept for the next mail.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use lettre::transport::smtp::commands::{Noop, Rset};
use tokio::time::{Instant, sleep_until, timeout};

use super::open::Open;

/// A connection that has been idle for longer is checked before it is used.
const FRESH: Duration = Duration::from_secs(3);
/// A connection that has been idle for longer is closed: servers close it after some minutes (RFC 5321, 4.5.3.2.7).
pub const OLDEST: Duration = Duration::from_mins(1);
/// The time limit of the check: after it, opening another connection is faster than waiting.
const ANSWER: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Clean,
    /// A refusal has left an unfinished mail transaction.
    InTransaction,
}

pub struct IdleConnections {
    oldest: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The one that was used last is the last.
    idle: Vec<Idle>,
    /// Whether a task waits for the oldest one to be closed.
    closes: bool,
}

struct Idle {
    connection: Open,
    since: Instant,
    state: State,
}

impl IdleConnections {
    pub fn new(oldest: Duration) -> Arc<Self> {
        Arc::new(Self {
            oldest,
            kept: Mutex::default(),
        })
    }

    pub fn put(self: &Arc<Self>, connection: Open, state: State) {
        let mut kept = self.lock();
        kept.idle.push(Idle {
            connection,
            since: Instant::now(),
            state,
        });
        if !kept.closes {
            kept.closes = true;
            let first = Instant::now() + self.oldest;
            tokio::spawn(close_when_old(Arc::downgrade(self), first));
        }
    }

    /// Returns the connection that was used last, if it can take another mail.
    pub async fn take(&self) -> Option<Open> {
        while let Some(mut idle) = self.pop() {
            if idle.is_fit(self.oldest).await {
                return Some(idle.connection);
            }
        }
        None
    }

    fn pop(&self) -> Option<Idle> {
        self.lock().idle.pop()
    }

    /// Removes the connections that have been idle for too long, and returns them with the time at which the next one
    /// will have been.
    fn take_old(&self) -> (Vec<Idle>, Option<Instant>) {
        let mut kept = self.lock();
        let now = Instant::now();
        let old = kept
            .idle
            .iter()
            .take_while(|idle| idle.since + self.oldest <= now)
            .count();
        let old = kept.idle.drain(..old).collect();
        let next = kept.idle.first().map(|idle| idle.since + self.oldest);
        kept.closes = next.is_some();
        (old, next)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes connections as they get old, until none is kept.
async fn close_when_old(idle: Weak<IdleConnections>, first: Instant) {
    let mut next = Some(first);
    while let Some(at) = next {
        sleep_until(at).await;
        let Some(idle) = idle.upgrade() else {
            return;
        };
        let (old, later) = idle.take_old();
        next = later;
        for idle in old {
            close(idle.connection);
        }
    }
}

/// Takes leave of the server, in the background.
pub fn close(mut connection: Open) {
    tokio::spawn(async move { timeout(ANSWER, connection.quit()).await });
}

impl Idle {
    async fn is_fit(&mut self, oldest: Duration) -> bool {
        let age = self.since.elapsed();
        let answer = match self.state {
            _ if age > oldest => return false,
            State::InTransaction => timeout(ANSWER, self.connection.command(Rset)).await,
            State::Clean if age > FRESH => timeout(ANSWER, self.connection.command(Noop)).await,
            State::Clean => return true,
        };
        matches!(answer, Ok(Ok(_)))
    }
}
