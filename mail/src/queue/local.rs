//! The queue of one process. It takes turns among mailings, so that a small one does not wait for a large one.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::ledger::Range;

#[derive(Debug, Default)]
pub struct LocalQueue {
    state: Mutex<State>,
    pushed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Mailings with something waiting, the next one first.
    turns: VecDeque<Uuid>,
    waiting: HashMap<Uuid, VecDeque<Range>>,
    /// Wake-ups that somebody is working on.
    taken: usize,
}

/// A wake-up being worked on; dropping it says that the work is over.
#[derive(Debug)]
pub struct Taken<'a> {
    pub range: Range,
    queue: &'a LocalQueue,
}

impl LocalQueue {
    pub fn push(&self, ranges: Vec<Range>) {
        let mut state = self.state();
        for range in ranges {
            let State { turns, waiting, .. } = &mut *state;
            let own = waiting.entry(range.mailing_id).or_default();
            if own.iter().any(|waits| waits.covers(range)) {
                continue;
            }
            if own.is_empty() {
                turns.push_back(range.mailing_id);
            }
            own.push_back(range);
            self.pushed.notify_one();
        }
    }

    pub async fn next(&self) -> Taken<'_> {
        loop {
            if let Some(range) = self.state().take() {
                return Taken { range, queue: self };
            }
            self.pushed.notified().await;
        }
    }

    /// Nothing waits and nobody works.
    pub fn is_idle(&self) -> bool {
        let state = self.state();
        state.turns.is_empty() && state.taken == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<Range> {
        let mailing_id = self.turns.pop_front()?;
        let own = self.waiting.get_mut(&mailing_id)?;
        let range = own.pop_front();
        if own.is_empty() {
            self.waiting.remove(&mailing_id);
        } else {
            self.turns.push_back(mailing_id);
        }
        self.taken += 1;
        range
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.queue.state().taken -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(mailing: u128, first: i32) -> Range {
        Range {
            mailing_id: Uuid::from_u128(mailing),
            first,
            last: first + 49,
        }
    }

    #[tokio::test]
    async fn a_small_mailing_does_not_wait_for_a_large_one() {
        let queue = LocalQueue::default();
        queue.push(vec![range(1, 0), range(1, 50), range(1, 100)]);
        queue.push(vec![range(2, 0)]);
        let mut order = Vec::new();
        for _ in 0..4 {
            order.push(queue.next().await.range);
        }
        assert_eq!(
            order,
            [range(1, 0), range(2, 0), range(1, 50), range(1, 100)]
        );
    }

    #[tokio::test]
    async fn what_waits_already_does_not_wait_twice() {
        let queue = LocalQueue::default();
        queue.push(vec![range(1, 0), range(1, 50), range(1, 0)]);
        queue.push(vec![Range {
            last: 60,
            ..range(1, 55)
        }]);
        drop(queue.next().await);
        drop(queue.next().await);
        assert!(queue.is_idle());
    }

    #[tokio::test]
    async fn it_is_idle_only_when_the_work_is_over_too() {
        let queue = LocalQueue::default();
        assert!(queue.is_idle());
        queue.push(vec![range(1, 0)]);
        assert!(!queue.is_idle());
        let taken = queue.next().await;
        assert!(!queue.is_idle());
        drop(taken);
        assert!(queue.is_idle());
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_a_push() {
        let queue = LocalQueue::default();
        let (taken, ()) = tokio::join!(queue.next(), async { queue.push(vec![range(1, 0)]) });
        assert_eq!(taken.range, range(1, 0));
    }
}
