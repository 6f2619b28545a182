//! SQS queues for tests.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use serde_json::{Value, json};

use crate::waiting::within;

/// The maximum number of messages of one call.
const BATCH: usize = 10;

#[derive(Clone)]
pub struct Queue {
    client: Client,
    url: String,
    name: String,
}

pub type Message = aws_sdk_sqs::types::Message;

/// The queues of a deployment: wake-ups, their dead-letter queue, and results.
#[derive(Clone)]
pub struct Queues {
    pub wake_ups: Queue,
    pub dead: Queue,
    pub results: Queue,
}

impl Queues {
    /// Creates the queues. A received wake-up becomes visible again after `visibility` seconds, and is received at most
    /// `receives` times.
    pub(super) async fn create(client: &Client, visibility: u32, receives: u32) -> Self {
        let dead = Queue::create(client, "dead", &[]).await;
        let redrive = json!({
            "deadLetterTargetArn": dead.arn().await,
            "maxReceiveCount": receives,
        });
        let attributes = [
            (QueueAttributeName::RedrivePolicy, redrive.to_string()),
            (
                QueueAttributeName::VisibilityTimeout,
                visibility.to_string(),
            ),
        ];
        Self {
            wake_ups: Queue::create(client, "wake-ups", &attributes).await,
            dead,
            results: Queue::create(client, "results", &[]).await,
        }
    }

    pub fn variables(&self) -> Vec<(String, String)> {
        vec![
            ("MAIL_QUEUE_URL".to_owned(), self.wake_ups.url.clone()),
            ("MAIL_RESULT_QUEUE_URL".to_owned(), self.results.url.clone()),
        ]
    }
}

impl Queue {
    pub(super) async fn create(
        client: &Client,
        name: &str,
        attributes: &[(QueueAttributeName, String)],
    ) -> Self {
        let created = client
            .create_queue()
            .queue_name(name)
            .set_attributes(Some(attributes.iter().cloned().collect()))
            .send()
            .await
            .expect("a queue can be made");
        Self {
            client: client.clone(),
            url: created.queue_url.expect("a queue has a URL"),
            name: name.to_owned(),
        }
    }

    /// Returns an existing queue.
    pub(super) fn at(client: &Client, url: &str) -> Self {
        let name = url.rsplit('/').next().expect("a URL has a last part");
        Self {
            client: client.clone(),
            url: url.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Returns the queue of this account with that ARN.
    pub(super) async fn with_arn(client: &Client, arn: &str) -> Self {
        let name = arn.rsplit(':').next().expect("an ARN has a last part");
        let answer = client.get_queue_url().queue_name(name).send().await;
        let answer = answer.expect("there is such a queue");
        Self::at(client, &answer.queue_url.expect("a queue has a URL"))
    }

    /// Returns the queue whose dead-letter queue this one is.
    pub async fn source(&self) -> Self {
        let arn = self.arn().await;
        let listed = self.client.list_queues().send().await;
        for url in listed.expect("the account has queues").queue_urls() {
            let queue = Self::at(&self.client, url);
            let attributes = queue.attributes().await;
            let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
            if policy.is_some_and(|policy| policy.contains(&arn)) {
                return queue;
            }
        }
        panic!("nothing leads to {arn}");
    }

    /// Sets the maximum size of a message, at least 1,024 bytes.
    pub async fn refuse_longer_than(&self, bytes: u32) {
        self.client
            .set_queue_attributes()
            .queue_url(&self.url)
            .attributes(QueueAttributeName::MaximumMessageSize, bytes.to_string())
            .send()
            .await
            .expect("the queue's attributes can be set");
    }

    /// Sets the policy that says who else may write to the queue.
    pub async fn set_policy(&self, policy: &Value) {
        self.client
            .set_queue_attributes()
            .queue_url(&self.url)
            .attributes(QueueAttributeName::Policy, policy.to_string())
            .send()
            .await
            .expect("the queue's attributes can be set");
    }

    /// Has a message move to the queue `dead` after it was received so often.
    pub async fn put_aside_after(&self, receives: u32, dead: &Self) {
        let redrive = json!({
            "deadLetterTargetArn": dead.arn().await,
            "maxReceiveCount": receives,
        });
        self.client
            .set_queue_attributes()
            .queue_url(&self.url)
            .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
            .send()
            .await
            .expect("the queue's attributes can be set");
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub async fn arn(&self) -> String {
        self.attribute(QueueAttributeName::QueueArn).await
    }

    pub async fn send(&self, body: &str) {
        self.send_all(&[body.to_owned()]).await;
    }

    pub async fn send_all(&self, bodies: &[String]) {
        for batch in bodies.chunks(BATCH) {
            let entries = batch.iter().enumerate().map(|(index, body)| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body)
                    .build()
                    .expect("an entry is whole")
            });
            let sent = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.collect()))
                .send()
                .await
                .expect("the queue takes messages");
            assert!(sent.failed.is_empty(), "{:?}", sent.failed);
        }
    }

    /// Receives at most ten messages, and waits up to `wait` for the first one. They become visible again unless they
    /// are deleted.
    pub async fn receive(&self, wait: Duration) -> Vec<Message> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(i32::try_from(wait.as_secs()).expect("a short wait"))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .expect("the queue answers");
        received.messages.unwrap_or_default()
    }

    /// Deletes messages. A message that does not exist any more is no error.
    pub async fn delete(&self, messages: &[Message]) {
        for batch in messages.chunks(BATCH) {
            let entries = batch.iter().enumerate().map(|(index, message)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(message.receipt_handle().expect("a handle"))
                    .build()
                    .expect("an entry is whole")
            });
            self.client
                .delete_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.collect()))
                .send()
                .await
                .expect("the queue answers");
        }
    }

    /// Takes messages, as JSON, until `enough` returns `true`.
    pub async fn take_until(&self, what: &str, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut taken = Vec::new();
        within(Duration::from_mins(2), what, async || {
            let messages = self.receive(Duration::ZERO).await;
            self.delete(&messages).await;
            taken.extend(messages.iter().map(json_of));
            if enough(&taken) {
                return Ok(());
            }
            Err(taken.len())
        })
        .await;
        taken
    }

    /// Takes all messages of the queue, as JSON.
    pub async fn take_all(&self) -> Vec<Value> {
        let mut taken = Vec::new();
        loop {
            let messages = self.receive(Duration::ZERO).await;
            if messages.is_empty() {
                return taken;
            }
            self.delete(&messages).await;
            taken.extend(messages.iter().map(json_of));
        }
    }

    /// Returns the number of messages: visible, in flight and delayed.
    pub async fn length(&self) -> usize {
        let attributes = self.attributes().await;
        [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ]
        .iter()
        .map(|name| attributes[name].parse::<usize>().expect("a number"))
        .sum()
    }

    async fn attribute(&self, name: QueueAttributeName) -> String {
        self.attributes().await[&name].clone()
    }

    async fn attributes(&self) -> HashMap<QueueAttributeName, String> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .expect("the queue answers");
        answer.attributes.expect("a queue has attributes")
    }
}

fn json_of(message: &Message) -> Value {
    let body = message.body().unwrap_or_default();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {body:?}"))
}
