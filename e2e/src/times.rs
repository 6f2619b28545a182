//! Times in the format of the contract.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Returns the time `seconds` from now.
pub fn in_seconds(seconds: i64) -> String {
    let then = OffsetDateTime::now_utc() + Duration::seconds(seconds);
    then.format(&Rfc3339).expect("a time can be written")
}

/// Returns the number of seconds from the first time to the second.
pub fn seconds_between(first: &Value, second: &Value) -> f64 {
    (parsed(second) - parsed(first)).as_seconds_f64()
}

fn parsed(time: &Value) -> OffsetDateTime {
    let text = time.as_str().expect("a time is text");
    OffsetDateTime::parse(text, &Rfc3339).expect("a time is RFC 3339")
}
