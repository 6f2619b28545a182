//! Counts of one invocation, in the format in which `CloudWatch` extracts metrics from logs
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use std::{mem, time::Duration};

use serde_json::{Map, Value, json};

use crate::Status;

const NAMESPACE: &str = "MMMS";
/// Separates the metrics of two stages of the service in one account.
const DIMENSION: &str = "FunctionName";
/// The maximum number of values of one metric in a document.
const MAX_VALUES: usize = 100;

#[derive(Debug, Default)]
pub struct Metrics {
    sent: u64,
    failed: u64,
    unconfirmed: u64,
    suppressed: u64,
    delivered: u64,
    bounced: u64,
    complained: u64,
    pub foreign_events: u64,
    pub throttled: u64,
    pub account_faults: u64,
    pub results_refused: u64,
    pub tokens_refused: u64,
    pub woken: u64,
    pub oldest_due: Option<Duration>,
    pub feed_delay: Option<Duration>,
    calls: Vec<Duration>,
}

impl Metrics {
    pub fn recipient_moved(&mut self, status: Status) {
        match status {
            Status::Sent => self.sent += 1,
            Status::Failed => self.failed += 1,
            Status::Unconfirmed => self.unconfirmed += 1,
            Status::Suppressed => self.suppressed += 1,
            Status::Delivered => self.delivered += 1,
            Status::Bounced => self.bounced += 1,
            Status::Complained => self.complained += 1,
            Status::Queued | Status::Sending | Status::Cancelled => {}
        }
    }

    pub fn call_made(&mut self, took: Duration) {
        self.calls.push(took);
    }

    /// Returns the counts since the last call: no document, or one, or more if one cannot hold all durations.
    pub fn take_documents(&mut self, function: &str, request_id: &str, now: i64) -> Vec<Value> {
        let taken = mem::take(self);
        let counts = [
            ("MailsSent", taken.sent),
            ("MailsFailed", taken.failed),
            ("MailsUnconfirmed", taken.unconfirmed),
            ("MailsSuppressed", taken.suppressed),
            ("MailsDelivered", taken.delivered),
            ("MailsBounced", taken.bounced),
            ("MailsComplained", taken.complained),
            ("ForeignEvents", taken.foreign_events),
            ("MailsThrottled", taken.throttled),
            ("AccountFaults", taken.account_faults),
            ("ResultsRefused", taken.results_refused),
            ("AdminTokensRefused", taken.tokens_refused),
            ("WakeUps", taken.woken),
        ];
        let mut metrics: Vec<Metric> = counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name, "Count", json!(count)))
            .collect();
        let ages = [
            ("OldestDueAge", taken.oldest_due),
            ("FeedDelay", taken.feed_delay),
        ];
        metrics.extend(
            ages.into_iter()
                .filter_map(|(name, age)| Some((name, "Seconds", json!(age?.as_secs_f64())))),
        );
        let mut durations = taken.calls.chunks(MAX_VALUES).map(send_duration);
        metrics.extend(durations.next());
        let mut documents = Vec::new();
        if !metrics.is_empty() {
            documents.push(document(&metrics, function, request_id, now));
        }
        documents.extend(durations.map(|more| document(&[more], function, request_id, now)));
        documents
    }
}

type Metric = (&'static str, &'static str, Value);

fn send_duration(calls: &[Duration]) -> Metric {
    let values: Vec<f64> = calls.iter().map(|took| took.as_secs_f64() * 1e3).collect();
    ("SendDuration", "Milliseconds", json!(values))
}

