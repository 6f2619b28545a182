//! Posts the messages of a batch at once, and writes the outcome of each as soon as it is known.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use webhook::{Ending, Poster, Posting, Report, Unsent};

use crate::{
    event::{Event, Record},
    outcomes::OutcomeQueue,
};

/// The means of the function.
#[derive(Debug)]
pub struct Posts {
    pub poster: Poster,
    pub outcomes: OutcomeQueue,
}

/// Handles a batch. A record whose outcome could not be written fails alone, and is received again.
pub async fn handle(
    posts: Arc<Posts>,
    event: LambdaEvent<Value>,
) -> Result<SqsBatchResponse, Error> {
    // The error does not quote the event.
    let Ok(event) = serde_json::from_value::<Event>(event.payload) else {
        return Err("an event that is no batch of SQS messages".into());
    };
    let count = event.records.len();
    let handled = event.records.into_iter().map(async |record| {
        let id = record.message_id.clone();
        let posts = Arc::clone(&posts);
        // A task of its own, so that a panic fails one record.
        let done = tokio::spawn(async move { posts.handle(&record).await }).await;
        (!done.unwrap_or(false)).then_some(id)
    });
    let failed: Vec<String> = join_all(handled).await.into_iter().flatten().collect();
    tracing::info!(records = count, failed = failed.len(), "messages posted");
    let failure = |item_identifier| BatchItemFailure { item_identifier };
    Ok(SqsBatchResponse {
        batch_item_failures: failed.into_iter().map(failure).collect(),
    })
}

impl Posts {
    /// Returns whether the record is done with.
    async fn handle(&self, record: &Record) -> bool {
        let Ok(posting) = serde_json::from_str::<Posting>(&record.body) else {
            tracing::error!(
                sqs.message_id = record.message_id,
                "a message is malformed, it goes to the dead-letter queue"
            );
            return false;
        };
        let ending = if posting.is_stale(now()) {
            Ending::Unsent(Unsent::Stale)
        } else {
            Ending::Outcome(self.poster.post(&posting.message).await)
        };
        let report = Report {
            attempt: posting.attempt,
            ending,
        };
        let written = self.outcomes.write(&report).await;
        if let Err(error) = &written {
            tracing::error!(
                webhook.id = %report.attempt.webhook_id, event.id = %report.attempt.event_id, error,
                "an outcome was not written, its message is posted again"
            );
        }
        written.is_ok()
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
