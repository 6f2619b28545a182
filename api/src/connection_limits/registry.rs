//! The open connections and the progress of each.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use poem::web::RemoteAddr;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::limits::Limits;

/// Interval at which a new connection without a place looks for another one that may be closed.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub struct Registry {
    limits: Limits,
    places: Arc<Semaphore>,
    connections: Mutex<Vec<Arc<Progress>>>,
}

impl Registry {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            places: Arc::new(Semaphore::new(limits.connections)),
            connections: Mutex::default(),
        }
    }

    /// Takes a place, if need be that of another connection, which is told to go.
    pub async fn enter(registry: &Arc<Self>, remote: &RemoteAddr) -> io::Result<Place> {
        let taken = loop {
            let place = Arc::clone(&registry.places);
            if let Ok(taken) = Arc::clone(&place).try_acquire_owned() {
                break taken;
            }
            registry.make_room();
            if let Ok(taken) = timeout(LOOK_AGAIN, place.acquire_owned()).await {
                break taken.map_err(io::Error::other)?;
            }
        };
        let progress = Arc::new(Progress::new(remote, registry.limits));
        registry.connections().push(Arc::clone(&progress));
        Ok(Place {
            progress,
            registry: Arc::clone(registry),
            _taken: taken,
        })
    }

    /// Tells the longest idle connection to go. If none is idle, the one whose request has been on its way here for the
    /// longest time, at least [`Limits::slow`]. If there is none either, all have work to be done, and none goes.
    fn make_room(&self) {
        let now = Instant::now();
        let connections = self.connections();
        let oldest = connections
            .iter()
            .filter(|progress| !progress.told_to_go.is_cancelled())
            .filter_map(|progress| Some((progress.waits_for_peer(now)?, progress)))
            .min_by_key(|(waiting, _)| *waiting);
        if let Some((_, progress)) = oldest {
            progress.told_to_go.cancel();
        }
    }

    /// The newest connection from there: an older one from the same port has ended or is about to.
    pub fn find(&self, remote: &RemoteAddr) -> Option<Arc<Progress>> {
        let peer = remote.as_socket_addr()?;
        let connections = self.connections();
        let of_peer = connections
            .iter()
            .filter(|progress| progress.peer.as_ref() == Some(peer));
        of_peer.max_by_key(|progress| progress.opened).cloned()
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Arc<Progress>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of an open connection. Dropping it frees the place.
#[derive(Debug)]
pub struct Place {
    pub progress: Arc<Progress>,
    registry: Arc<Registry>,
    _taken: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry
            .connections()
            .retain(|progress| !Arc::ptr_eq(progress, &self.progress));
    }
}

/// The progress of one connection.
#[derive(Debug)]
pub struct Progress {
    peer: Option<SocketAddr>,
    opened: Instant,
    limits: Limits,
    pub told_to_go: CancellationToken,
    state: Mutex<State>,
}

/// The event that a connection waits for which waits only for its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    /// For a request.
    Idle,
    /// For the rest of a request.
    Sends,
}

#[derive(Debug)]
struct State {
    /// No request has begun yet.
    is_fresh: bool,
    /// When the connection was last brought further.
    since: Instant,
    /// When the request head began that is on its way here.
    head: Option<Instant>,
    /// Requests under way.
    requests: usize,
    /// Bodies on their way here, also of requests that have been refused: the rest of a body is read all the same.
    arriving: usize,
}

impl State {
    fn is_busy(&self) -> bool {
        self.requests > 0 || self.arriving > 0
    }
}

impl Progress {
    fn new(remote: &RemoteAddr, limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            peer: remote.as_socket_addr().copied(),
            opened: now,
            limits,
            told_to_go: CancellationToken::new(),
            state: Mutex::new(State {
                is_fresh: true,
                since: now,
                head: None,
                requests: 0,
                arriving: 0,
            }),
        }
    }

    /// When the connection has to end if nothing more happens. After its age, the last answer has [`Limits::head`] to
    /// get out.
    pub fn deadline(&self) -> Instant {
        let limits = &self.limits;
        let state = self.state();
        let idle = state.since + limits.patience;
        let old = self.opened + limits.age;
        let deadline = if state.is_busy() {
            idle
        } else {
            let head = if state.is_fresh {
                Some(self.opened)
            } else {
                state.head
            };
            head.map_or(idle, |head| idle.min(head + limits.head))
                .min(old.max(state.since + limits.head))
        };
        deadline.min(old + limits.patience)
    }

    /// Since when it does nothing but wait for its peer, if it has done so for long enough to be closed for another
    /// one. Of two, the lesser goes: idle ones before those that send.
    fn waits_for_peer(&self, now: Instant) -> Option<(Waiting, Instant)> {
        let state = self.state();
        if !state.is_busy() && state.head.is_none() {
            return Some((Waiting::Idle, state.since));
        }
        let since = state.head.unwrap_or(state.since);
        let is_slow = state.requests <= state.arriving && since + self.limits.slow <= now;
        is_slow.then_some((Waiting::Sends, since))
    }

    pub fn is_old(&self) -> bool {
        self.opened.elapsed() >= self.limits.age
    }

    /// Octets were read. Returns whether they are the first of a request head.
    pub fn begin_head(&self) -> bool {
        let mut state = self.state();
        let begins = !state.is_busy() && state.head.is_none();
        if begins {
            state.head = Some(Instant::now());
        }
        begins
    }

    /// HTTP/2: the octets that are read do not show request heads.
    pub fn no_head(&self) {
        self.state().head = None;
    }

    pub fn wrote(&self) {
        let mut state = self.state();
        state.head = None;
        state.since = Instant::now();
    }

    pub fn request_begins(&self) {
        let mut state = self.state();
        state.is_fresh = false;
        state.head = None;
        state.requests += 1;
        state.since = Instant::now();
    }

    pub fn request_ends(&self) {
        let mut state = self.state();
        state.requests -= 1;
        state.since = Instant::now();
    }

    pub fn body_begins(&self) {
        self.state().arriving += 1;
    }

    pub fn body_ends(&self) {
        self.state().arriving -= 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use poem::Addr;

    use super::*;

    #[test]
    fn the_rest_of_a_refused_body_is_no_request_head() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let remote = RemoteAddr(Addr::SocketAddr(address));
        let limits = Limits::SERVICE;
        let progress = Progress::new(&remote, limits);
        progress.request_begins();
        progress.body_begins();
        progress.request_ends();
        progress.wrote();
        assert!(!progress.begin_head());
        assert!(progress.deadline() > progress.opened + limits.head);
        progress.body_ends();
        assert!(progress.begin_head());
        assert!(progress.deadline() < Instant::now() + limits.patience);
    }
}
