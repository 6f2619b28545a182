//! The queue of a single process. API keys take turns, and so do the mailings of each key, so that no mail waits until
//! a large mailing is done.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::wake_up::{Range, WakeUp};

#[derive(Debug, Default)]
pub struct LocalQueue {
    state: Mutex<State>,
    pushed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Ranges by API key, then by mailing.
    waiting: Turns<Uuid, Turns<Uuid, VecDeque<Range>>>,
    /// The number of wake-ups that are being worked on.
    taken: usize,
}

/// Things of several owners, who take turns.
#[derive(Debug)]
struct Turns<Owner, Things> {
    /// The owners with things that wait, in the order of their turns.
    order: VecDeque<Owner>,
    things: HashMap<Owner, Things>,
}

/// A wake-up that is being worked on, until this value is dropped.
#[derive(Debug)]
pub struct Taken<'a> {
    pub wake_up: WakeUp,
    queue: &'a LocalQueue,
}

impl<Owner, Things> Default for Turns<Owner, Things> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            things: HashMap::new(),
        }
    }
}

impl<Owner: Copy + Eq + Hash, Things: Default> Turns<Owner, Things> {
    /// Returns the things of an owner, to which the caller is about to add one.
    fn of(&mut self, owner: Owner) -> &mut Things {
        let Self { order, things } = self;
        things.entry(owner).or_insert_with(|| {
            order.push_back(owner);
            Things::default()
        })
    }

    /// Takes one thing of the owner whose turn it is. `take` also returns whether it was the owner's last one.
    fn next<Thing>(
        &mut self,
        take: impl FnOnce(&mut Things) -> (Option<Thing>, bool),
    ) -> Option<(Owner, Thing)> {
        let owner = self.order.pop_front()?;
        let (taken, last) = take(self.things.get_mut(&owner)?);
        if last {
            self.things.remove(&owner);
        } else {
            self.order.push_back(owner);
        }
        Some((owner, taken?))
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

impl LocalQueue {
    pub fn push(&self, wake_ups: Vec<WakeUp>) {
        let mut state = self.state();
        for WakeUp { range, api_key_id } in wake_ups {
            let own = state.waiting.of(api_key_id).of(range.mailing_id);
            if own.iter().any(|waits| waits.covers(range)) {
                continue;
            }
            own.push_back(range);
            self.pushed.notify_one();
        }
    }

    pub async fn next(&self) -> Taken<'_> {
        loop {
            if let Some(wake_up) = self.state().take() {
                return Taken {
                    wake_up,
                    queue: self,
                };
            }
            self.pushed.notified().await;
        }
    }

    /// Returns whether no wake-up waits or is being worked on.
    pub fn is_idle(&self) -> bool {
        let state = self.state();
        state.waiting.is_empty() && state.taken == 0
    }

    /// Returns the number of wake-ups that wait or are being worked on.
    pub fn length(&self) -> u64 {
        let state = self.state();
        let mailings = state.waiting.things.values();
        let ranges = mailings.flat_map(|mailings| mailings.things.values());
        (ranges.map(VecDeque::len).sum::<usize>() + state.taken) as u64
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<WakeUp> {
        let (api_key_id, range) = self.waiting.next(|mailings| {
            let taken = mailings.next(|ranges| (ranges.pop_front(), ranges.is_empty()));
            (taken.map(|(_, range)| range), mailings.is_empty())
        })?;
        self.taken += 1;
        Some(WakeUp { range, api_key_id })
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

    fn wake_up(key: u128, mailing: u128, first: i32) -> WakeUp {
        WakeUp {
            range: Range {
                mailing_id: Uuid::from_u128(mailing),
                first,
                last: first + 49,
            },
            api_key_id: Uuid::from_u128(key),
        }
    }

    async fn order(queue: &LocalQueue, count: usize) -> Vec<WakeUp> {
        let mut order = Vec::new();
        for _ in 0..count {
            order.push(queue.next().await.wake_up);
        }
        order
    }

    #[tokio::test]
    async fn a_small_mailing_does_not_wait_for_a_large_one() {
        let queue = LocalQueue::default();
        let large = [0, 50, 100].map(|first| wake_up(1, 1, first));
        let small = wake_up(1, 2, 0);
        queue.push(large.to_vec());
        queue.push(vec![small]);
        let expected = [large[0], small, large[1], large[2]];
        assert_eq!(order(&queue, 4).await, expected);
    }

    #[tokio::test]
    async fn a_key_with_many_mailings_has_no_more_turns_than_one_with_few() {
        let queue = LocalQueue::default();
        let many = [1, 2, 3].map(|mailing| wake_up(1, mailing, 0));
        let one = [0, 50].map(|first| wake_up(2, 4, first));
        queue.push([many.as_slice(), &one].concat());
        let expected = [many[0], one[0], many[1], one[1], many[2]];
        assert_eq!(order(&queue, 5).await, expected);
    }

    #[tokio::test]
    async fn what_waits_already_does_not_wait_twice() {
        let queue = LocalQueue::default();
        queue.push(vec![wake_up(1, 1, 0), wake_up(1, 1, 50), wake_up(1, 1, 0)]);
        let mut part = wake_up(1, 1, 55);
        part.range.last = 60;
        queue.push(vec![part]);
        drop(queue.next().await);
        drop(queue.next().await);
        assert!(queue.is_idle());
    }

    #[tokio::test]
    async fn it_is_idle_only_when_the_work_is_over_too() {
        let queue = LocalQueue::default();
        assert!(queue.is_idle());
        queue.push(vec![wake_up(1, 1, 0)]);
        assert!(!queue.is_idle());
        let taken = queue.next().await;
        assert!(!queue.is_idle());
        drop(taken);
        assert!(queue.is_idle());
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_a_push() {
        let queue = LocalQueue::default();
        let pushed = wake_up(1, 1, 0);
        let (taken, ()) = tokio::join!(queue.next(), async { queue.push(vec![pushed]) });
        assert_eq!(taken.wake_up, pushed);
    }
}
