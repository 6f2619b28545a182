//! What a message of the processing queue says: `{"wake": {"mailing_id": "…", "first": 0, "last": 49}}`.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ledger::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WakeUp {
    pub wake: Range,
}

/// A message that is no wake-up. It does not say what the message holds.
#[derive(Debug, Error)]
#[error("not a wake-up (line {line}, column {column})")]
pub struct Malformed {
    line: usize,
    column: usize,
}

impl WakeUp {
    pub fn parse(body: &str) -> Result<Range, Malformed> {
        let wake_up: Self = serde_json::from_str(body).map_err(|error| Malformed {
            line: error.line(),
            column: error.column(),
        })?;
        let Range { first, last, .. } = wake_up.wake;
        if 0 <= first && first <= last {
            Ok(wake_up.wake)
        } else {
            Err(Malformed { line: 1, column: 1 })
        }
    }

    pub fn to_body(self) -> String {
        let Range {
            mailing_id,
            first,
            last,
        } = self.wake;
        format!(r#"{{"wake":{{"mailing_id":"{mailing_id}","first":{first},"last":{last}}}}}"#)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let wake = Range {
            mailing_id: Uuid::now_v7(),
            first: 50,
            last: 99,
        };
        assert_eq!(WakeUp::parse(&WakeUp { wake }.to_body()).unwrap(), wake);
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
            let error = WakeUp::parse(&body).expect_err(&body).to_string();
            assert!(!error.contains("ann") && !error.contains(&id.to_string()));
        }
    }
}
