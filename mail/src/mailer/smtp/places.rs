//! Places for mails that are under way, one for each connection. A single mail gets the next free place, before all mail
//! of mailings: many of those may wait at once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use super::limit::Limit;

/// The time until calls that begin are held back by what the ledger says about the server.
const SHUT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Single,
    Mailing,
}

/// The reason why a mail gets no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPlace {
    /// None became free in time.
    Late,
    /// Another mail has found that the server serves none.
    CalledOff,
}

pub struct Places(Mutex<State>);

struct State {
    limit: Limit,
    taken: usize,
    taken_by_mailings: usize,
    singles: VecDeque<oneshot::Sender<Place>>,
    mailings: VecDeque<oneshot::Sender<Place>>,
    /// The number of times that the server served no mail.
    faults: u64,
    /// Until then no mail of a mailing gets a place: the ledger is still to hold it back.
    shut_until: Option<Instant>,
}

/// The right to use one connection, until it is dropped.
pub struct Place {
    places: Arc<Places>,
    kind: Kind,
    faults: u64,
}

impl Places {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            limit: Limit::new(most),
            taken: 0,
            taken_by_mailings: 0,
            singles: VecDeque::new(),
            mailings: VecDeque::new(),
            faults: 0,
            shut_until: None,
        })))
    }

    pub async fn take(self: &Arc<Self>, kind: Kind, wait: Duration) -> Result<Place, NoPlace> {
        let (waiter, place) = oneshot::channel();
        {
            let mut state = self.lock();
            if kind == Kind::Mailing && state.is_shut() {
                return Err(NoPlace::CalledOff);
            }
            state.queue(kind).push_back(waiter);
        }
        self.hand_out();
        match timeout(wait, place).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(NoPlace::CalledOff),
            Err(_) => Err(NoPlace::Late),
        }
    }

    /// Notes that the server has served a mail, whatever it said about it.
    pub fn served(self: &Arc<Self>) {
        {
            let mut state = self.lock();
            state.limit.grow();
            state.shut_until = None;
        }
        self.hand_out();
    }

    /// Calls off all mail that waits: the server serves none, over this many open connections.
    pub fn call_off(&self, open: usize) {
        let waiting = {
            let mut state = self.lock();
            state.limit.shrink(open);
            state.faults += 1;
            state.shut_until = Some(Instant::now() + SHUT);
            (
                std::mem::take(&mut state.singles),
                std::mem::take(&mut state.mailings),
            )
        };
        drop(waiting);
    }

    /// Notes that the server takes no connection beyond those that are open.
    pub fn lower(&self, open: usize) {
        self.lock().limit.lower(open, Instant::now());
    }

    /// Returns how many connections there may be.
    pub fn most(&self) -> usize {
        self.lock().limit.now(Instant::now()).0
    }

    fn hand_out(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            let Some((kind, waiter)) = state.next() else {
                return;
            };
            let faults = state.faults;
            drop(state);
            // Where the waiter has gone meanwhile the place is dropped, which gives it to another one.
            let _ = waiter.send(Place {
                places: Arc::clone(self),
                kind,
                faults,
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_shut(&self) -> bool {
        self.shut_until.is_some_and(|until| Instant::now() < until)
    }

    fn queue(&mut self, kind: Kind) -> &mut VecDeque<oneshot::Sender<Place>> {
        match kind {
            Kind::Single => &mut self.singles,
            Kind::Mailing => &mut self.mailings,
        }
    }

    /// Takes a place for the mail that is next, if one is free.
    fn next(&mut self) -> Option<(Kind, oneshot::Sender<Place>)> {
        let (all, of_mailings) = self.limit.now(Instant::now());
        if self.taken >= all {
            return None;
        }
        let single = first_waiting(&mut self.singles).map(|waiter| (Kind::Single, waiter));
        let next = match single {
            None if self.taken_by_mailings < of_mailings => {
                first_waiting(&mut self.mailings).map(|waiter| (Kind::Mailing, waiter))?
            }
            single => single?,
        };
        self.taken += 1;
        self.taken_by_mailings += usize::from(next.0 == Kind::Mailing);
        Some(next)
    }
}

fn first_waiting(queue: &mut VecDeque<oneshot::Sender<Place>>) -> Option<oneshot::Sender<Place>> {
    std::iter::from_fn(|| queue.pop_front()).find(|waiter| !waiter.is_closed())
}

impl Place {
    /// Returns whether another mail has found since that the server serves none.
    pub fn is_called_off(&self) -> bool {
        self.places.lock().faults != self.faults
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        state.taken -= 1;
        state.taken_by_mailings -= usize::from(self.kind == Kind::Mailing);
        drop(state);
        self.places.hand_out();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn a_single_mail_gets_the_next_place_before_all_mailings() {
        let places = Places::new(2);
        let held = [
            places.take(Kind::Mailing, LONG).await.ok().unwrap(),
            places.take(Kind::Mailing, LONG).await.ok().unwrap(),
        ];
        let mut mailing = Box::pin(places.take(Kind::Mailing, LONG));
        assert!(mailing.as_mut().now_or_never().is_none());
        let mut single = Box::pin(places.take(Kind::Single, LONG));
        assert!(single.as_mut().now_or_never().is_none());
        let [first, second] = held;
        drop(first);
        let single = single.now_or_never().unwrap();
        assert!(mailing.as_mut().now_or_never().is_none());
        drop((single, second));
        assert!(mailing.now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_place_is_not_lost_when_nobody_waits_for_it_any_more() {
        let places = Places::new(1);
        let held = places.take(Kind::Single, LONG).await.ok().unwrap();
        let late = places.take(Kind::Single, Duration::ZERO).await;
        assert_eq!(late.err(), Some(NoPlace::Late));
        let mut given_up = Box::pin(places.take(Kind::Single, LONG));
        assert!(given_up.as_mut().now_or_never().is_none());
        drop(held);
        // The place was handed to this one, which never looked.
        drop(given_up);
        assert!(places.take(Kind::Mailing, LONG).await.is_ok());
    }

    #[tokio::test]
    async fn all_that_wait_are_called_off_together() {
        let places = Places::new(1);
        let held = places.take(Kind::Single, LONG).await.ok().unwrap();
        let mut waiting =
            [Kind::Single, Kind::Mailing].map(|kind| Box::pin(places.take(kind, LONG)));
        for waiting in &mut waiting {
            assert!(waiting.now_or_never().is_none());
        }
        places.call_off(1);
        for waiting in waiting {
            assert_eq!(waiting.await.err(), Some(NoPlace::CalledOff));
        }
        assert!(held.is_called_off());
        let mailing = places.take(Kind::Mailing, LONG).await;
        assert_eq!(mailing.err(), Some(NoPlace::CalledOff));
        drop(held);
        let later = places.take(Kind::Single, LONG).await.ok().unwrap();
        assert!(!later.is_called_off());
        places.served();
        drop(later);
        assert!(places.take(Kind::Mailing, LONG).await.is_ok());
    }

    #[tokio::test]
    async fn a_lower_limit_holds_once_places_are_given_back() {
        let places = Places::new(3);
        let take = || places.take(Kind::Single, Duration::ZERO);
        let (first, second) = (take().await.ok().unwrap(), take().await.ok().unwrap());
        places.lower(1);
        drop(first);
        assert!(take().await.is_err());
        drop(second);
        assert!(take().await.is_ok());
    }
}
