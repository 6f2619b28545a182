//! The one session that writes to a `SQLite` file: writers queue in order instead of racing for the file's lock.
//!
//! A commit waits for the disk. Writers that come meanwhile are committed together: each transaction is a savepoint in
//! the transaction of a group, and its writer gets its answer when the group is committed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::timeout,
};

use super::{
    pool::PATIENCE,
    retirement::Retirement,
    session::{Options, Session},
};
use crate::error::spoils_connection;

/// A group is committed at the latest after this time, or after the time that the last commit took.
const SHORTEST_GROUP: Duration = Duration::from_millis(2);

#[derive(Debug)]
pub struct Writer {
    options: Options,
    retirement: Arc<Retirement>,
    /// The number of writers that wait for their turn.
    waiting: AtomicUsize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<(Session, Instant)>,
    group: Option<Group>,
    last_commit: Duration,
}

/// A transaction of several writers.
#[derive(Debug)]
struct Group {
    since: Instant,
    /// The writers that wait for the commit.
    members: Vec<oneshot::Sender<Result<(), DbErr>>>,
}

/// The turn of one writer.
#[derive(Debug)]
pub struct Turn {
    writer: Arc<Writer>,
    /// Taken when the turn ends.
    state: Option<OwnedMutexGuard<State>>,
    /// Set if the turn is a savepoint, which is rolled back if the turn is dropped before its end.
    has_savepoint: bool,
}

/// The ends of a savepoint.
#[derive(Clone, Copy, Debug)]
enum End {
    Release,
    RollBack,
}

impl End {
    fn sql(self) -> &'static str {
        match self {
            Self::Release => "RELEASE member",
            Self::RollBack => "ROLLBACK TO member; RELEASE member",
        }
    }
}

impl Writer {
    pub fn new(options: Options, retirement: Arc<Retirement>) -> Arc<Self> {
        Arc::new(Self {
            options,
            retirement,
            waiting: AtomicUsize::new(0),
            state: Arc::default(),
        })
    }

    /// Waits for the turn, and begins a transaction.
    pub async fn begin(self: &Arc<Self>) -> Result<Turn, DbErr> {
        let mut turn = self.turn().await?;
        turn.begin().await?;
        Ok(turn)
    }

    /// Executes one statement as a transaction of its own.
    pub async fn run<T>(
        self: &Arc<Self>,
        statement: impl AsyncFnOnce(&mut Session) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let mut turn = self.turn().await?;
        if turn.state()?.group.is_none() && !self.is_awaited() {
            return turn.run(statement).await;
        }
        turn.begin().await?;
        let done = turn.run(statement).await?;
        turn.commit().await?;
        Ok(done)
    }

    async fn turn(self: &Arc<Self>) -> Result<Turn, DbErr> {
        let waiting = Waiting::new(self);
        let state = timeout(PATIENCE, Arc::clone(&self.state).lock_owned()).await;
        let state = state.map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?;
        waiting.end();
        let mut turn = Turn {
            writer: Arc::clone(self),
            state: Some(state),
            has_savepoint: false,
        };
        turn.open().await?;
        Ok(turn)
    }

    fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }
}

/// A writer that waits for its turn.
struct Waiting(Option<Arc<Writer>>);

impl Waiting {
    fn new(writer: &Arc<Writer>) -> Self {
        writer.waiting.fetch_add(1, Ordering::Relaxed);
        Self(Some(Arc::clone(writer)))
    }

