//! Wake-up calls: "look at these recipients". Losing one costs nothing, the ledger still knows.

mod local;

use crate::ledger::Range;
pub use local::LocalQueue;

/// Where wake-ups wait.
#[derive(Debug)]
pub enum Queue {
    Local(LocalQueue),
}

impl Queue {
    pub fn wake(&self, ranges: Vec<Range>) {
        match self {
            Self::Local(queue) => queue.push(ranges),
        }
    }
}
