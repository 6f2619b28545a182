//! The queues of the function that posts to webhooks, as in the stack.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use super::{Account, Queue};

/// The number of receives after which a message is put aside.
const RECEIVES: u32 = 3;

/// Signed messages, what came of them, and the dead letters of each.
#[derive(Clone)]
pub struct WebhookQueues {
    pub messages: Queue,
    pub dead: Queue,
    pub outcomes: Queue,
    pub dead_outcomes: Queue,
}

impl Account {
    /// Creates the queues. A received message becomes visible again after `visibility` seconds.
    pub async fn webhook_queues(&self, visibility: u32) -> WebhookQueues {
        let queue = async |name: &str, dead: &Queue| {
            let redrive = json!({
                "deadLetterTargetArn": dead.arn().await,
                "maxReceiveCount": RECEIVES,
            });
            let attributes = [
                (QueueAttributeName::RedrivePolicy, redrive.to_string()),
                (
                    QueueAttributeName::VisibilityTimeout,
                    visibility.to_string(),
                ),
            ];
            Queue::create(&self.sqs, name, &attributes).await
        };
        let dead = Queue::create(&self.sqs, "webhooks-dead", &[]).await;
        let dead_outcomes = Queue::create(&self.sqs, "webhook-outcomes-dead", &[]).await;
        WebhookQueues {
            messages: queue("webhooks", &dead).await,
            outcomes: queue("webhook-outcomes", &dead_outcomes).await,
            dead,
            dead_outcomes,
        }
    }
}

impl WebhookQueues {
    /// Returns the variables of the programs that sign.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("WEBHOOK_QUEUE_URL", &self.messages),
            ("WEBHOOK_OUTCOME_QUEUE_URL", &self.outcomes),
        ]
        .map(|(name, queue)| (name.to_owned(), queue.url().to_owned()))
        .into()
    }
}
