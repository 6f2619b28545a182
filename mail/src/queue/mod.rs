//! Where wake-ups wait.

mod local;
mod sqs;

use std::time::Duration;

use crate::wake_up::WakeUp;
pub use local::LocalQueue;
pub use sqs::{Outgoing, Received, Sent, SqsQueue, length, send};

/// Where wake-ups wait.
#[derive(Debug)]
pub enum Queue {
    Local(LocalQueue),
    Sqs(SqsQueue),
}

impl Queue {
    /// Returns what could not be written.
    pub async fn wake(&self, wake_ups: Vec<WakeUp>, delay: Duration) -> Vec<WakeUp> {
        match self {
            // Its poll asks the ledger each second for what is due.
            Self::Local(queue) => {
                queue.push(wake_ups);
                Vec::new()
            }
            Self::Sqs(queue) => queue.push(wake_ups, delay).await,
        }
    }

    /// Has a message come again after this long, instead of after the queue's visibility time-out.
    pub async fn again_in(&self, message: &Received, pause: Duration) {
        if let Self::Sqs(queue) = self {
            queue.again_in(&message.receipt_handle, pause).await;
        }
    }

    /// Whether it answers.
    pub async fn works(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Sqs(queue) => queue.length().await.is_some(),
        }
    }

    /// About how many wake-ups wait in it or are being worked on; nothing where that cannot be known.
    pub async fn length(&self) -> Option<u64> {
        match self {
            Self::Local(queue) => Some(queue.length()),
            Self::Sqs(queue) => queue.length().await,
        }
    }
}
