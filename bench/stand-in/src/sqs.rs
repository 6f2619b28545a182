//! SQS's JSON protocol, as far as senders and receivers of standard queues use it.
//!
//! The queue of results only counts: its reader is not part of what is measured.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::http::{self, Answer, Asked};

pub const RESULTS: &str = "results";
/// Longer than the work on any message.
const VISIBILITY: Duration = Duration::from_mins(6);

#[derive(Default)]
pub struct Sqs {
    queues: Mutex<HashMap<String, Queue>>,
    arrived: Notify,
}

#[derive(Default)]
struct Queue {
    ready: VecDeque<Message>,
    /// Messages that are delayed or being worked on, with the time of their return, by receipt handle.
    hidden: HashMap<String, (Instant, Message)>,
    sent: usize,
    deleted: usize,
}

#[derive(Clone)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub group: Option<String>,
    pub receives: usize,
}

impl Queue {
    fn push(&mut self, entry: &Value) -> String {
        self.sent += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.sent);
        let message = Message {
            id: id.clone(),
            body: entry["MessageBody"].as_str().unwrap_or_default().to_owned(),
            group: entry["MessageGroupId"].as_str().map(str::to_owned),
            receives: 0,
        };
        match entry["DelaySeconds"].as_u64() {
            Some(delay) if delay > 0 => {
                let due = Instant::now() + Duration::from_secs(delay);
                self.hidden.insert(format!("delayed-{id}"), (due, message));
            }
            _ => self.ready.push_back(message),
        }
        id
    }

    /// Returns messages with their receipt handles.
    fn take(&mut self, most: usize) -> Vec<(String, Message)> {
        let now = Instant::now();
        for (_, (_, message)) in self.hidden.extract_if(|_, (due, _)| *due <= now) {
            self.ready.push_back(message);
        }
        let count = most.min(self.ready.len());
        let mut taken = Vec::with_capacity(count);
        for mut message in self.ready.drain(..count) {
            message.receives += 1;
            let handle = format!("{}-{}", message.id, message.receives);
            let hidden = (now + VISIBILITY, message.clone());
            self.hidden.insert(handle.clone(), hidden);
            taken.push((handle, message));
        }
        taken
    }

    fn delete(&mut self, handle: &str) {
        if self.hidden.remove(handle).is_some() {
            self.deleted += 1;
        }
    }

    fn change_visibility(&mut self, entry: &Value) {
        let handle = entry["ReceiptHandle"].as_str().unwrap_or_default();
        let seconds = entry["VisibilityTimeout"].as_u64().unwrap_or_default();
        if let Some((due, _)) = self.hidden.get_mut(handle) {
            *due = Instant::now() + Duration::from_secs(seconds);
        }
    }
}

