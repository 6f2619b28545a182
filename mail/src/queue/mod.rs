//! Wake-up calls: "look at these recipients". Losing one costs nothing, the ledger still knows.

mod local;
mod sqs;

use std::time::Duration;

use crate::ledger::Range;
pub use local::LocalQueue;
pub use sqs::{Received, Sent, SqsQueue, length, send};

/// Where wake-ups wait.
#[derive(Debug)]
pub enum Queue {
    Local(LocalQueue),
    Sqs(SqsQueue),
}

impl Queue {
    /// Returns what could not be written.
    pub async fn wake(&self, ranges: Vec<Range>, delay: Duration) -> Vec<Range> {
        match self {
            // Its poll asks the ledger each second for what is due.
            Self::Local(queue) => {
                queue.push(ranges);
                Vec::new()
            }
            Self::Sqs(queue) => queue.push(ranges, delay).await,
        }
    }

    /// Lets a message that nobody can read reach the dead-letter queue soon.
    pub async fn give_up_soon(&self, receipt_handle: &str) {
        if let Self::Sqs(queue) = self {
            queue.give_up_soon(receipt_handle).await;
        }
    }

    /// Whether it answers.
    pub async fn works(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Sqs(queue) => queue.length().await.is_some(),
        }
    }

    /// Whether nothing waits in it and nobody works on anything from it, as far as can be known.
    pub async fn is_idle(&self) -> bool {
        match self {
            Self::Local(queue) => queue.is_idle(),
            Self::Sqs(queue) => queue.length().await == Some(0),
        }
    }
}
