//! Sessions that are kept open between statements.
//!
//! The pool of the driver asks the server before each use of a connection and after it whether the connection still
//! works: two round trips for one. This pool asks only if its user cannot repeat the statement.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use deadpool::{
    Runtime,
    managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, Timeouts},
};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use tokio::time::timeout;

use super::{
    retirement::Retirement,
    session::{Options, Session},
};

/// The time that a statement waits for a session, or for a new one to be opened.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// A session that has not been used for longer is asked whether it still works: a firewall or a proxy may have forgotten
/// it without a word, and a statement would wait for its answer.
const FRESH: Duration = Duration::from_mins(1);
/// A session that has not been used for longer is replaced.
const OLDEST_IDLE: Duration = Duration::from_mins(10);
/// A session is replaced after this time, so that what a server keeps for it does not grow without end.
const OLDEST: Duration = Duration::from_mins(30);

#[derive(Debug)]
pub struct Sessions {
    options: Mutex<Options>,
    retirement: Arc<Retirement>,
}

/// A session that was taken from the pool. It goes back when it is dropped, unless it was in use at that moment.
#[derive(Debug)]
pub struct Lease {
    object: Option<Object<Sessions>>,
    /// Set while a statement is under way.
    busy: bool,
}

#[derive(Clone, Debug)]
pub struct Pool(managed::Pool<Sessions>);

impl managed::Manager for Sessions {
    type Type = Session;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Session> {
        let options = self.options().clone();
        Session::open(&options).await
    }

    async fn recycle(
        &self,
        session: &mut Session,
        metrics: &Metrics,
    ) -> managed::RecycleResult<sqlx::Error> {
        let unused = metrics.last_used();
        if self.retirement.covers(metrics.age()) || unused > OLDEST_IDLE || metrics.age() > OLDEST {
            return Err(RecycleError::message("too old"));
        }
        if unused > FRESH {
            session.ping().await?;
        }
        Ok(())
    }
}

impl Sessions {
    fn options(&self) -> MutexGuard<'_, Options> {
        self.options.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    pub fn new(options: Options, most: usize, retirement: Arc<Retirement>) -> Self {
        let sessions = Sessions {
            options: Mutex::new(options),
            retirement,
        };
        let patience = Some(PATIENCE);
        let pool = managed::Pool::builder(sessions)
            .max_size(most)
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: patience,
                create: patience,
                recycle: patience,
            });
        Self(pool.build().expect("time-outs have a runtime"))
    }

    pub fn options(&self) -> Options {
        self.0.manager().options().clone()
    }

    /// Sets the options of new sessions.
    pub fn set_options(&self, options: Options) {
        *self.0.manager().options() = options;
    }

    /// Takes a session that may have been cut since it was last used.
    pub async fn take(&self) -> Result<Lease, DbErr> {
        Ok(Lease {
            object: Some(self.0.get().await.map_err(not_acquired)?),
            busy: false,
        })
    }

    /// Takes a session that works.
    pub async fn take_checked(&self) -> Result<Lease, DbErr> {
        loop {
            let mut lease = self.take().await?;
            if !lease.was_used() || lease.run(Session::ping).await.is_ok() {
                return Ok(lease);
            }
            lease.discard();
        }
    }
}

impl Lease {
    /// Returns whether the session was used before it was taken.
    pub fn was_used(&self) -> bool {
        self.object
            .as_ref()
            .is_some_and(|object| Object::metrics(object).recycle_count > 0)
    }

    /// Runs a statement on the session.
    pub async fn run<T, E>(
        &mut self,
        statement: impl AsyncFnOnce(&mut Session) -> Result<T, E>,
    ) -> Result<T, E> {
        let session = self.object.as_mut().expect("it was not discarded");
        self.busy = true;
        let done = statement(session).await;
        self.busy = false;
        done
    }

    /// Closes the session instead of giving it back.
    pub fn discard(mut self) {
        self.close();
    }

    fn close(&mut self) {
        if let Some(object) = self.object.take() {
            tokio::spawn(timeout(PATIENCE, Object::take(object).close()));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The answer of a statement whose caller has gone is still to come.
        if self.busy {
            self.close();
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others are no answers of the database"
)]
fn not_acquired(error: PoolError<sqlx::Error>) -> DbErr {
    match error {
        PoolError::Timeout(_) => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
        PoolError::Backend(error) => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
        other => DbErr::Conn(RuntimeErr::Internal(other.to_string())),
    }
}
