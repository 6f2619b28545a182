//! Takes SES's events from their queue: both programs share what becomes of a message, and a process polls the queue.

use std::sync::Arc;

use crate::{
    queue::{BATCH, Received, SqsQueue},
    report_batch::{Kind, settled},
    service::Service,
};

const EVENTS: Kind = Kind {
    one: "an event of SES",
    several: "events of SES",
};

/// The number of batches that a process takes concurrently.
const AT_ONCE: usize = 2;

impl Service {
    /// Starts the loops, if events come; `finish` waits for their end.
    pub(crate) fn start_receiving_events(self: &Arc<Self>) {
        if self.event_queue.is_some() {
            for _ in 0..AT_ONCE {
                self.tasks.spawn(Arc::clone(self).keep_receiving_events());
            }
        }
    }

    async fn keep_receiving_events(self: Arc<Self>) {
        let Some(queue) = &self.event_queue else {
            return;
        };
        while let Some(messages) = self.next_batch(queue).await {
            let done = self.take_event_messages(&messages).await;
            queue.delete_done(&messages, &done).await;
        }
    }

    /// Receives a batch, which has a message at least. Returns `None` when the process stops.
    pub(crate) async fn next_batch(&self, queue: &SqsQueue) -> Option<Vec<Received>> {
        loop {
            let receiving = Box::pin(queue.receive(BATCH));
            match self.stop.run_until_cancelled(receiving).await? {
                Ok(messages) if messages.is_empty() => {}
                Ok(messages) => return Some(messages),
                Err(error) => {
                    tracing::warn!(
                        error,
                        sqs.queue = queue.name(),
                        "a queue does not answer, its messages wait"
                    );
                    self.pause().await;
                }
            }
        }
    }

    /// Records the events of a batch, and returns of each message whether it is done with: if not, it must be received
    /// again, because nobody can write it again.
    pub async fn take_event_messages(self: &Arc<Self>, messages: &[Received]) -> Vec<bool> {
        let bodies: Vec<String> = messages.iter().map(|one| one.body.clone()).collect();
        let service = Arc::clone(self);
        let taking = tokio::spawn(async move {
            let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
            service.take_mail_events(&bodies).await
        });
        settled(self.event_queue.as_ref(), EVENTS, messages, taking).await
    }
}
