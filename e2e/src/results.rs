//! The messages of the result queue.

use std::collections::{HashMap, HashSet};

use jsonschema::Validator;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use crate::aws::Queue;

/// A consumer of the result queue, which takes every message, checks it, and keeps it.
pub struct Results {
    queue: Queue,
    taken: Mutex<Vec<Value>>,
    schema: Validator,
}

impl Results {
    pub fn of(queue: &Queue) -> Self {
        let schema = include_str!("../../mail/result.schema.json");
        let schema = serde_json::from_str(schema).expect("the schema is JSON");
        Self {
            queue: queue.clone(),
            taken: Mutex::default(),
            schema: jsonschema::validator_for(&schema).expect("the schema is one"),
        }
    }

    /// Returns the last result of each recipient of a mailing, in the order of the request, once all are there.
    ///
    /// Messages may be delivered twice, and out of order: messages with the same event id are the same.
    pub async fn last(&self, mailing: &str, count: usize) -> Vec<Value> {
        let events = self.events(mailing, count).await;
        let mut last: HashMap<u64, Value> = HashMap::new();
        for result in events {
            let index = result["index"].as_u64().expect("an index");
            let newest = last.entry(index).or_insert_with(|| result.clone());
            if result["occurred_at"].as_str() >= newest["occurred_at"].as_str() {
                *newest = result;
            }
        }
        let mut last: Vec<Value> = last.into_values().collect();
        last.sort_by_key(|result| result["index"].as_u64());
        assert_eq!(last.len(), count);
        last
    }

    /// Returns the events of a mailing, each once, when each of its recipients has had one.
    pub async fn events(&self, mailing: &str, count: usize) -> Vec<Value> {
        let taken = self
            .take_until("a result for each", |taken| {
                let of_mailing = taken.iter().filter(|result| result["id"] == mailing);
                let told: HashSet<_> = of_mailing.map(|result| result["index"].clone()).collect();
                told.len() >= count
            })
            .await;
        let mut events: HashMap<&str, &Value> = HashMap::new();
        let mut in_order = Vec::new();
        for result in taken.iter().filter(|result| result["id"] == mailing) {
            self.check(result);
            let event = result["event_id"].as_str().expect("an event");
            match events.insert(event, result) {
                Some(known) => assert_eq!(known, result, "the same event is the same message"),
                None => in_order.push(result.clone()),
            }
        }
        in_order
    }

    /// Waits until these statuses, and no other ones, were published of a mailing.
    pub async fn has_told(&self, mailing: &str, statuses: &[&str]) {
        let expected: HashSet<&str> = statuses.iter().copied().collect();
        let taken = self
            .take_until("the statuses", |taken| {
                let of_mailing = taken.iter().filter(|result| result["id"] == mailing);
                let told = of_mailing.filter_map(|result| result["status"].as_str());
                told.collect::<HashSet<_>>() == expected
            })
            .await;
        for result in taken.iter().filter(|result| result["id"] == mailing) {
            self.check(result);
        }
    }

    /// Takes messages until there are enough with those that were taken before.
    async fn take_until(
        &self,
        what: &str,
        enough: impl Fn(&[Value]) -> bool,
    ) -> MutexGuard<'_, Vec<Value>> {
        let mut taken = self.taken.lock().await;
        if !enough(&taken) {
            let before = taken.clone();
            let more = self
                .queue
                .take_until(what, |more| enough(&[&before[..], more].concat()));
            taken.extend(more.await);
        }
        taken
    }

    fn check(&self, result: &Value) {
        let faults: Vec<_> = self.schema.iter_errors(result).collect();
        assert!(faults.is_empty(), "{result}: {faults:?}");
    }

    /// Returns the number of messages that have arrived since the last ones were taken, without waiting.
    pub async fn more(&self) -> usize {
        let more = self.queue.take_all().await;
        let many = more.len();
        self.taken.lock().await.extend(more);
        many
    }
}
