//! The recipients that arrived, each with the number of its arrivals.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde_json::{Value, json};
use tokio::sync::watch;

/// A time is kept for each arrival of this many.
const STEP: usize = 1_000;

#[derive(Default)]
pub struct Recipients {
    state: Mutex<State>,
    distinct: watch::Sender<usize>,
}

struct State {
    arrivals: HashMap<Box<str>, u32>,
    total: usize,
    calls: usize,
    since: Instant,
    /// The seconds from the start to each thousandth recipient.
    thousands: Vec<f64>,
    last: f64,
}

impl Default for State {
    fn default() -> Self {
        Self {
            arrivals: HashMap::new(),
            total: 0,
            calls: 0,
            since: Instant::now(),
            thousands: Vec::new(),
            last: 0.0,
        }
    }
}

impl Recipients {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the recipients of one call.
    pub fn add<'a>(&self, addresses: impl Iterator<Item = &'a str>) {
        let mut state = self.state();
        state.calls += 1;
        state.last = state.since.elapsed().as_secs_f64();
        for address in addresses {
            let bare = address.rsplit_once('<').map_or(address, |(_, rest)| rest);
            let bare = bare.trim_end_matches('>');
            state.total += 1;
            if let Some(count) = state.arrivals.get_mut(bare) {
                *count += 1;
                continue;
            }
            state.arrivals.insert(bare.into(), 1);
            if state.arrivals.len().is_multiple_of(STEP) {
                let last = state.last;
                state.thousands.push(last);
            }
        }
        self.distinct.send_replace(state.arrivals.len());
    }

    pub fn reset(&self) {
        *self.state() = State::default();
        self.distinct.send_replace(0);
    }

    /// Waits until this number of different recipients has arrived.
    pub async fn wait_for(&self, count: usize) {
        let mut distinct = self.distinct.subscribe();
        let _ = distinct.wait_for(|distinct| *distinct >= count).await;
    }

    pub fn report(&self) -> Value {
        let state = self.state();
        json!({
            "distinct": state.arrivals.len(),
            "repeated": state.total - state.arrivals.len(),
            "calls": state.calls,
            "thousands": state.thousands,
            "last": state.last,
        })
    }
}
