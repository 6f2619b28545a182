//! A queue in SQS, shared by all instances.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_sdk_sqs::{
    error::{DisplayErrorContext, ProvideErrorMetadata},
    types::{
        DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use futures_util::{StreamExt, stream};
use url::Url;

use crate::{
    aws::{Aws, LONG_POLL, long_poll},
    wake_up::WakeUp,
};

/// The maximum number of messages of a batch
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>).
pub const BATCH: usize = 10;
/// The number of batches that are sent concurrently.
const AT_ONCE: usize = 8;
/// The longest delay of a message.
pub const LONGEST_DELAY: Duration = Duration::from_mins(15);

#[derive(Debug)]
pub struct SqsQueue {
    aws: Arc<Aws>,
    url: String,
}

/// A received message, which is received again unless it is deleted.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    pub id: String,
    pub body: String,
    pub receipt_handle: String,
    pub group: Option<String>,
    /// The number of receives, this one included.
    pub receives: u32,
}

impl SqsQueue {
    pub fn new(aws: Arc<Aws>, url: &Url) -> Self {
        Self {
            aws,
            url: url.to_string(),
        }
    }

    /// Returns the name of the queue.
    pub fn name(&self) -> &str {
        let path = self.url.trim_end_matches('/');
        path.rsplit('/').next().unwrap_or_default()
    }

    /// Enqueues wake-ups, and returns those that could not be enqueued.
    pub async fn push(&self, wake_ups: Vec<WakeUp>, delay: Duration) -> Vec<WakeUp> {
        let messages = wake_ups
            .iter()
            .map(|wake_up| Outgoing {
                body: wake_up.to_body(),
                group: Some(wake_up.group()),
            })
            .collect();
        let written = self.send(messages, delay).await;
        let mut missing = Vec::new();
        for (wake_up, written) in wake_ups.into_iter().zip(written) {
            if written != Sent::Taken {
                missing.push(wake_up);
            }
        }
        missing
    }

    /// Sends messages, which are delivered after `delay`, and returns the fate of each.
    pub async fn send(&self, messages: Vec<Outgoing>, delay: Duration) -> Vec<Sent> {
        send(&self.aws, &self.url, messages, delay.min(LONGEST_DELAY)).await
    }

    /// Waits for messages; there may be none.
    pub async fn receive(&self, most: usize) -> Result<Vec<Received>, String> {
        let most = i32::try_from(most.min(BATCH)).unwrap_or(1);
        let answer = self
            .aws
            .sqs()
            .await
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(most)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            .wait_time_seconds(i32::try_from(LONG_POLL.as_secs()).unwrap_or(20))
            .customize()
            .config_override(long_poll())
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.into_iter().filter_map(received).collect())
    }

    /// Deletes at most ten messages. One that is not deleted is received again, which does no harm.
    pub async fn delete(&self, receipt_handles: &[&str]) {
        if receipt_handles.is_empty() {
            return;
        }
        let entries = receipt_handles
            .iter()
            .enumerate()
            .filter_map(|(index, handle)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(*handle)
                    .build()
                    .ok()
            });
        let deleted = self
            .aws
            .sqs()
            .await
            .delete_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries.collect()))
            .send()
            .await;
        if let Err(error) = deleted {
            tracing::warn!(error = %DisplayErrorContext(error), "messages were not deleted, they are delivered again");
        }
    }

    /// Deletes those messages of a batch that are done with.
    pub async fn delete_done(&self, messages: &[Received], done: &[bool]) {
        let done: Vec<&str> = messages
            .iter()
            .zip(done)
            .filter(|(_, done)| **done)
            .map(|(message, _)| message.receipt_handle.as_str())
            .collect();
        self.delete(&done).await;
    }

    /// Makes a message visible again after `pause`.
    pub async fn change_visibility(&self, receipt_handle: &str, pause: Duration) {
        let changed = self
            .aws
            .sqs()
            .await
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(pause.as_secs()).unwrap_or(0))
            .send()
            .await;
        if let Err(error) = changed {
            tracing::warn!(error = %DisplayErrorContext(error), "a message that failed stays hidden for its time");
        }
    }

    /// Returns the approximate number of messages that wait, are delayed or are being worked on, or `None` if the queue
    /// does not answer.
    pub async fn length(&self) -> Option<u64> {
        length(&self.aws, &self.url).await
    }
}

/// Returns the same number for any queue.
pub async fn length(aws: &Aws, url: &str) -> Option<u64> {
    let counts = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let answer = aws
        .sqs()
        .await
        .get_queue_attributes()
        .queue_url(url)
        .set_attribute_names(Some(counts.to_vec()))
        .send()
        .await;
    match answer {
        Ok(answer) => {
            let attributes = answer.attributes.unwrap_or_default();
            let count = |name| attributes.get(name)?.parse::<u64>().ok();
            counts.iter().map(count).sum()
        }
        Err(error) => {
            tracing::warn!(error = %DisplayErrorContext(error), "the queue does not answer");
            None
        }
    }
}

