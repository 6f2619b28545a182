//! Ends of recipients by the hour, and the recipients that wait.

use std::{ops::Range, sync::Arc};

use mail::ledger::{
    HOUR, Hour, KeyReports, Percentiles, Reports, Statistics, Waiting, start_of_hour,
};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, param::Query};
use uuid::Uuid;

use super::{
    statuses::StatisticsErrors,
    tag::Tag,
    types::{Success, Timestamp},
};
use crate::{
    app::App,
    auth::Admin,
    json::Json,
    problem::{Failure, Problem},
};

const DAY: i64 = 24 * HOUR;
const LONGEST: i64 = 31 * DAY;
/// The times that can be written in RFC 3339: those up to the start of the year 9999.
const TIMES: Range<i64> = 0..253_370_764_800_000;

/// Percentiles of the time from a mailing's `created_at`, or its `send_at` if it was planned, to a recipient's `sent_at`,
/// in milliseconds, of the recipients that were sent to in the hour. They are exact, by the nearest rank; null if no mail
/// was sent.
#[derive(Clone, Debug, Object)]
#[oai(rename = "TimeToSent")]
struct TimeToSentOut {
    /// The median: half of the recipients took at most this time.
    p50: i64,
    /// The 95th percentile: 95 of 100 recipients took at most this time.
    p95: i64,
}

impl From<Percentiles> for TimeToSentOut {
    fn from(Percentiles { p50, p95 }: Percentiles) -> Self {
        Self { p50, p95 }
    }
}

/// What the mail system has reported of mail that was sent in an hour, or in all hours asked for, until now. A report
/// counts in the hour in which its mail was sent, even if it comes days later, so that the numbers of the last days still
/// grow. Mail to the addresses of a simulator, such as `bounce@simulator.amazonses.com`, is left out of all of these
/// numbers, as it puts nobody on the list of suppressed addresses.
///
/// SES reviews an account whose bounce rate is 5 % (0.05) or more, or whose complaint rate is 0.1 % (0.001) or more, and
/// may pause its sending above 10 % and 0.5 %
/// (<https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-messages.html>). Its own rates are of the account's
/// latest mail, of a number that it chooses; these are of the mail of the hours asked for.
#[derive(Clone, Debug, Object)]
#[oai(rename = "MailReports")]
struct ReportsOut {
    /// The number of recipients whose mail the mail system accepted, whatever came of it later: the whole that the rates
    /// are of. Not counted is mail that SES dropped because the address was on its own suppression list.
    sent: u64,
    /// The number of recipients to whom the mail was delivered, including those who complained or whose mail bounced
    /// after that.
    delivered: u64,
    /// The number of recipients whose mail bounced for good (permanent bounces). Other bounces, such as for a full
    /// mailbox, are not counted.
    bounced: u64,
    /// The number of recipients who marked the mail as spam.
    complained: u64,
    /// `bounced` as a share of `sent`: 0.05 is 5 %. Null if nothing was sent, or if nothing at all was reported of what
    /// was sent, as with SMTP and with the mailbox, which report nothing.
    bounce_rate: Option<f64>,
    /// `complained` as a share of `sent`: 0.001 is 0.1 %. Null where `bounce_rate` is.
    complaint_rate: Option<f64>,
}

impl From<Reports> for ReportsOut {
    fn from(reports: Reports) -> Self {
        Self {
            sent: reports.rated(),
            delivered: reports.delivered,
            bounced: reports.bounced,
            complained: reports.complained,
            bounce_rate: reports.bounce_rate(),
            complaint_rate: reports.complaint_rate(),
        }
    }
}

/// The reports of the mail of an API key.
#[derive(Clone, Debug, Object)]
#[oai(rename = "StatisticsOfKey")]
struct OfKeyOut {
    /// The id of the key.
    api_key_id: Uuid,
    /// What was reported of its mail.
    reports: ReportsOut,
}

impl From<KeyReports> for OfKeyOut {
    fn from(of: KeyReports) -> Self {
        Self {
            api_key_id: of.api_key_id,
            reports: of.reports.into(),
        }
    }
}

/// The number of recipients that reached each end in an hour.
#[derive(Clone, Debug, Object)]
#[oai(rename = "StatisticsHour")]
struct HourOut {
    /// The start of the hour.
    hour: Timestamp,
    /// Recipients whose mail the mail system has accepted.
    sent: u64,
    /// Recipients that ended as `failed` or `suppressed`.
    failed: u64,
    /// Recipients of which it was not known at their end whether the mail was accepted.
    unconfirmed: u64,
    /// Recipients that were cancelled.
    cancelled: u64,
    /// The time from accepted to sent; null if nothing was sent.
    time_to_sent_ms: Option<TimeToSentOut>,
    /// What was reported since of the mail that was sent in this hour.
    reports: ReportsOut,
    /// `false` if the hour has not been counted yet, for example after an update or a long stop: its numbers are 0
    /// until it is counted.
    counted: bool,
}

impl From<Hour> for HourOut {
    fn from(hour: Hour) -> Self {
        Self {
            hour: hour.start.into(),
            sent: hour.sent,
            failed: hour.failed,
            unconfirmed: hour.unconfirmed,
            cancelled: hour.cancelled,
            time_to_sent_ms: hour.time_to_sent.map(TimeToSentOut::from),
            reports: hour.reports.into(),
            counted: hour.counted,
        }
    }
}

/// The number of recipients that have not reached an end, of all mailings.
#[derive(Clone, Debug, Object)]
#[oai(rename = "WaitingRecipients")]
struct WaitingOut {
    /// Recipients that are `queued`.
    queued: u64,
    /// Recipients that are `sending`.
    sending: u64,
    /// The number of queued recipients that may be sent to now; the others wait for their `send_at` or for a
    /// later retry.
    due: u64,
    /// The time since which the oldest of the due recipients is due; null if none is due.
    oldest_due_at: Option<Timestamp>,
    /// The time for which the oldest of the due recipients is due, in whole seconds; 0 if none is due.
    oldest_due_seconds: u64,
}

