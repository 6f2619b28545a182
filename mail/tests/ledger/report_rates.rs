//! What is reported of sent mail counts in the hour of that mail, by its key, and leads to the rates.

use std::time::Duration;

use entity::recipient::Status;
use mail::{
    event::BounceType,
    ledger::{Claim, HOUR, Hour, KeyReports, Reports, Statistics, start_of_hour},
    mail_event::{MailEvent, Report},
    message::NewMailing,
};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures,
    mail_events::{bounce, report},
    mailings::{accepted, mailing_to, queued, refused, unknown},
};

on_both_databases![
    a_report_counts_in_the_hour_of_its_mail,
    each_report_counts_once,
    only_permanent_bounces_and_real_complaints_count,
    what_ses_suppressed_itself_counts_in_no_rate,
    the_addresses_of_simulators_count_in_no_rate,
    a_mail_that_proves_to_be_sent_counts_in_the_rates_from_then_on,
    a_mail_that_proves_to_be_sent_counts_in_one_end,
    each_key_has_its_own_reports,
    reports_of_an_hour_that_is_not_counted_count_in_nothing,
    reports_of_old_hours_are_removed,
];

impl TestLedger {
    /// Returns the statistics of the last day.
    async fn day(&self) -> Statistics {
        let end = start_of_hour(self.ledger.clock().await.unwrap()) + HOUR;
        self.ledger.statistics(end - 24 * HOUR..end).await.unwrap()
    }

    /// Expects so many recipients in the rates, of which so many ended as unconfirmed first.
    async fn expects_ends(&self, rated: u64, unconfirmed: u64) {
        let day = self.day().await;
        let sum = |of: fn(&Hour) -> u64| day.hours.iter().map(of).sum::<u64>();
        let ends = (sum(|hour| hour.sent), sum(|hour| hour.unconfirmed));
        assert_eq!(ends, (rated - unconfirmed, unconfirmed));
        assert_eq!(day.total.sent, rated);
    }

    async fn keep_hours(&self) {
        while self.ledger.keep_hour().await.unwrap() {}
    }

    /// Moves everything that ended lately, with what was counted of it, so many hours into the past.
    async fn move_back(&self, hours: i64) {
        let time = start_of_hour(self.ledger.clock().await.unwrap()) - hours * HOUR;
        self.sql(&format!(
            "UPDATE recipient SET ended_at = {time}, sent_at = {time} WHERE ended_at IS NOT NULL"
        ))
        .await;
        self.sql(&format!("UPDATE mailing SET created_at = {time}"))
            .await;
    }
}

fn reported(hours: &[Hour]) -> Vec<Reports> {
    let reports = hours.iter().map(|hour| hour.reports);
    reports.filter(|one| *one != Reports::default()).collect()
}

fn only(sent: u64, reports: Reports) -> Reports {
    Reports { sent, ..reports }
}

fn of_all(claim: &Claim, positions: &[i32], what: &Report) -> Vec<MailEvent> {
    let each = positions.iter();
    each.map(|position| report(claim, *position, what.clone(), 0))
        .collect()
}

async fn a_report_counts_in_the_hour_of_its_mail(t: &TestLedger) {
    let id = t.store(&mailing_to(10)).await;
    let claim = t.finish(id, accepted()).await;
    t.move_back(5).await;
    t.keep_hours().await;
    let delivered = of_all(&claim, &[0, 1, 2, 3, 4, 5, 6, 7], &Report::Delivered);
    t.apply(&delivered).await;
    t.apply(&of_all(&claim, &[8], &bounce(BounceType::Permanent)))
        .await;
    t.apply(&of_all(&claim, &[7], &Report::Complained)).await;
    let later = t.store(&mailing_to(3)).await;
    t.finish(later, accepted()).await;
    let day = t.day().await;
    let expected = Reports {
        sent: 10,
        delivered: 8,
        bounced: 1,
        complained: 1,
        suppressed: 0,
    };
    let now = only(3, Reports::default());
    assert_eq!(reported(&day.hours), [expected, now]);
    assert_eq!(day.total, only(13, expected));
    assert_eq!(expected.bounce_rate(), Some(0.1));
    assert_eq!(expected.complaint_rate(), Some(0.1));
    assert_eq!(now.bounce_rate(), None, "nothing is reported of it");
    assert_eq!(Reports::default().complaint_rate(), None);
}

