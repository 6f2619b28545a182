//! The contents of the hours, and the time when they are counted.

use std::time::Duration;

use mail::ledger::{HOUR, Hour, Percentiles, Reports, Waiting, start_of_hour};
use mail::outcome::Fault;
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{accepted, mailing_to, not_accepted, refused, unknown},
};

on_both_databases![
    more_ends_than_one_statement_reads_are_counted_once_each,
    ends_are_counted_by_the_hour,
    percentiles_are_exact,
    a_past_hour_is_counted_once,
    an_hour_that_is_not_over_is_not_kept,
    a_long_gap_is_filled,
    several_count_the_same_hours_at_once,
    a_second_end_counts_in_its_own_hour,
    what_waits_is_told_with_its_age,
];

/// Returns the start of the hour that was `hours` hours ago.
async fn ago(t: &TestLedger, hours: i64) -> i64 {
    start_of_hour(t.ledger.clock().await.unwrap()) - hours * HOUR
}

/// Creates a mailing whose recipients all ended from `time` on, a millisecond after each other, and that was accepted
/// just before.
async fn sent_at(t: &TestLedger, time: i64, recipients: usize) -> Uuid {
    let id = t.store(&mailing_to(recipients)).await;
    t.finish(id, accepted()).await;
    end_at(t, time).await;
    id
}

/// Moves the ends that have not been moved yet to `time`.
async fn end_at(t: &TestLedger, time: i64) {
    let recently = t.ledger.clock().await.unwrap() - HOUR / 2;
    t.sql(&format!(
        "UPDATE mailing SET created_at = {time} - 1 WHERE created_at >= {recently} AND NOT EXISTS \
         (SELECT 1 FROM recipient WHERE mailing_id = mailing.id AND ended_at IS NULL)"
    ))
    .await;
    t.sql(&format!(
        "UPDATE recipient SET ended_at = {time} + position, sent_at = {time} + position WHERE ended_at >= {recently}"
    ))
    .await;
}

async fn more_ends_than_one_statement_reads_are_counted_once_each(t: &TestLedger) {
    let start = ago(t, 1).await;
    let (first, second) = (
        t.store(&mailing_to(6_000)).await,
        t.store(&mailing_to(6_000)).await,
    );
    t.sql(&format!("UPDATE mailing SET created_at = {start}"))
        .await;
    // All but a few at the same moment, so that the first statement ends within it.
    t.sql(&format!(
        "UPDATE recipient SET status = 'sent', sent_at = {start} + position, \
         ended_at = {start} + CASE WHEN position < 5 THEN position ELSE 100 END"
    ))
    .await;
    assert_ne!(first, second);
    assert_eq!(hour(t, start).await, sent(start, 12_000, 2_999, 5_699));
}

async fn hour(t: &TestLedger, start: i64) -> Hour {
    let statistics = t.ledger.statistics(start..start + HOUR).await.unwrap();
    assert_eq!(statistics.hours.len(), 1);
    assert_eq!(statistics.hours[0].start, start);
    statistics.hours[0]
}

fn sent(start: i64, sent: u64, p50: i64, p95: i64) -> Hour {
    Hour {
        start,
        sent,
        time_to_sent: Some(Percentiles { p50, p95 }),
        reports: Reports {
            sent,
            ..Reports::default()
        },
        counted: true,
        ..Hour::default()
    }
}

async fn keep_all(t: &TestLedger) -> usize {
    let mut kept = 0;
    while t.ledger.keep_hour().await.unwrap() {
        kept += 1;
    }
    kept
}

async fn ends_are_counted_by_the_hour(t: &TestLedger) {
    let start = ago(t, 1).await;
    for (recipients, outcome) in [(3, accepted()), (2, refused()), (1, unknown())] {
        let id = t.store(&mailing_to(recipients)).await;
        t.finish(id, outcome).await;
    }
    let id = t.store(&mailing_to(4)).await;
    t.cancel(id).await;
    end_at(t, start).await;
    t.store(&mailing_to(5)).await;
    let expected = Hour {
        failed: 2,
        unconfirmed: 1,
        cancelled: 4,
        ..sent(start, 3, 2, 3)
    };
    let statistics = t.ledger.statistics(start - HOUR..start + 2 * HOUR).await;
    let empty = |start| Hour {
        start,
        counted: true,
        ..Hour::default()
    };
    assert_eq!(
        statistics.unwrap().hours,
        [empty(start - HOUR), expected, empty(start + HOUR)]
    );
}

async fn percentiles_are_exact(t: &TestLedger) {
    for (hours, recipients, p50, p95) in [
        (2, 100, 50, 95),
        (1, 1, 1, 1),
        (7, 2, 1, 2),
        (6, 41, 21, 39),
    ] {
        let start = ago(t, hours).await;
        sent_at(t, start, recipients).await;
        keep_all(t).await;
        let count = u64::try_from(recipients).unwrap();
        assert_eq!(hour(t, start).await, sent(start, count, p50, p95));
        t.sql("DELETE FROM hour").await;
        t.sql("UPDATE recipient SET ended_at = 0").await;
    }
}