impl Sqs {
    fn queues(&self) -> MutexGuard<'_, HashMap<String, Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, name: &str, work: impl FnOnce(&mut Queue) -> T) -> T {
        work(self.queues().entry(name.to_owned()).or_default())
    }

    /// Waits up to `wait` for at least one message.
    pub async fn receive(&self, name: &str, most: usize, wait: Duration) -> Vec<(String, Message)> {
        let end = Instant::now() + wait;
        loop {
            let arrived = self.arrived.notified();
            let taken = self.with(name, |queue| queue.take(most));
            if !taken.is_empty() || Instant::now() >= end {
                return taken;
            }
            // Delayed messages return without a notice.
            let look_again = end.min(Instant::now() + Duration::from_millis(200));
            let _ = timeout_at(look_again, arrived).await;
        }
    }

    pub fn delete(&self, name: &str, handle: &str) {
        self.with(name, |queue| queue.delete(handle));
    }

    pub fn reset(&self) {
        self.queues().clear();
    }

    pub fn report(&self) -> Value {
        let report = |queue: &Queue| {
            json!({
                "ready": queue.ready.len(), "hidden": queue.hidden.len(),
                "sent": queue.sent, "deleted": queue.deleted,
            })
        };
        let queues = self.queues();
        let named = queues
            .iter()
            .map(|(name, queue)| (name.clone(), report(queue)));
        Value::Object(named.collect::<Map<_, _>>())
    }

    pub async fn answer(&self, asked: &Asked) -> Answer {
        let Ok(request) = serde_json::from_slice::<Value>(&asked.body) else {
            return http::json(400, &json!({"__type": "InvalidRequest"}));
        };
        let url = request["QueueUrl"].as_str().unwrap_or_default();
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        let answer = match asked.operation.as_str() {
            "SendMessage" => {
                self.send(&name, std::slice::from_ref(&request))["Successful"][0].clone()
            }
            "SendMessageBatch" => self.send(&name, entries(&request)),
            "ReceiveMessage" => self.receive_message(&name, &request).await,
            "DeleteMessage" => {
                self.delete(&name, request["ReceiptHandle"].as_str().unwrap_or_default());
                json!({})
            }
            "DeleteMessageBatch" => self.each(&name, entries(&request), |queue, entry| {
                queue.delete(entry["ReceiptHandle"].as_str().unwrap_or_default());
            }),
            "ChangeMessageVisibility" => {
                self.with(&name, |queue| queue.change_visibility(&request));
                json!({})
            }
            "ChangeMessageVisibilityBatch" => {
                self.each(&name, entries(&request), Queue::change_visibility)
            }
            "GetQueueUrl" => json!({"QueueUrl": format!("http://127.0.0.1/{name}")}),
            "GetQueueAttributes" => self.with(&name, |queue| {
                json!({"Attributes": {
                    "ApproximateNumberOfMessages": queue.ready.len().to_string(),
                    "ApproximateNumberOfMessagesDelayed": "0",
                    "ApproximateNumberOfMessagesNotVisible": queue.hidden.len().to_string(),
                }})
            }),
            other => return http::json(400, &json!({"__type": "InvalidAction", "message": other})),
        };
        http::json(200, &answer)
    }

    fn send(&self, name: &str, entries: &[Value]) -> Value {
        let ids: Vec<String> = self.with(name, |queue| {
            if name == RESULTS {
                queue.sent += entries.len();
                return vec![String::from("0"); entries.len()];
            }
            entries.iter().map(|entry| queue.push(entry)).collect()
        });
        self.arrived.notify_waiters();
        let sent = entries
            .iter()
            .zip(ids)
            .map(|(entry, id)| json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""}));
        json!({"Successful": sent.collect::<Vec<_>>(), "Failed": []})
    }

    fn each(&self, name: &str, entries: &[Value], work: impl Fn(&mut Queue, &Value)) -> Value {
        self.with(name, |queue| {
            for entry in entries {
                work(queue, entry);
            }
        });
        let done = entries.iter().map(|entry| json!({"Id": entry["Id"]}));
        json!({"Successful": done.collect::<Vec<_>>(), "Failed": []})
    }

    async fn receive_message(&self, name: &str, request: &Value) -> Value {
        let most = request["MaxNumberOfMessages"].as_u64().unwrap_or(1);
        let wait = Duration::from_secs(request["WaitTimeSeconds"].as_u64().unwrap_or(0));
        let most = usize::try_from(most).unwrap_or(1);
        let taken = self.receive(name, most, wait).await;
        let messages = taken.iter().map(|(handle, message)| {
            json!({
                "MessageId": message.id, "ReceiptHandle": handle, "Body": message.body, "MD5OfBody": "",
                "Attributes": message.attributes(),
            })
        });
        json!({"Messages": messages.collect::<Vec<_>>()})
    }
}

fn entries(request: &Value) -> &[Value] {
    request["Entries"].as_array().map_or(&[], Vec::as_slice)
}

impl Message {
    pub fn attributes(&self) -> Value {
        let mut attributes = json!({"ApproximateReceiveCount": self.receives.to_string()});
        if let Some(group) = &self.group {
            attributes["MessageGroupId"] = json!(group);
        }
        attributes
    }
}