async fn each_report_counts_once(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let claim = t.finish(id, accepted()).await;
    let reports = [
        report(&claim, 0, Report::Delivered, 0),
        report(&claim, 0, Report::Delivered, 0),
        report(&claim, 0, Report::Delivered, 1),
        report(&claim, 1, Report::Complained, 0),
        report(&claim, 1, Report::Delivered, 1),
        report(&claim, 1, bounce(BounceType::Permanent), 1),
    ];
    for _ in 0..2 {
        t.apply(&reports).await;
    }
    let expected = Reports {
        sent: 2,
        delivered: 1,
        complained: 1,
        ..Reports::default()
    };
    assert_eq!(t.day().await.total, expected);
}

async fn only_permanent_bounces_and_real_complaints_count(t: &TestLedger) {
    let id = t.store(&mailing_to(4)).await;
    let claim = t.finish(id, accepted()).await;
    t.apply(&of_all(&claim, &[0], &bounce(BounceType::Transient)))
        .await;
    t.apply(&of_all(&claim, &[1], &bounce(BounceType::Undetermined)))
        .await;
    t.apply(&of_all(&claim, &[2], &Report::Delivered)).await;
    t.apply(&of_all(&claim, &[2], &bounce(BounceType::Permanent)))
        .await;
    // A complaint about a copy is not the recipient's.
    let copy = MailEvent {
        addresses: vec!["copy@example.com".to_owned()],
        destinations: 2,
        ..report(&claim, 3, Report::Complained, 0)
    };
    t.apply(&[copy]).await;
    let expected = Reports {
        sent: 4,
        delivered: 1,
        bounced: 1,
        ..Reports::default()
    };
    assert_eq!(t.day().await.total, expected);
}

async fn what_ses_suppressed_itself_counts_in_no_rate(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let claim = t.finish(id, accepted()).await;
    t.apply(&of_all(&claim, &[0], &Report::Suppressed)).await;
    t.apply(&of_all(&claim, &[1, 2], &Report::Delivered)).await;
    let before = t.day().await.total;
    t.move_back(3).await;
    t.sql("DELETE FROM hour_of_key").await;
    t.keep_hours().await;
    assert_eq!((before.sent, before.suppressed, before.rated()), (3, 1, 2));
    assert_eq!(before.bounce_rate(), Some(0.0));
    let kept = t.day().await;
    assert_eq!(kept.total.sent, 3, "it counts alike before and after");
    assert_eq!(kept.hours.iter().map(|hour| hour.sent).sum::<u64>(), 3);
}

async fn the_addresses_of_simulators_count_in_no_rate(t: &TestLedger) {
    let names = [
        "bounce@simulator.amazonses.com",
        "complaint+a@simulator.amazonses.com",
        "delayed@simulator.mmms.test",
        "r3@example.com",
    ];
    let request = NewMailing {
        recipients: names.map(fixtures::recipient).into(),
        ..mailing_to(1)
    };
    let id = t.store(&request).await;
    let claim = t.finish(id, accepted()).await;
    let to = |position: i32, what| MailEvent {
        addresses: vec![names[usize::try_from(position).unwrap()].to_owned()],
        ..report(&claim, position, what, 0)
    };
    t.apply(&[
        to(0, bounce(BounceType::Permanent)),
        to(1, Report::Complained),
        to(2, Report::Delivered),
    ])
    .await;
    let expected = only(1, Reports::default());
    let day = t.day().await;
    assert_eq!((day.total, day.total.bounce_rate()), (expected, None));
    t.move_back(3).await;
    t.keep_hours().await;
    let day = t.day().await;
    assert_eq!(day.total, expected);
    assert_eq!(day.hours.iter().map(|hour| hour.sent).sum::<u64>(), 4);
}

