//! Connections that are kept for the next mail.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::{Noop, Rset},
};
use tokio::time::{Instant, timeout};

/// A connection that has been idle for longer is checked before it is used.
const FRESH: Duration = Duration::from_secs(3);
/// A connection that has been idle for longer is dropped: servers close it after some minutes (RFC 5321, 4.5.3.2.7).
const OLDEST: Duration = Duration::from_mins(1);
/// The time limit of the check: after it, opening another connection is faster than waiting.
const ANSWER: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Clean,
    /// A refusal has left an unfinished mail transaction.
    InTransaction,
}

pub struct IdleConnections {
    most: usize,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
    state: State,
}

impl IdleConnections {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            idle: Mutex::default(),
        }
    }

    pub fn put(&self, connection: AsyncSmtpConnection, state: State) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < OLDEST);
        if idle.len() < self.most {
            idle.push(Idle {
                connection,
                since: Instant::now(),
                state,
            });
        }
    }

    /// Returns the connection that was used last, if it can take another mail.
    pub async fn take(&self) -> Option<AsyncSmtpConnection> {
        while let Some(mut idle) = self.pop() {
            if idle.is_fit().await {
                return Some(idle.connection);
            }
        }
        None
    }

    fn pop(&self) -> Option<Idle> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }
}

impl Idle {
    async fn is_fit(&mut self) -> bool {
        let age = self.since.elapsed();
        let answer = match self.state {
            _ if age > OLDEST => return false,
            State::InTransaction => timeout(ANSWER, self.connection.command(Rset)).await,
            State::Clean if age > FRESH => timeout(ANSWER, self.connection.command(Noop)).await,
            State::Clean => return true,
        };
        matches!(answer, Ok(Ok(_)))
    }
}
