//! The queue to which outcomes are written.

use std::time::Duration;

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use aws_sdk_sqs::error::DisplayErrorContext;
use url::Url;
use webhook::Report;

/// The time for one request to SQS, and for all repetitions of it. Together with a post it has to fit into an invocation.
const ATTEMPT: Duration = Duration::from_secs(3);
const ALL_ATTEMPTS: Duration = Duration::from_secs(6);

#[derive(Debug)]
pub struct OutcomeQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl OutcomeQueue {
    pub async fn open(url: &Url) -> Self {
        let limits = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(ALL_ATTEMPTS)
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(limits)
            .load()
            .await;
        Self {
            sqs: aws_sdk_sqs::Client::new(&config),
            url: url.to_string(),
        }
    }

    /// Writes a report, or returns what went wrong. Reports of one webhook take turns with those of others.
    pub async fn write(&self, report: &Report) -> Result<(), String> {
        let body = serde_json::to_string(report).map_err(|error| error.to_string())?;
        let sent = self
            .sqs
            .send_message()
            .queue_url(&self.url)
            .message_group_id(report.attempt.webhook_id.to_string())
            .message_body(body)
            .send()
            .await;
        sent.map(|_| ())
            .map_err(|error| DisplayErrorContext(error).to_string())
    }
}
