//! The turns of the single mails of one process.
//!
//! On `PostgreSQL` a mail takes its turn in the statement that stores it, and every other statement that takes one waits
//! until this one is on the disk. So one mail of a process takes turns for those that came meanwhile, which are then
//! stored all at once.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

#[derive(Clone, Debug, Default)]
pub struct SingleTurns(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Set while there is a [`Taking`].
    is_taking: bool,
    waiting: VecDeque<oneshot::Sender<SingleTurn>>,
}

/// How a single mail comes to its turn.
#[derive(Debug)]
pub enum SingleTurn {
    /// The mail takes it, and turns for others with it.
    Take(Taking),
    /// Another mail took it; it comes at this time.
    At(Instant),
    /// The mail takes its own: another one could take none for it.
    TakeAlone,
}

/// The right to take turns, which one mail of the process has at a time.
#[derive(Debug)]
pub struct Taking {
    turns: SingleTurns,
    /// Those that get a turn too.
    others: Vec<oneshot::Sender<SingleTurn>>,
}

impl SingleTurns {
    /// Returns a turn, or the right to take up to `most` turns.
    pub async fn next(&self, most: usize) -> SingleTurn {
        let waits = {
            let mut state = self.state();
            if mem::replace(&mut state.is_taking, true) {
                let (turn, waits) = oneshot::channel();
                state.waiting.push_back(turn);
                Some(waits)
            } else {
                None
            }
        };
        let mut turn = match waits {
            Some(waits) => waits.await.unwrap_or(SingleTurn::TakeAlone),
            None => SingleTurn::Take(Taking::new(self)),
        };
        if let SingleTurn::Take(taking) = &mut turn {
            taking.gather(most.saturating_sub(1));
        }
        turn
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taking {
    fn new(turns: &SingleTurns) -> Self {
        Self {
            turns: turns.clone(),
            others: Vec::new(),
        }
    }

    fn gather(&mut self, most: usize) {
        let mut state = self.turns.state();
        let some = state.waiting.len().min(most);
        self.others.extend(state.waiting.drain(..some));
    }

    /// Returns the number of turns to take.
    pub fn turns(&self) -> usize {
        1 + self.others.len()
    }

    /// Ends with the turns taken: the first comes in `first`, each other one `interval` after the one before it. `None`
    /// if none could be taken.
    pub fn end(mut self, first: Option<Duration>, interval: Duration) {
        let mut next = first.map(|wait| Instant::now() + wait);
        for other in self.others.drain(..) {
            next = next.map(|turn| turn + interval);
            // Of one that is gone the turn is lost.
            let _ = other.send(next.map_or(SingleTurn::TakeAlone, SingleTurn::At));
        }
    }
}

impl Drop for Taking {
    /// Passes the right on.
    fn drop(&mut self) {
        // Their senders are dropped: each takes its own turn.
        self.others.clear();
        let next = {
            let mut state = self.turns.state();
            let next = state.waiting.pop_front();
            state.is_taking = next.is_some();
            next
        };
        if let Some(next) = next {
            // If it is gone, the right is dropped, and passed on again.
            let _ = next.send(SingleTurn::Take(Self::new(&self.turns)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::{FutureExt, future::BoxFuture, poll};

    use super::*;

    const MOST: usize = 100;

    /// Returns mails that wait for a turn.
    async fn waiting(turns: &SingleTurns, count: usize) -> Vec<BoxFuture<'_, SingleTurn>> {
        let mut waiting = Vec::new();
        for _ in 0..count {
            let mut next = turns.next(MOST).boxed();
            assert!(poll!(&mut next).is_pending());
            waiting.push(next);
        }
        waiting
    }

    fn taking(turn: SingleTurn) -> Taking {
        match turn {
            SingleTurn::Take(taking) => taking,
            SingleTurn::At(_) | SingleTurn::TakeAlone => panic!("{turn:?}"),
        }
    }

    #[tokio::test]
    async fn one_takes_turns_for_all_that_came_meanwhile() {
        let turns = SingleTurns::default();
        let first = taking(turns.next(MOST).await);
        assert_eq!(first.turns(), 1);
        let mut others = waiting(&turns, 4).await;
        first.end(Some(Duration::ZERO), Duration::from_secs(1));
        let second = taking(others.remove(0).await);
        assert_eq!(second.turns(), 4);
        let begun = Instant::now();
        second.end(Some(Duration::from_secs(10)), Duration::from_secs(5));
        for (other, seconds) in others.into_iter().zip([15, 20, 25]) {
            let SingleTurn::At(turn) = other.await else {
                panic!("no turn");
            };
            let expected = begun + Duration::from_secs(seconds);
            assert!(turn >= expected && turn < expected + Duration::from_secs(1));
        }
        assert_eq!(taking(turns.next(MOST).await).turns(), 1);
    }

    #[tokio::test]
    async fn no_more_turns_are_taken_than_allowed() {
        let turns = SingleTurns::default();
        let first = taking(turns.next(MOST).await);
        let mut few = turns.next(2).boxed();
        assert!(poll!(&mut few).is_pending());
        let mut others = waiting(&turns, 2).await;
        drop(first);
        let second = taking(few.await);
        assert_eq!(second.turns(), 2);
        drop(second);
        assert!(matches!(others.remove(0).await, SingleTurn::TakeAlone));
        assert_eq!(taking(others.remove(0).await).turns(), 1);
    }

    #[tokio::test]
    async fn where_none_could_be_taken_each_takes_its_own() {
        let turns = SingleTurns::default();
        let first = taking(turns.next(MOST).await);
        let mut others = waiting(&turns, 2).await;
        drop(first);
        taking(others.remove(0).await).end(None, Duration::from_secs(1));
        assert!(matches!(others.remove(0).await, SingleTurn::TakeAlone));
    }

    #[tokio::test]
    async fn one_that_is_gone_keeps_nobody_waiting() {
        let turns = SingleTurns::default();
        let first = taking(turns.next(MOST).await);
        let mut others = waiting(&turns, 3).await;
        drop(others.remove(0));
        drop(first);
        // Gone after it has got the right, and before it has noticed.
        drop(others.remove(0));
        let last = others.remove(0).await;
        assert_eq!(taking(last).turns(), 1);
        let next = turns.next(MOST).boxed();
        assert!(matches!(poll!(next), Poll::Ready(SingleTurn::Take(_))));
    }
}
