//! Times: RFC 3339 in the API and in messages, milliseconds since the Unix epoch inside.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use time::{
    OffsetDateTime,
    format_description::{FormatItem, well_known::Rfc3339},
    macros::format_description,
};

const WRITTEN: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, milliseconds)
}

/// Returns a time span in the unit of all times inside.
pub fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the instant at which the clock will show this time, or the current instant if the time has passed.
pub fn instant(milliseconds: u64) -> Instant {
    let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
    Instant::now() + time.duration_since(SystemTime::now()).unwrap_or_default()
}

/// Formats a time in UTC with milliseconds.
pub fn write(milliseconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .ok()
        .and_then(|time| time.format(WRITTEN).ok())
        .unwrap_or_default()
}

/// Parses any RFC 3339 time. The error says what the text must be.
pub fn parse(text: &str) -> Result<i64, &'static str> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "must be a time such as 2026-01-27T10:30:00Z (RFC 3339)")
        .and_then(|time| {
            i64::try_from(time.unix_timestamp_nanos() / 1_000_000).map_err(|_| "is too far away")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        assert_eq!(write(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(write(1_769_509_800_007), "2026-01-27T10:30:00.007Z");
        assert_eq!(parse("2026-01-27T10:30:00.007Z"), Ok(1_769_509_800_007));
        assert_eq!(
            parse("2026-01-27T12:30:00+02:00"),
            parse("2026-01-27T10:30:00Z")
        );
        assert!(parse("tomorrow").is_err());
    }
}