fn document(metrics: &[Metric], function: &str, request_id: &str, now: i64) -> Value {
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
        .collect();
    let mut document = Map::new();
    document.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [[DIMENSION]],
                "Metrics": definitions,
            }],
        }),
    );
    document.insert(DIMENSION.to_owned(), json!(function));
    document.insert("function.request_id".to_owned(), json!(request_id));
    for (name, _, value) in metrics {
        document.insert((*name).to_owned(), value.clone());
    }
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Metrics {
        let mut metrics = Metrics::default();
        for status in [
            Status::Sent,
            Status::Sent,
            Status::Failed,
            Status::Unconfirmed,
            Status::Queued,
            Status::Cancelled,
        ] {
            metrics.recipient_moved(status);
        }
        metrics.throttled = 3;
        metrics.account_faults = 4;
        metrics.results_refused = 6;
        metrics.tokens_refused = 7;
        metrics.woken = 5;
        metrics.oldest_due = Some(Duration::from_millis(1500));
        metrics.call_made(Duration::from_millis(40));
        metrics.call_made(Duration::from_micros(60_500));
        metrics
    }

    /// Checks the rules of the specification, as far as a document can break them.
    fn check(document: &Value) {
        let aws = &document["_aws"];
        assert!(aws["Timestamp"].is_u64(), "milliseconds since the epoch");
        let directives = aws["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(directives.len(), 1);
        let directive = &directives[0];
        let namespace = directive["Namespace"].as_str().unwrap();
        assert!((1..=1024).contains(&namespace.len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 30);
            for dimension in set {
                let value = document[dimension.as_str().unwrap()].as_str().unwrap();
                assert!((1..=1024).contains(&value.len()));
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        for metric in metrics {
            let unit = metric["Unit"].as_str().unwrap();
            assert!(["Count", "Seconds", "Milliseconds"].contains(&unit));
            let value = &document[metric["Name"].as_str().unwrap()];
            if let Some(values) = value.as_array() {
                assert!((1..=100).contains(&values.len()));
                assert!(values.iter().all(Value::is_number));
            } else {
                assert!(value.is_number(), "{metric} is {value}");
            }
        }
        assert!(document.to_string().len() < 256 * 1024);
    }

    #[test]
    fn a_document_has_everything_that_was_counted() {
        let documents = counted().take_documents("mmms-worker", "id-1", 1_769_509_800_007);
        assert_eq!(documents.len(), 1);
        check(&documents[0]);
        assert_eq!(
            documents[0],
            json!({
                "_aws": {
                    "Timestamp": 1_769_509_800_007_u64,
                    "CloudWatchMetrics": [{
                        "Namespace": "MMMS",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            {"Name": "MailsSent", "Unit": "Count"},
                            {"Name": "MailsFailed", "Unit": "Count"},
                            {"Name": "MailsUnconfirmed", "Unit": "Count"},
                            {"Name": "MailsThrottled", "Unit": "Count"},
                            {"Name": "AccountFaults", "Unit": "Count"},
                            {"Name": "ResultsRefused", "Unit": "Count"},
                            {"Name": "AdminTokensRefused", "Unit": "Count"},
                            {"Name": "WakeUps", "Unit": "Count"},
                            {"Name": "OldestDueAge", "Unit": "Seconds"},
                            {"Name": "SendDuration", "Unit": "Milliseconds"},
                        ],
                    }],
                },
                "FunctionName": "mmms-worker",
                "function.request_id": "id-1",
                "MailsSent": 2,
                "MailsFailed": 1,
                "MailsUnconfirmed": 1,
                "MailsThrottled": 3,
                "AccountFaults": 4,
                "ResultsRefused": 6,
                "AdminTokensRefused": 7,
                "WakeUps": 5,
                "OldestDueAge": 1.5,
                "SendDuration": [40.0, 60.5],
            })
        );
    }

    #[test]
    fn what_was_written_is_not_written_again() {
        let mut metrics = counted();
        assert_eq!(metrics.take_documents("f", "1", 1).len(), 1);
        assert!(metrics.take_documents("f", "2", 2).is_empty());
        metrics.recipient_moved(Status::Sent);
        let documents = metrics.take_documents("f", "3", 3);
        assert_eq!(documents[0]["MailsSent"], 1);
        assert!(documents[0].get("MailsFailed").is_none());
    }

    #[test]
    fn more_calls_than_a_document_holds_go_into_more_documents() {
        let mut metrics = counted();
        for _ in 0..203 {
            metrics.call_made(Duration::from_millis(1));
        }
        let documents = metrics.take_documents("f", "1", 1);
        documents.iter().for_each(check);
        let calls = |document: &Value| document["SendDuration"].as_array().unwrap().len();
        assert_eq!(
            documents.iter().map(calls).collect::<Vec<_>>(),
            [100, 100, 5]
        );
        let sent = |document: &Value| document.get("MailsSent").is_some();
        assert_eq!(documents.iter().filter(|one| sent(one)).count(), 1);
    }

    #[test]
    fn nobody_being_due_is_worth_a_document() {
        let mut metrics = Metrics {
            oldest_due: Some(Duration::ZERO),
            ..Metrics::default()
        };
        let documents = metrics.take_documents("f", "1", 1);
        check(&documents[0]);
        assert_eq!(documents[0]["OldestDueAge"], 0.0);
    }
}