impl WaitingOut {
    fn of(waiting: Waiting, as_of: i64) -> Self {
        let age = waiting.oldest_due_at.map_or(0, |due_at| as_of - due_at);
        Self {
            queued: waiting.queued,
            sending: waiting.sending,
            due: waiting.due,
            oldest_due_at: waiting.oldest_due_at.map(Timestamp::from),
            oldest_due_seconds: u64::try_from(age / 1000).unwrap_or(0),
        }
    }
}

/// The ends of recipients by the hour, and the recipients that wait.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Statistics")]
struct StatisticsOut {
    /// The start of the first hour.
    from: Timestamp,
    /// The end of the last hour.
    to: Timestamp,
    /// Every hour from `from` to `to`, the oldest first.
    hours: Vec<HourOut>,
    /// The reports of all hours from `from` to `to`.
    reports: ReportsOut,
    /// The same by the API key whose mail it was: the 100 keys with the most mail, also revoked ones, the one with the
    /// most first.
    keys: Vec<OfKeyOut>,
    /// What waits now.
    waiting: WaitingOut,
    /// The database's time at which the numbers were read. If counting takes longer than 250 ms, the result is kept,
    /// and answered again, for twenty times as long as counting took.
    as_of: Timestamp,
}

impl StatisticsOut {
    fn of(range: &Range<i64>, statistics: Statistics) -> Self {
        Self {
            from: range.start.into(),
            to: range.end.into(),
            hours: statistics.hours.into_iter().map(HourOut::from).collect(),
            reports: statistics.total.into(),
            keys: statistics.keys.into_iter().map(OfKeyOut::from).collect(),
            waiting: WaitingOut::of(statistics.waiting, statistics.as_of),
            as_of: statistics.as_of.into(),
        }
    }
}

#[derive(Debug)]
pub struct StatisticsApi;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Statistics")]
impl StatisticsApi {
    /// Get statistics
    ///
    /// Returns, for each hour, the number of recipients that reached each end in it, what was reported of the mail since
    /// with the rates of bounces and complaints, and the number of recipients that wait now. The numbers of the ends in an
    /// hour are final some minutes after it; those of the reports are not. A recipient counts in the end that it reached
    /// first. If a report proves later that an unconfirmed mail was sent, it counts as sent in the rates of the hour of
    /// the proof, and in the ends still as unconfirmed. What is resent counts in the hour of its new end, too.
    #[oai(path = "/statistics", method = "get", operation_id = "getStatistics")]
    async fn statistics(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// A time in the first hour; 24 hours before `to` if absent.
        from: Query<Option<Timestamp>>,
        /// A time in the last hour, or its end; now if absent. At most 31 days after `from`.
        to: Query<Option<Timestamp>>,
    ) -> Result<Json<Success<StatisticsOut>>, Failure<StatisticsErrors>> {
        let ledger = &app.service.ledger;
        let now = ledger.clock().await?;
        let given = |time: Query<Option<Timestamp>>| time.0.map(i64::from);
        let range = hours(given(from), given(to), now)?;
        let statistics = app.service.statistics(range.clone()).await?;
        Ok(Json(Success::new(
            200,
            "Statistics",
            StatisticsOut::of(&range, statistics),
        )))
    }
}

/// Returns the range from the start of the first hour to the end of the last.
fn hours(from: Option<i64>, to: Option<i64>, now: i64) -> Result<Range<i64>, Problem> {
    for (name, time) in [("from", from), ("to", to)] {
        if time.is_some_and(|time| !TIMES.contains(&time)) {
            return Err(Problem::invalid(name, "must be in the years 1970 to 9998"));
        }
    }
    let end = start_of_hour(to.unwrap_or(now) + HOUR - 1);
    let start = from.map_or(end - DAY, start_of_hour);
    if from.is_some_and(|from| from >= to.unwrap_or(now)) {
        return Err(Problem::invalid("from", "must be before `to`"));
    }
    if end - start > LONGEST {
        return Err(Problem::invalid(
            "from",
            "must be at most 31 days before `to`",
        ));
    }
    Ok(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 500_000 * HOUR + 1;

    #[test]
    fn whole_hours_around_what_was_asked_for() {
        let next = 500_001 * HOUR;
        assert_eq!(hours(None, None, NOW).unwrap(), next - DAY..next);
        assert_eq!(hours(Some(NOW - 1), None, NOW).unwrap(), next - HOUR..next);
        assert_eq!(hours(Some(1), Some(HOUR), NOW).unwrap(), 0..HOUR);
        assert_eq!(hours(Some(1), Some(HOUR + 1), NOW).unwrap(), 0..2 * HOUR);
        assert_eq!(hours(None, Some(DAY), NOW).unwrap(), 0..DAY);
    }

    #[test]
    fn thirty_one_days_and_no_more() {
        assert_eq!(hours(Some(0), Some(LONGEST), NOW).unwrap(), 0..LONGEST);
        assert!(hours(Some(0), Some(LONGEST + 1), NOW).is_err());
        assert!(hours(Some(1), None, NOW).is_err());
    }

    #[test]
    fn a_range_has_a_beginning_before_its_end() {
        assert!(hours(Some(1), Some(1), NOW).is_err());
        assert!(hours(Some(2), Some(1), NOW).is_err());
        assert!(hours(Some(NOW), None, NOW).is_err());
        assert!(hours(Some(TIMES.end), None, NOW).is_err());
        assert!(hours(None, Some(-1), NOW).is_err());
    }
}
