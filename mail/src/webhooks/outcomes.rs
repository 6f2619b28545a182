//! Takes what came of posted messages from the queue of the function that posts, and hands over what is due next.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webhook::{Ending, Report, Unsent};

use super::send::log;
use crate::{
    error::{Error, Result},
    fail_point,
    ledger::{Recorded, Try, wait_after},
    queue::{self, LONGEST_DELAY, Outgoing, Received},
    report_batch::{Kind, settled},
    service::Service,
};

const OUTCOMES: Kind = Kind {
    one: "an outcome",
    several: "outcomes",
};

/// A message of the queue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Message {
    Report(Report),
    /// A webhook has something due now. It costs nothing to lose this message: the sweep looks at all webhooks.
    Due {
        due: Uuid,
    },
}

impl Service {
    /// Starts to take outcomes in this process, if there is a queue for them; `finish` waits for the end.
    pub(crate) fn start_receiving_outcomes(self: &Arc<Self>) {
        if self.webhook_queues.is_some() {
            self.tasks.spawn(Arc::clone(self).keep_receiving_outcomes());
        }
    }

    async fn keep_receiving_outcomes(self: Arc<Self>) {
        let Some(queues) = &self.webhook_queues else {
            return;
        };
        while let Some(messages) = self.next_batch(&queues.outcomes).await {
            let done = self.take_webhook_outcomes(&messages, None).await;
            queues.outcomes.delete_done(&messages, &done).await;
        }
    }

    /// Records the outcomes of a batch, and returns of each message whether it is done with. After `until`, what is due next
    /// is left to the sweep.
    pub async fn take_webhook_outcomes(
        self: &Arc<Self>,
        messages: &[Received],
        until: Option<Instant>,
    ) -> Vec<bool> {
        let bodies: Vec<String> = messages.iter().map(|one| one.body.clone()).collect();
        let service = Arc::clone(self);
        let taking = tokio::spawn(async move { service.take_outcomes(&bodies, until).await });
        let queues = self.webhook_queues.as_ref();
        let queue = queues.map(|queues| &queues.outcomes);
        settled(queue, OUTCOMES, messages, taking).await
    }

    async fn take_outcomes(&self, bodies: &[String], until: Option<Instant>) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(bodies.len());
        let mut webhooks = BTreeSet::new();
        for body in bodies {
            let taken = match serde_json::from_str(body) {
                Ok(Message::Report(report)) => {
                    webhooks.insert(report.attempt.webhook_id);
                    self.take_report(report).await
                }
                Ok(Message::Due { due }) => {
                    webhooks.insert(due);
                    Ok(())
                }
                Err(_) => Err(Error::UnreadableOutcome),
            };
            results.push(taken);
        }
        self.hand_over_to(webhooks, until).await;
        results
    }

    async fn take_report(&self, Report { attempt, ending }: Report) -> Result<()> {
        let outcome = match ending {
            Ending::Outcome(outcome) => outcome,
            Ending::Unsent(Unsent::Stale) => {
                tracing::info!(
                    webhook.id = %attempt.webhook_id, event.id = %attempt.event_id,
                    "a message to a webhook has waited for too long, it is signed anew"
                );
                return self
                    .ledger
                    .release_delivery(attempt.webhook_id, attempt.event_id, attempt.token)
                    .await;
            }
        };
        let made = Try::from((attempt, outcome));
        let recorded = self.ledger.record_try(&made).await?;
        fail_point!("webhook-recorded");
        log(&made, recorded);
        if recorded == Recorded::Again {
            self.look_after(&made).await;
        }
        Ok(())
    }

    /// Looks at the webhook when the next try is due, if that is soon. A process needs no such message, because it looks
    /// each second.
    async fn look_after(&self, made: &Try) {
        let wait = wait_after(made.number).filter(|wait| *wait < LONGEST_DELAY);
        if let (Some(queues), Some(wait), true) =
            (&self.webhook_queues, wait, self.config.is_function)
            && let Ok(body) = queue::json(&Message::Due {
                due: made.webhook_id,
            })
        {
            let group = Some(made.webhook_id.to_string());
            // SQS counts whole seconds, and a look that is early finds nothing due.
            let wait = wait + Duration::from_secs(1);
            queues
                .outcomes
                .send(vec![Outgoing { body, group }], wait)
                .await;
        }
    }
}