async fn a_mail_that_proves_to_be_sent_counts_in_the_rates_from_then_on(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let claim = t.finish(id, unknown()).await;
    t.move_back(3).await;
    t.keep_hours().await;
    t.apply(&of_all(&claim, &[0], &Report::Delivered)).await;
    t.apply(&of_all(&claim, &[1], &bounce(BounceType::Permanent)))
        .await;
    let day = t.day().await;
    let sum = |of: fn(&Hour) -> u64| day.hours.iter().map(of).sum::<u64>();
    assert_eq!(
        (sum(|hour| hour.unconfirmed), sum(|hour| hour.sent)),
        (2, 0),
        "each counts as it ended first"
    );
    let expected = Reports {
        sent: 2,
        delivered: 1,
        bounced: 1,
        ..Reports::default()
    };
    assert_eq!(reported(&day.hours), [expected]);
}

async fn a_mail_that_proves_to_be_sent_counts_in_one_end(t: &TestLedger) {
    let others = t.store(&mailing_to(3)).await;
    t.finish(others, accepted()).await;
    let id = t.store(&mailing_to(2)).await;
    let claim = t.finish(id, unknown()).await;
    t.apply(&of_all(&claim, &[0, 1], &Report::Accepted)).await;
    t.apply(&of_all(&claim, &[0], &Report::Delivered)).await;
    t.expects_ends(5, 2).await;
    t.move_back(3).await;
    t.sql(&format!(
        "UPDATE hour_of_key SET start = start - {}",
        3 * HOUR
    ))
    .await;
    t.sql("UPDATE recipient SET proved_at = ended_at WHERE proved_at IS NOT NULL")
        .await;
    t.keep_hours().await;
    t.expects_ends(5, 2).await;
    t.apply(&of_all(&claim, &[1], &Report::Delivered)).await;
    assert_eq!(t.day().await.total.delivered, 2);
}

async fn each_key_has_its_own_reports(t: &TestLedger) {
    let mut claims = Vec::new();
    let mut keys: Vec<Uuid> = Vec::new();
    for recipients in [2, 5] {
        let key = t.key().await;
        let request = mailing_to(recipients);
        let id = t.try_store(queued(key, &request)).await.unwrap().id;
        claims.push(t.finish(id, accepted()).await);
        keys.push(key);
    }
    t.move_back(4).await;
    t.keep_hours().await;
    t.apply(&of_all(&claims[0], &[1], &bounce(BounceType::Permanent)))
        .await;
    t.apply(&of_all(&claims[1], &[0, 1], &Report::Delivered))
        .await;
    let request = mailing_to(1);
    let id = t.try_store(queued(keys[1], &request)).await.unwrap().id;
    t.finish(id, accepted()).await;
    // A mail that was not sent counts nowhere.
    let none = t.store(&mailing_to(1)).await;
    t.finish(none, refused()).await;
    assert_eq!(t.row(none).await.status, Status::Failed);
    let of = |key: usize, sent, delivered, bounced| KeyReports {
        api_key_id: keys[key],
        reports: Reports {
            sent,
            delivered,
            bounced,
            ..Reports::default()
        },
    };
    assert_eq!(t.day().await.keys, [of(1, 6, 2, 0), of(0, 2, 0, 1)]);
}

async fn reports_of_an_hour_that_is_not_counted_count_in_nothing(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let claim = t.finish(id, accepted()).await;
    t.move_back(6).await;
    t.apply(&of_all(&claim, &[0], &bounce(BounceType::Permanent)))
        .await;
    assert_eq!(t.day().await.total, Reports::default());
    t.keep_hours().await;
    let total = t.day().await.total;
    assert_eq!((total.sent, total.bounced), (2, 1));
}

async fn reports_of_old_hours_are_removed(t: &TestLedger) {
    const DAY: Duration = Duration::from_hours(24);
    let id = t.store(&mailing_to(1)).await;
    let claim = t.finish(id, accepted()).await;
    t.move_back(10).await;
    t.apply(&of_all(&claim, &[0], &Report::Delivered)).await;
    t.keep_hours().await;
    let rows = "SELECT CAST(COUNT(*) AS BIGINT) FROM hour_of_key";
    t.ledger.remove_old_reports(DAY).await.unwrap();
    assert_eq!(t.number(rows).await, 1);
    t.ledger.remove_old_reports(DAY / 4).await.unwrap();
    assert_eq!(t.number(rows).await, 0);
}