fn received(message: Message) -> Option<Received> {
    let attributes = message.attributes.unwrap_or_default();
    let attribute = |name| attributes.get(&name).cloned();
    Some(Received {
        id: message.message_id.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        receipt_handle: message.receipt_handle?,
        group: attribute(MessageSystemAttributeName::MessageGroupId),
        receives: attribute(MessageSystemAttributeName::ApproximateReceiveCount)
            .and_then(|count| count.parse().ok())
            .unwrap_or(1),
    })
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub body: String,
    /// Messages of one group take turns with those of other groups, in a standard queue.
    pub group: Option<String>,
}

/// The fate of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    Taken,
    /// The queue will never take this message: it is too long, or contains a forbidden character.
    Refused(String),
    /// The queue did not answer, or could not take the message now.
    NotNow,
}

/// Error codes of a request that is refused as a whole although only some of its messages are at fault.
const MESSAGE_FAULTS: [&str; 2] = ["BatchRequestTooLong", "InvalidMessageContents"];

/// Sends messages, and returns the fate of each: taken, refused or to be sent again. If the queue does not answer, the
/// remaining messages are not tried.
pub async fn send(aws: &Aws, url: &str, messages: Vec<Outgoing>, delay: Duration) -> Vec<Sent> {
    let away = &AtomicBool::new(false);
    let batches: Vec<_> = messages
        .chunks(BATCH)
        .map(|batch| async move {
            if away.load(Ordering::Relaxed) {
                return vec![Sent::NotNow; batch.len()];
            }
            let sent = send_apart(aws, url, batch, delay).await;
            if sent.iter().all(|sent| *sent == Sent::NotNow) {
                away.store(true, Ordering::Relaxed);
            }
            sent
        })
        .collect();
    stream::iter(batches)
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .concat()
}

/// Sends a batch, and sends its messages one by one if the batch is refused because of the content of some.
async fn send_apart(aws: &Aws, url: &str, messages: &[Outgoing], delay: Duration) -> Vec<Sent> {
    let fault = match send_batch(aws, url, messages, delay).await {
        Ok(sent) => return sent,
        Err(fault) => fault,
    };
    if messages.len() == 1 {
        return vec![fault];
    }
    if fault == Sent::NotNow {
        return vec![fault; messages.len()];
    }
    let mut sent = Vec::with_capacity(messages.len());
    for message in messages.chunks(1) {
        match send_batch(aws, url, message, delay).await {
            Ok(one) => sent.extend(one),
            Err(fault) => sent.push(fault),
        }
    }
    sent
}

/// Returns the fate of each message, or of the whole request if it was refused as a whole or not answered.
async fn send_batch(
    aws: &Aws,
    url: &str,
    messages: &[Outgoing],
    delay: Duration,
) -> Result<Vec<Sent>, Sent> {
    let mut sent = vec![Sent::NotNow; messages.len()];
    // Without a delay the field is omitted, because the queue may have a delay of its own.
    let delay = i32::try_from(delay.as_secs()).ok().filter(|s| *s > 0);
    let entries = messages.iter().enumerate().filter_map(|(index, message)| {
        SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(&message.body)
            .set_message_group_id(message.group.clone())
            .set_delay_seconds(delay)
            .build()
            .ok()
    });
    let answer = aws
        .sqs()
        .await
        .send_message_batch()
        .queue_url(url)
        .set_entries(Some(entries.collect()))
        .send()
        .await
        .map_err(|error| {
            tracing::warn!(error = %DisplayErrorContext(&error), "the queue did not take a batch");
            let code = error.code().and_then(|code| code.rsplit('.').next());
            match code.filter(|code| MESSAGE_FAULTS.contains(code)) {
                Some(code) => Sent::Refused(code.to_owned()),
                None => Sent::NotNow,
            }
        })?;
    let mut note = |id: &str, became| {
        let index = id.parse::<usize>().ok();
        if let Some(sent) = index.and_then(|index| sent.get_mut(index)) {
            *sent = became;
        }
    };
    for entry in &answer.successful {
        note(&entry.id, Sent::Taken);
    }
    // A fault of SQS itself, such as `InternalError`, says nothing about the message.
    for entry in answer.failed.iter().filter(|entry| entry.sender_fault) {
        note(&entry.id, Sent::Refused(entry.code.clone()));
    }
    if let Some(failed) = answer.failed.first() {
        tracing::warn!(
            count = answer.failed.len(),
            sqs.code = failed.code,
            "the queue did not take some messages of a batch"
        );
    }
    Ok(sent)
}
