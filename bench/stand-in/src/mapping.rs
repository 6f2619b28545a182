//! The event source mapping between a queue and functions: it deletes the messages that a function has completed
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).

use std::{collections::HashSet, sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    runtime::Runtime,
    sqs::{Message, Sqs},
};

/// Invokes the function with batches of messages until it is aborted. An instance has one event at a time.
pub async fn run(sqs: Arc<Sqs>, queue: String, runtime: Arc<Runtime>, batch: usize) {
    loop {
        let taken = sqs.receive(&queue, batch, Duration::from_secs(20)).await;
        if taken.is_empty() {
            continue;
        }
        let records: Vec<Value> = taken
            .iter()
            .map(|(handle, message)| record(&queue, handle, message))
            .collect();
        let event = json!({"Records": records}).to_string();
        let answer = match runtime.invoke(event.into()).await {
            Ok(answer) => answer,
            Err(error) => {
                eprintln!("{error:#}");
                continue;
            }
        };
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
        let failed: HashSet<&str> = failures
            .filter_map(|failure| failure["itemIdentifier"].as_str())
            .collect();
        for (handle, message) in &taken {
            if !failed.contains(message.id.as_str()) {
                sqs.delete(&queue, handle);
            }
        }
    }
}

fn record(queue: &str, handle: &str, message: &Message) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": handle,
        "body": message.body,
        "attributes": message.attributes(),
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-central-1:000000000000:{queue}"),
        "awsRegion": "eu-central-1",
    })
}
