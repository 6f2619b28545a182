//! The invokers of the worker on AWS: the event source mapping of its queue, and the schedule.
//!
//! The mapping deletes messages that the function has completed, and leaves the others to the queue's visibility
//! time-out and redrive policy (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::aws::{Message, Queue, REGION};
use crate::runtime::{Function, Outcome};

/// The maximum number of records of an event.
const BATCH: usize = 10;
/// The number of receives whose records are collected before they are mixed.
const MIXED: usize = 10;

/// The way in which records are delivered.
#[derive(Clone, Copy, Default)]
pub struct Delivery {
    /// Every record is delivered to two concurrent invocations.
    pub twice: bool,
    /// The records of many batches are mixed, in an order given by this seed.
    pub shuffled: Option<u64>,
}

/// An event source, which invokes the function until it is dropped.
pub struct EventSource {
    _tasks: JoinSet<()>,
    enabled: watch::Sender<bool>,
    received: Arc<Mutex<HashMap<String, usize>>>,
}

impl EventSource {
    /// Creates an event source with at most `invocations` concurrent invocations, initially disabled.
    pub async fn between(
        queue: &Queue,
        function: &Function,
        invocations: usize,
        delivery: Delivery,
    ) -> Self {
        let arn = queue.arn().await;
        let received = Arc::<Mutex<HashMap<String, usize>>>::default();
        let (enabled, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for poller in 0..invocations {
            let poller = Poller {
                queue: queue.clone(),
                function: function.clone(),
                arn: arn.clone(),
                delivery,
                enabled: enabled.subscribe(),
                received: Arc::clone(&received),
                random: StdRng::seed_from_u64(
                    delivery.shuffled.unwrap_or_default() + poller as u64,
                ),
            };
            tasks.spawn(poller.run());
        }
        Self {
            _tasks: tasks,
            enabled,
            received,
        }
    }

    /// Stops taking messages from the queue (`false`), or goes on (`true`).
    pub fn set_enabled(&self, enabled: bool) {
        self.enabled.send_replace(enabled);
    }

    /// Returns the number of deliveries of each record, by its body.
    pub fn received(&self) -> HashMap<String, usize> {
        self.received.lock().expect("nobody panics").clone()
    }
}

struct Poller {
    queue: Queue,
    function: Function,
    arn: String,
    delivery: Delivery,
    enabled: watch::Receiver<bool>,
    received: Arc<Mutex<HashMap<String, usize>>>,
    random: StdRng,
}

impl Poller {
    async fn run(mut self) {
        while self.enabled.wait_for(|enabled| *enabled).await.is_ok() {
            let mut messages = self.queue.receive(Duration::from_secs(20)).await;
            if self.delivery.shuffled.is_some() {
                for _ in 1..MIXED {
                    messages.extend(self.queue.receive(Duration::ZERO).await);
                }
                messages.shuffle(&mut self.random);
            }
            for batch in messages.chunks(BATCH) {
                self.deliver(batch).await;
            }
        }
    }

    async fn deliver(&self, batch: &[Message]) {
        {
            let mut received = self.received.lock().expect("nobody panics");
            for message in batch {
                let body = message.body().unwrap_or_default().to_owned();
                *received.entry(body).or_default() += 1;
            }
        }
        let records: Vec<Value> = batch.iter().map(|message| self.record(message)).collect();
        let event = json!({ "Records": records }).to_string();
        let failed = if self.delivery.twice {
            let (one, other) = tokio::join!(self.invoke(&event), self.invoke(&event));
            one.and_then(|mut one| {
                one.extend(other?);
                Some(one)
            })
        } else {
            self.invoke(&event).await
        };
        if let Some(failed) = failed {
            let done = |message: &&Message| {
                let id = message.message_id().unwrap_or_default();
                !failed.contains(id)
            };
            let done: Vec<Message> = batch.iter().filter(done).cloned().collect();
            self.queue.delete(&done).await;
        }
    }

    /// Returns the ids of the records that failed, or `None` if the whole event failed.
    async fn invoke(&self, event: &str) -> Option<HashSet<String>> {
        let Outcome::Answer(answer) = self.function.invoke(event.to_owned()).await else {
            return None;
        };
        let answer: Value = serde_json::from_slice(&answer).expect("the function answers JSON");
        let failures = answer["batchItemFailures"].as_array();
        let failed = failures.into_iter().flatten().map(|failure| {
            let id = failure["itemIdentifier"].as_str();
            id.unwrap_or_else(|| panic!("no failure: {answer}"))
                .to_owned()
        });
        Some(failed.collect())
    }

    fn record(&self, message: &Message) -> Value {
        let attributes: HashMap<&str, &String> = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        json!({
            "messageId": message.message_id(),
            "receiptHandle": message.receipt_handle(),
            "body": message.body(),
            "attributes": attributes,
            "messageAttributes": {},
            "md5OfBody": message.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": self.arn,
            "awsRegion": REGION,
        })
    }
}

/// Invokes the function at the interval `every`.
pub fn schedule(function: Function, every: Duration) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            function.invoke(tick().to_string()).await;
        }
    });
    tasks
}

/// Returns a scheduled event of `EventBridge`
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html>).
pub fn tick() -> Value {
    json!({
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-22T08:00:00Z",
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:000000000000:rule/sweep")],
        "detail": {},
    })
}
