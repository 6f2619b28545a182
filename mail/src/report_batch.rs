//! Batches of messages that nobody can write again if they are lost: events of SES, and outcomes of posts to webhooks.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinHandle;

use crate::{
    drain::pause_after,
    error::{Error, Result},
    queue::{Received, SqsQueue},
    telemetry,
};

/// What the messages of a queue are, for the log.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub one: &'static str,
    pub several: &'static str,
}

/// Waits for the task that takes a batch, and returns of each message whether it is done with. What is not is received
/// again. The work is a task of its own, so that a panic does not end the loop.
pub async fn settled(
    queue: Option<&SqsQueue>,
    kind: Kind,
    messages: &[Received],
    taking: JoinHandle<Vec<Result<()>>>,
) -> Vec<bool> {
    let Ok(results) = taking.await else {
        tracing::error!(records = messages.len(), "taking {} panicked", kind.several);
        return vec![false; messages.len()];
    };
    let noted = messages.iter().zip(results).map(async |(message, result)| {
        if let Err(error) = &result {
            deliver_again(queue, kind, message, error).await;
        }
        result.is_ok()
    });
    join_all(noted).await
}

/// A message that failed for a reason that passes comes again after a growing pause. Any other, such as one that cannot be
/// read, comes again at once, so that it soon reaches the dead-letter queue.
async fn deliver_again(queue: Option<&SqsQueue>, kind: Kind, message: &Received, error: &Error) {
    tracing::error!(
        sqs.message_id = message.id,
        error = telemetry::causes(error),
        "{} was not recorded, it is delivered again",
        kind.one
    );
    let pause = if error.is_transient() {
        pause_after(message.receives)
    } else {
        Duration::ZERO
    };
    if let Some(queue) = queue {
        queue
            .change_visibility(&message.receipt_handle, pause)
            .await;
    }
}
