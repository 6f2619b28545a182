//! The worker as a Lambda function: wake-ups from SQS, and the schedule of the sweep.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use futures_util::{StreamExt, stream};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mail::{Service, queue::Received, telemetry, timestamp};
use serde_json::{Value, json};

use crate::{
    event::{Event, Record},
    source::Source,
};

/// The time before the end of an invocation that is reserved for publishing ends and returning the answer.
const BEFORE_END: Duration = Duration::from_secs(3);
/// The time that is reserved for returning the answer.
const TO_ANSWER: Duration = Duration::from_millis(500);
/// The number of records that are worked on concurrently: while one waits for the transport, another uses the single
/// connection to the database.
const AT_ONCE: usize = 4;

/// Handles events until the instance ends.
pub async fn run(service: Arc<Service>) -> anyhow::Result<()> {
    service.stop_on_signal()?;
    // Boxed: the futures of the runtime and of the work together are nested too deeply for the compiler.
    let handler = service_fn(|event| Box::pin(invoke(&service, event)));
    tokio::select! {
        ended = lambda_runtime::run(handler) => ended.map_err(|error| anyhow!(error))?,
        () = service.stop.cancelled() => {}
    }
    service.finish().await;
    Ok(())
}

async fn invoke(service: &Arc<Service>, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    telemetry::begin(&context.env_config.function_name, &context.request_id);
    let end = timestamp::instant(context.deadline);
    let before_end = |time| end.checked_sub(time).unwrap_or_else(Instant::now);
    let answer = match Event::of(&payload) {
        Ok(Event::Records(records)) => {
            let failures = work_on(service, records, before_end(BEFORE_END)).await;
            Ok(serde_json::to_value(failures)?)
        }
        Ok(Event::Sweep) => sweep(service, before_end(BEFORE_END)).await,
        Err(unknown) => Err(unknown.into()),
    };
    // What has moved has events. Nothing waits for them: the mail is sent and recorded.
    service.hand_over_webhooks(before_end(BEFORE_END)).await;
    service.settle(before_end(TO_ANSWER)).await;
    telemetry::flush();
    answer
}

/// Works on records of the queues. One that cannot be worked on fails alone and is received again.
async fn work_on(service: &Arc<Service>, records: Vec<Record>, until: Instant) -> SqsBatchResponse {
    let (mut wake_ups, mut events, mut outcomes) = (Vec::new(), Vec::new(), Vec::new());
    for Record { queue_arn, message } in records {
        match Source::of(&service.config, &queue_arn) {
            Source::WakeUps => wake_ups.push(message),
            Source::Events => events.push(message),
            Source::Outcomes => outcomes.push(message),
        }
    }
    let mut failed = Vec::new();
    if !events.is_empty() {
        let done = service.take_event_messages(&events).await;
        failed.extend(failures(events, done, "events of SES taken"));
    }
    if !outcomes.is_empty() {
        let done = service.take_webhook_outcomes(&outcomes, Some(until)).await;
        failed.extend(failures(outcomes, done, "outcomes of webhooks taken"));
    }
    if !wake_ups.is_empty() {
        failed.extend(work_on_wake_ups(service, wake_ups, until).await);
    }
    let failure = |item_identifier| BatchItemFailure { item_identifier };
    SqsBatchResponse {
        batch_item_failures: failed.into_iter().map(failure).collect(),
    }
}

/// Returns the ids of the messages that must be received again, and logs their number.
fn failures(messages: Vec<Received>, done: Vec<bool>, what: &str) -> Vec<String> {
    let count = messages.len();
    let failed: Vec<String> = messages
        .into_iter()
        .zip(done)
        .filter(|(_, done)| !done)
        .map(|(message, _)| message.id)
        .collect();
    tracing::info!(records = count, failed = failed.len(), "{what}");
    failed
}

/// Returns the ids of the wake-ups that could not be worked on.
async fn work_on_wake_ups(
    service: &Arc<Service>,
    wake_ups: Vec<Received>,
    until: Instant,
) -> Vec<String> {
    let count = wake_ups.len();
    let failed: Vec<String> = stream::iter(wake_ups)
        .map(|wake_up| async move {
            let done = service.take(&wake_up, Some(until)).await;
            (!done).then_some(wake_up.id)
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect()
        .await;
    tracing::info!(records = count, failed = failed.len(), "wake-ups worked on");
    failed
}

async fn sweep(service: &Arc<Service>, until: Instant) -> Result<Value, Error> {
    // Boxed: the future of the sweep is nested too deeply to be part of the invocation's.
    match Box::pin(service.sweep(Some(until))).await {
        Ok(()) => Ok(json!({"swept": true})),
        // Each step has logged its own failure; the caller must not see the details.
        Err(_) => Err("the sweep failed".into()),
    }
}
