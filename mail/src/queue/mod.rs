//! The queue of wake-ups.

mod local;
mod sqs;

use std::time::Duration;

use serde::Serialize;

use crate::{
    error::{Error, Result},
    wake_up::WakeUp,
};
pub use local::LocalQueue;
pub use sqs::{BATCH, LONGEST_DELAY, Outgoing, Received, Sent, SqsQueue, length, send};

/// Returns a value as JSON text that SQS can carry. SQS refuses U+FFFE and U+FFFF
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>), which JSON does not
/// escape by default. They occur only inside strings, where they may be escaped.
pub fn json(message: &impl Serialize) -> Result<String> {
    let body = serde_json::to_string(message);
    let mut body = body.map_err(|source| Error::Corrupt {
        what: "message",
        source,
    })?;
    for (character, escaped) in [('\u{fffe}', "\\ufffe"), ('\u{ffff}', "\\uffff")] {
        if body.contains(character) {
            body = body.replace(character, escaped);
        }
    }
    Ok(body)
}

/// The queue of wake-ups.
#[derive(Debug)]
pub enum Queue {
    Local(LocalQueue),
    Sqs(SqsQueue),
}

impl Queue {
    /// Enqueues wake-ups, and returns those that could not be enqueued.
    pub async fn enqueue(&self, wake_ups: Vec<WakeUp>, delay: Duration) -> Vec<WakeUp> {
        match self {
            // No delay: the poll asks the ledger each second for due recipients.
            Self::Local(queue) => {
                queue.push(wake_ups);
                Vec::new()
            }
            Self::Sqs(queue) => queue.push(wake_ups, delay).await,
        }
    }

    /// Makes a message visible again after `pause`, instead of after the queue's visibility time-out.
    pub async fn change_visibility(&self, message: &Received, pause: Duration) {
        if let Self::Sqs(queue) = self {
            queue
                .change_visibility(&message.receipt_handle, pause)
                .await;
        }
    }

    /// Returns whether the queue answers.
    pub async fn works(&self) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Sqs(queue) => queue.length().await.is_some(),
        }
    }

    /// Returns the approximate number of wake-ups that wait or are being worked on, or `None` if the queue does not
    /// answer.
    pub async fn length(&self) -> Option<u64> {
        match self {
            Self::Local(queue) => Some(queue.length()),
            Self::Sqs(queue) => queue.length().await,
        }
    }
}