async fn a_past_hour_is_counted_once(t: &TestLedger) {
    let start = ago(t, 5).await;
    sent_at(t, start, 4).await;
    let uncounted = Hour {
        start,
        ..Hour::default()
    };
    assert_eq!(hour(t, start).await, uncounted, "nobody has read it yet");
    assert_eq!(keep_all(t).await, 1);
    t.sql("UPDATE recipient SET status = 'failed'").await;
    assert_eq!(hour(t, start).await, sent(start, 4, 2, 4));
    assert_eq!(keep_all(t).await, 0);
    let later = hour(t, start + HOUR).await;
    assert!(later.counted, "there was nothing in it");
}

async fn an_hour_that_is_not_over_is_not_kept(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, accepted()).await;
    assert_eq!(keep_all(t).await, 0);
    let now = t.ledger.clock().await.unwrap();
    let told = t
        .ledger
        .statistics(start_of_hour(now) - HOUR..start_of_hour(now) + HOUR);
    let hours = told.await.unwrap().hours;
    assert_eq!(hours.iter().map(|hour| hour.sent).sum::<u64>(), 2);
    assert!(hours.iter().all(|hour| hour.counted));
}

async fn a_long_gap_is_filled(t: &TestLedger) {
    let (year, month, week) = (ago(t, 8760).await, ago(t, 720).await, ago(t, 168).await);
    for (start, recipients) in [(year, 1), (month, 2), (week, 3)] {
        sent_at(t, start, recipients).await;
    }
    assert!(t.ledger.keep_hour().await.unwrap());
    assert!(hour(t, year).await.counted && hour(t, year + HOUR).await.counted);
    assert!(!hour(t, month).await.counted && !hour(t, week).await.counted);
    assert_eq!(keep_all(t).await, 2);
    assert_eq!(hour(t, month).await, sent(month, 2, 1, 2));
    assert_eq!(hour(t, week).await, sent(week, 3, 2, 3));
    let all = t
        .ledger
        .statistics(month..month + 720 * HOUR)
        .await
        .unwrap();
    assert_eq!(all.hours.iter().map(|hour| hour.sent).sum::<u64>(), 5);
    assert!(all.hours.iter().all(|hour| hour.counted));
}

async fn several_count_the_same_hours_at_once(t: &TestLedger) {
    let mut starts = Vec::new();
    for hours in [9, 8, 6, 4] {
        let start = ago(t, hours).await;
        sent_at(t, start, 3).await;
        starts.push(start);
    }
    let mut sweeps = Vec::new();
    for _ in 0..8 {
        let ledger = t.another().await;
        sweeps.push(tokio::spawn(async move {
            while ledger.keep_hour().await.unwrap() {}
        }));
    }
    for sweep in sweeps {
        sweep.await.unwrap();
    }
    let rows = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM hour").await;
    assert_eq!(rows, 4);
    for start in starts {
        assert_eq!(hour(t, start).await, sent(start, 3, 2, 3));
    }
}

async fn a_second_end_counts_in_its_own_hour(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, unknown()).await;
    let start = ago(t, 3).await;
    end_at(t, start).await;
    keep_all(t).await;
    t.resend(id, entity::recipient::Status::Unconfirmed).await;
    t.finish(id, refused()).await;
    let first = hour(t, start).await;
    assert_eq!((first.unconfirmed, first.failed), (2, 0));
    let now = t.ledger.clock().await.unwrap();
    let since = t.ledger.statistics(start + HOUR..start_of_hour(now) + HOUR);
    let hours = since.await.unwrap().hours;
    assert_eq!(hours.iter().map(|hour| hour.failed).sum::<u64>(), 2);
    assert_eq!(hours.iter().map(|hour| hour.unconfirmed).sum::<u64>(), 0);
}

async fn what_waits_is_told_with_its_age(t: &TestLedger) {
    let none = t.ledger.statistics(0..HOUR).await.unwrap();
    assert_eq!(none.waiting, Waiting::default());
    let id = t.store(&mailing_to(3)).await;
    t.send(id).await;
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, not_accepted(Duration::from_hours(1), Fault::Throttled))
        .await;
    t.store(&mailing_to(4)).await;
    t.sql("UPDATE recipient SET due_at = 1234 WHERE status = 'queued' AND position = 3")
        .await;
    let told = t.ledger.statistics(0..HOUR).await.unwrap();
    let expected = Waiting {
        queued: 6,
        sending: 3,
        due: 4,
        oldest_due_at: Some(1234),
    };
    assert_eq!(told.waiting, expected);
}