    /// The turn has come, and its end commits the group.
    fn end(mut self) {
        if let Some(writer) = self.0.take() {
            writer.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Waiting {
    /// The writer has given up. The group may have been left open for it.
    fn drop(&mut self) {
        if let Some(writer) = self.0.take() {
            writer.waiting.fetch_sub(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut state = Arc::clone(&writer.state).lock_owned().await;
                if !writer.is_awaited() {
                    // An error is the answer to each member.
                    let _ = state.commit("").await;
                }
            });
        }
    }
}

impl Turn {
    /// Runs a statement. After an error that spoils the session nothing of the group is committed.
    pub async fn run<T>(
        &mut self,
        statement: impl AsyncFnOnce(&mut Session) -> Result<T, DbErr>,
    ) -> Result<T, DbErr> {
        let state = self.state()?;
        let (session, _) = state.session.as_mut().ok_or_else(is_over)?;
        let done = statement(session).await;
        if let Err(error) = &done
            && spoils_connection(error)
        {
            state.fail(error);
        }
        done
    }

    pub async fn commit(self) -> Result<(), DbErr> {
        self.end(End::Release).await
    }

    /// Rolls back, and waits for the group: what this transaction has read may be of another one.
    pub async fn roll_back(self) -> Result<(), DbErr> {
        self.end(End::RollBack).await
    }

    async fn end(mut self, end: End) -> Result<(), DbErr> {
        let ended = tokio::spawn(finish(
            Arc::clone(&self.writer),
            self.state.take().ok_or_else(is_over)?,
            end,
        ));
        // A commit that has begun goes on if its writer goes away.
        ended.await.map_err(|_| is_over())?
    }

    /// Opens the session, or another one in the place of a spoiled one.
    async fn open(&mut self) -> Result<(), DbErr> {
        let writer = Arc::clone(&self.writer);
        let state = self.state()?;
        if let Some((_, opened)) = &state.session
            && state.group.is_none()
            && writer.retirement.covers(opened.elapsed())
        {
            state.session = None;
        }
        if state.session.is_none() {
            let opened = timeout(PATIENCE, Session::open(&writer.options)).await;
            let opened = opened
                .map_err(|_| DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))?
                .map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
            state.session = Some((opened, Instant::now()));
        }
        Ok(())
    }

    /// Begins a savepoint, in the transaction of the group. What is dropped while it begins is rolled back as well.
    async fn begin(&mut self) -> Result<(), DbErr> {
        let state = self.state.as_deref_mut().ok_or_else(is_over)?;
        self.has_savepoint = true;
        if state.group.is_some() {
            return state.execute("SAVEPOINT member").await;
        }
        state.group = Some(Group {
            since: Instant::now(),
            members: Vec::new(),
        });
        state.execute("BEGIN IMMEDIATE; SAVEPOINT member").await
    }

    fn state(&mut self) -> Result<&mut State, DbErr> {
        self.state.as_deref_mut().ok_or_else(is_over)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.has_savepoint
            && let Some(state) = self.state.take()
        {
            tokio::spawn(finish(Arc::clone(&self.writer), state, End::RollBack));
        }
    }
}

/// Ends a savepoint, and the group with it unless other writers wait and the group is young.
async fn finish(
    writer: Arc<Writer>,
    mut state: OwnedMutexGuard<State>,
    end: End,
) -> Result<(), DbErr> {
    let longest = state.last_commit.max(SHORTEST_GROUP);
    let group = state.group.as_mut().ok_or_else(is_over)?;
    let (member, committed) = oneshot::channel();
    group.members.push(member);
    // An error is the answer to each member.
    let _ = if writer.is_awaited() && group.since.elapsed() < longest {
        state.execute(end.sql()).await
    } else {
        state.commit(end.sql()).await
    };
    drop(state);
    committed.await.map_err(|_| is_over())?
}

impl State {
    /// Executes statements between those of the members. If they fail, so does the group.
    async fn execute(&mut self, sql: &str) -> Result<(), DbErr> {
        let (session, _) = self.session.as_mut().ok_or_else(is_over)?;
        let done = session.execute_unprepared(sql).await;
        done.map(drop).inspect_err(|error| self.fail(error))
    }

    /// Commits the group, if there is one, after executing `before`.
    async fn commit(&mut self, before: &str) -> Result<(), DbErr> {
        if self.group.is_none() {
            return Ok(());
        }
        let begun = Instant::now();
        self.execute(&format!("{before}; COMMIT")).await?;
        self.last_commit = begun.elapsed();
        self.answer(&Ok(()));
        Ok(())
    }

    /// Closes the session, which rolls back what is not committed.
    fn fail(&mut self, error: &DbErr) {
        self.session = None;
        self.answer(&Err(error.clone()));
    }

    fn answer(&mut self, answer: &Result<(), DbErr>) {
        for member in self
            .group
            .take()
            .into_iter()
            .flat_map(|group| group.members)
        {
            let _ = member.send(answer.clone());
        }
    }
}

/// Returns the error of a statement in a transaction that an earlier error has ended.
pub(super) fn is_over() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(
        "the transaction ended with an error before".to_owned(),
    ))
}

#[cfg(test)]
mod tests;
