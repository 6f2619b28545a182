//! Times as the contract writes them.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// The time so many seconds ahead.
pub fn in_seconds(seconds: i64) -> String {
    let then = OffsetDateTime::now_utc() + Duration::seconds(seconds);
    then.format(&Rfc3339).expect("a time can be written")
}

/// How many seconds the second time is after the first.
pub fn seconds_between(first: &Value, second: &Value) -> f64 {
    (parsed(second) - parsed(first)).as_seconds_f64()
}

fn parsed(time: &Value) -> OffsetDateTime {
    let text = time.as_str().expect("a time is text");
    OffsetDateTime::parse(text, &Rfc3339).expect("a time is RFC 3339")
}
