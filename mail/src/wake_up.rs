//! A wake-up: the request to look for due recipients in a range. Losing one does no harm, because the ledger still has
//! them.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// The maximum number of recipients that one wake-up covers.
pub const WAKE_SPAN: i32 = 50;

/// Recipients `first` to `last` of one mailing, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub mailing_id: Uuid,
    pub first: i32,
    pub last: i32,
}

impl Range {
    pub fn covers(self, other: Self) -> bool {
        self.mailing_id == other.mailing_id && self.first <= other.first && other.last <= self.last
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WakeUp {
    pub range: Range,
    /// The key of the mailing. API keys take turns, so that no key waits behind a large mailing of another one.
    pub api_key_id: Uuid,
}

/// The body of a message in the processing queue: `{"wake": {"mailing_id": "…", "first": 0, "last": 49}}`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Body {
    wake: Range,
}

/// A message that is no wake-up. The error does not quote it.
#[derive(Debug, Error)]
#[error("not a wake-up (line {line}, column {column})")]
pub struct Malformed {
    line: usize,
    column: usize,
}

impl WakeUp {
    /// Parses a message. A message that does not name its key, such as one of an older version, takes turns as a key of
    /// its own.
    pub fn parse(body: &str, group: Option<&str>) -> Result<Self, Malformed> {
        let Body { wake: range } = serde_json::from_str(body).map_err(|error| Malformed {
            line: error.line(),
            column: error.column(),
        })?;
        if range.first < 0 || range.last < range.first {
            return Err(Malformed { line: 1, column: 1 });
        }
        let group = group.and_then(|group| Uuid::parse_str(group).ok());
        Ok(Self {
            range,
            api_key_id: group.unwrap_or(range.mailing_id),
        })
    }

    pub fn to_body(self) -> String {
        let Range {
            mailing_id,
            first,
            last,
        } = self.range;
        format!(r#"{{"wake":{{"mailing_id":"{mailing_id}","first":{first},"last":{last}}}}}"#)
    }

    /// Returns the group of the message
    /// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>).
    pub fn group(self) -> String {
        self.api_key_id.to_string()
    }
}

/// Returns wake-ups for these recipients, in order.
pub fn wake_ups(api_key_id: Uuid, mailing_id: Uuid, positions: &[i32]) -> Vec<WakeUp> {
    positions
        .chunk_by(|a, b| a / WAKE_SPAN == b / WAKE_SPAN)
        .filter_map(|block| {
            let range = Range {
                mailing_id,
                first: *block.first()?,
                last: *block.last()?,
            };
            Some(WakeUp { range, api_key_id })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let range = Range {
            mailing_id: Uuid::now_v7(),
            first: 50,
            last: 99,
        };
        let wake_up = WakeUp {
            range,
            api_key_id: Uuid::now_v7(),
        };
        let body = wake_up.to_body();
        assert_eq!(
            WakeUp::parse(&body, Some(&wake_up.group())).unwrap(),
            wake_up
        );
        for group in [None, Some("another")] {
            let read = WakeUp::parse(&body, group).unwrap();
            assert_eq!((read.range, read.api_key_id), (range, range.mailing_id));
        }
    }

    #[test]
    fn anything_else_is_malformed_and_not_repeated() {
        let id = Uuid::now_v7();
        for body in [
            String::new(),
            "ann@example.org".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"wake":{{"mailing_id":"{id}","first":0}}}}"#),
            format!(r#"{{"wake":{{"mailing_id":"{id}","first":5,"last":4}}}}"#),
            format!(r#"{{"wake":{{"mailing_id":"{id}","first":-1,"last":4}}}}"#),
            format!(r#"{{"wake":{{"mailing_id":"{id}","first":0,"last":4}},"more":1}}"#),
        ] {
            let error = WakeUp::parse(&body, None).expect_err(&body).to_string();
            assert!(!error.contains("ann") && !error.contains(&id.to_string()));
        }
    }
}
