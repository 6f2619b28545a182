//! Enqueues wake-ups, and records in the ledger those that the queue did not take.

use std::time::Duration;

use crate::{
    mailing::Mailing,
    outcome::Outcome,
    queue::Queue,
    service::Service,
    telemetry,
    wake_up::{Range, WakeUp},
};

impl Service {
    /// Enqueues wake-ups for recipients that are due, and returns whether the queue took all of them. The sweep
    /// enqueues the others again.
    pub(crate) async fn enqueue_wake_ups(&self, wake_ups: Vec<WakeUp>) -> bool {
        let count = wake_ups.len();
        let left = self.queue.enqueue(wake_ups, Duration::ZERO).await;
        telemetry::woken(count - left.len());
        if left.is_empty() {
            return true;
        }
        tracing::warn!(
            count = left.len(),
            "wake-ups were not written, the sweep writes them"
        );
        if let Err(error) = self.ledger.forget_woken(&left).await {
            tracing::warn!(
                error = telemetry::causes(&error),
                "the sweep writes them a minute later"
            );
        }
        false
    }

    /// Enqueues one wake-up that SQS delivers after `wait`. The local queue needs none: its poll finds due recipients.
    pub(crate) async fn enqueue_later(&self, wake_up: WakeUp, wait: Duration) {
        if let Queue::Sqs(queue) = &self.queue {
            // SQS counts whole seconds, and a worker that is early finds nothing due.
            let wait = Duration::from_secs(wait.as_secs() + 1);
            let left = queue.push(vec![wake_up], wait).await;
            telemetry::woken(1 - left.len());
        }
    }

    /// Enqueues one wake-up for the recipients of a call that are to be tried again.
    pub(crate) async fn enqueue_retries(&self, mailing: &Mailing, outcomes: &[(i32, Outcome)]) {
        let retries = outcomes
            .iter()
            .filter_map(|(position, outcome)| match outcome {
                Outcome::NotAccepted { again_in, .. } => Some((*position, *again_in)),
                Outcome::Accepted { .. } | Outcome::Refused(_) | Outcome::Unknown(_) => None,
            });
        let (positions, waits): (Vec<i32>, Vec<Duration>) = retries.unzip();
        let (Some(first), Some(last), Some(wait)) = (
            positions.iter().min(),
            positions.iter().max(),
            waits.into_iter().max(),
        ) else {
            return;
        };
        let range = Range {
            mailing_id: mailing.id,
            first: *first,
            last: *last,
        };
        let wake_up = WakeUp {
            range,
            api_key_id: mailing.api_key_id,
        };
        self.enqueue_later(wake_up, wait).await;
    }
}
