//! The events that the worker function is invoked with. Only the necessary fields are read: an unknown field of one
//! message must not prevent the other nine from being worked on.

use mail::queue::Received;
use serde_json::Value;
use thiserror::Error;

#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A batch of SQS messages (<https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>).
    Records(Vec<Record>),
    /// A scheduled rule of `EventBridge`, or `{"sweep": true}` from any caller.
    Sweep,
}

/// A message of SQS, and the queue that it was received from.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    pub queue_arn: String,
    pub message: Received,
}

/// An unknown event. The error names its kind, and does not quote its content.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("{0} is no event that the worker knows: it takes records of SQS and schedules")]
pub struct Unknown(String);

impl Event {
    pub fn of(event: &Value) -> Result<Self, Unknown> {
        if let Some(records) = event["Records"].as_array() {
            return Ok(Self::Records(
                records.iter().map(record).collect::<Result<_, _>>()?,
            ));
        }
        let text = |name| event[name].as_str();
        let scheduled =
            (text("source"), text("detail-type")) == (Some("aws.events"), Some("Scheduled Event"));
        if scheduled || event["sweep"] == true {
            return Ok(Self::Sweep);
        }
        Err(Unknown(match (text("source"), text("detail-type")) {
            (Some(source), Some(kind)) => format!("{kind} of {source}"),
            _ => "An event of no known source".to_owned(),
        }))
    }
}

fn record(record: &Value) -> Result<Record, Unknown> {
    let text = |name| record[name].as_str();
    let attribute = |name| record["attributes"][name].as_str();
    if text("eventSource") != Some("aws:sqs") {
        let source = text("eventSource").unwrap_or("no known source");
        return Err(Unknown(format!("A record of {source}")));
    }
    let (Some(id), Some(receipt_handle)) = (text("messageId"), text("receiptHandle")) else {
        let unnamed = "A record of aws:sqs without messageId and receiptHandle";
        return Err(Unknown(unnamed.to_owned()));
    };
    Ok(Record {
        queue_arn: text("eventSourceARN").unwrap_or_default().to_owned(),
        message: Received {
            id: id.to_owned(),
            receipt_handle: receipt_handle.to_owned(),
            body: text("body").unwrap_or_default().to_owned(),
            group: attribute("MessageGroupId").map(str::to_owned),
            receives: attribute("ApproximateReceiveCount")
                .and_then(|count| count.parse().ok())
                .unwrap_or(1),
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_is_its_records() {
        let event = json!({"Records": [
            {
                "messageId": "1", "receiptHandle": "handle", "body": "{}", "attributes": {"ApproximateReceiveCount": "3", "MessageGroupId": "key"},
                "messageAttributes": {"odd": 5}, "md5OfBody": "", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:wake-ups", "awsRegion": "eu-central-1",
            },
            {"messageId": "2", "receiptHandle": "other", "eventSource": "aws:sqs"},
        ]});
        let expected = vec![
            Record {
                queue_arn: "arn:aws:sqs:eu-central-1:000000000000:wake-ups".to_owned(),
                message: Received {
                    id: "1".to_owned(),
                    receipt_handle: "handle".to_owned(),
                    body: "{}".to_owned(),
                    group: Some("key".to_owned()),
                    receives: 3,
                },
            },
            Record {
                queue_arn: String::new(),
                message: Received {
                    id: "2".to_owned(),
                    receipt_handle: "other".to_owned(),
                    body: String::new(),
                    group: None,
                    receives: 1,
                },
            },
        ];
        assert_eq!(Event::of(&event), Ok(Event::Records(expected)));
    }

    #[test]
    fn schedules_of_both_kinds_are_sweeps() {
        let rule = json!({
            "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
            "source": "aws.events", "time": "2026-01-27T10:30:00Z", "region": "eu-central-1", "detail": {},
        });
        assert_eq!(Event::of(&rule), Ok(Event::Sweep));
        assert_eq!(Event::of(&json!({"sweep": true})), Ok(Event::Sweep));
    }

    #[test]
    fn anything_else_is_named_and_not_repeated() {
        for (event, name) in [
            (
                json!({"Records": [{"eventSource": "aws:s3", "s3": "ann@example.org"}]}),
                "aws:s3",
            ),
            (
                json!({"Records": [{"ann@example.org": 1}]}),
                "no known source",
            ),
            (
                json!({"Records": [{"eventSource": "aws:sqs", "body": "ann@example.org"}]}),
                "messageId",
            ),
            (
                json!({"source": "aws.ec2", "detail-type": "EC2 Instance State-change", "detail": "ann@example.org"}),
                "aws.ec2",
            ),
            (json!({"sweep": "ann@example.org"}), "no known source"),
            (json!("ann@example.org"), "no known source"),
            (json!(null), "no known source"),
        ] {
            let error = Event::of(&event).expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains("ann"), "{error}");
        }
    }
}
