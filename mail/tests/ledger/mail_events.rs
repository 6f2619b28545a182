//! Reports of the mail system, and the events that they and the ends of recipients lead to.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use entity::{Document, event, recipient::Model, recipient::Status};
use mail::{
    event::{Bounce, BounceType},
    ledger::Claim,
    mail_event::{MailEvent, Report},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures::address,
    mailings::{accepted, mailing_to, refused, unknown},
};

/// The time at which the mail system accepted the mail, and that of the first report.
const ACCEPTED_AT: i64 = 1_769_509_800_000;

pub fn bounce(kind: BounceType) -> Report {
    Report::Bounced(Bounce {
        kind,
        subtype: "General".to_owned(),
        diagnostic: Some("550 unknown".to_owned()),
    })
}

/// Returns a report about the attempt of a claim; `number` tells reports of one kind apart.
pub fn report(claim: &Claim, position: i32, report: Report, number: i64) -> MailEvent {
    let name = format!("{}/{position}/{report:?}/{number}", claim.token);
    MailEvent {
        mailing_id: claim.mailing_id,
        position,
        attempt: Some(claim.token),
        message_id: format!("m-{position}"),
        accepted_at: ACCEPTED_AT,
        occurred_at: ACCEPTED_AT + number,
        addresses: vec![format!("r{position}@example.com")],
        destinations: 1,
        report,
        id: Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()),
    }
}

impl TestLedger {
    pub async fn apply(&self, reports: &[MailEvent]) {
        self.ledger.apply_mail_events(reports).await.unwrap();
    }

    /// Returns the events of a mailing's recipients, in the order of each.
    pub async fn events(&self, mailing_id: Uuid) -> BTreeMap<i32, Vec<event::Model>> {
        let rows = event::Entity::find()
            .filter(event::Column::MailingId.eq(mailing_id))
            .order_by_asc(event::Column::Ordinal)
            .all(&self.db)
            .await
            .unwrap();
        let mut events: BTreeMap<i32, Vec<event::Model>> = BTreeMap::new();
        for row in rows {
            events.entry(row.position).or_default().push(row);
        }
        events
    }
}

pub fn kinds(events: &[event::Model]) -> Vec<&str> {
    events.iter().map(|event| event.kind.as_str()).collect()
}

/// The sequence of a recipient's events has no gap and no double, and the row has its last number.
pub fn check_sequence(row: &Model, events: &[event::Model]) {
    let sequence: Vec<i32> = events.iter().map(|event| event.sequence).collect();
    let expected: Vec<i32> = (1..).take(events.len()).collect();
    assert_eq!(sequence, expected);
    assert_eq!(usize::try_from(row.events), Ok(events.len()));
}

async fn a_mail_that_is_known_to_be_sent_is_not_sent_again(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let first = t.finish(id, unknown()).await;
    t.resend(id, Status::Unconfirmed).await;
    // Somebody holds the recipients, and has not begun the call.
    let second = t.claim_all(id).await;
    t.apply(&[report(&first, 1, Report::Delivered, 0)]).await;
    let begun = t.ledger.begin_sending(&second, &[0, 1, 2]).await.unwrap();
    assert_eq!(begun, [0, 2], "the second is delivered");
    // While a call is under way, a report about an earlier attempt tells nothing about this one.
    t.apply(&[report(&first, 0, Report::Delivered, 0)]).await;
    assert_eq!(t.rows(id).await[0].status, Status::Sending);
    t.ledger.record(&second, &[(0, accepted())]).await.unwrap();
    t.apply(&[report(&second, 0, Report::Delivered, 0)]).await;
    assert_eq!(t.rows(id).await[0].status, Status::Delivered);
}

async fn a_refusal_after_a_bounce_of_an_earlier_attempt_stays(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let first = t.finish(id, unknown()).await;
    t.resend(id, Status::Unconfirmed).await;
    t.finish(id, refused()).await;
    t.apply(&[report(&first, 0, Report::Delivered, 0)]).await;
    assert_eq!(t.row(id).await.status, Status::Failed);
}

async fn an_outcome_after_its_report_changes_nothing(t: &TestLedger) {
    for outcome in [accepted(), unknown(), refused()] {
        let id = t.store(&mailing_to(1)).await;
        let claim = t.send(id).await;
        t.apply(&[report(&claim, 0, Report::Delivered, 0)]).await;
        let before = t.row(id).await;
        let moved = t.ledger.record(&claim, &[(0, outcome)]).await.unwrap();
        assert_eq!((moved, t.row(id).await), (vec![], before));
        let known = t.ledger.settled_before(&claim, 0).await.unwrap();
        let known = known.map(|update| (update.status, update.sent_at));
        assert_eq!(known, Some((Status::Delivered, Some(ACCEPTED_AT))));
        assert_eq!(kinds(&t.events(id).await[&0]), ["sent", "delivered"]);
    }
}

async fn rejects_and_rendering_failures_are_failures(t: &TestLedger) {
    for (failure, code) in [
        (Report::Rejected("Bad content".to_owned()), "rejected"),
        (
            Report::NotRendered("No such value".to_owned()),
            "rendering_failure",
        ),
    ] {
        let id = t.store(&mailing_to(2)).await;
        let claim = t.send(id).await;
        t.ledger.record(&claim, &[(0, accepted())]).await.unwrap();
        t.apply(&[
            report(&claim, 0, failure.clone(), 0),
            report(&claim, 1, failure, 0),
            report(&claim, 1, Report::Accepted, 0),
        ])
        .await;
        for row in t.rows(id).await {
            assert_eq!(
                (row.status, row.status_detail.as_deref()),
                (Status::Failed, Some(code))
            );
        }
        let events = t.events(id).await;
        assert_eq!(kinds(&events[&0]), ["sent", "failed"]);
        assert_eq!(kinds(&events[&1]), ["failed"], "it is not sent after that");
    }
}

async fn reports_about_copies_move_nobody(t: &TestLedger) {
    let mut request = mailing_to(1);
    request.envelope.cc = vec![address("a@example.com"), address("boss@example.com")];
    request.envelope.bcc = vec![address("Boss@EXAMPLE.com")];
    let id = t.store(&request).await;
    let claim = t.finish(id, accepted()).await;
    let mut copies = Vec::new();
    let reported = [
        bounce(BounceType::Permanent),
        Report::Complained,
        Report::Delivered,
        Report::Delayed,
    ];
    for (number, one) in (0..).zip(reported) {
        copies.push(MailEvent {
            addresses: vec!["boss@example.com".to_owned()],
            destinations: 2,
            ..report(&claim, 0, one, number)
        });
    }
    t.apply(&copies).await;
    t.apply(&copies).await;
    let row = t.row(id).await;
    assert_eq!(row.status, Status::Sent);
    let events = t.events(id).await;
    assert_eq!(
        kinds(&events[&0]),
        ["sent", "copy_bounced", "copy_complained"]
    );
    check_sequence(&row, &events[&0]);
    for event in &events[&0][1..] {
        let detail = event.detail.clone().and_then(Document::readable).unwrap();
        assert_eq!(detail["copies"], json!(["cc.1", "bcc.0"]));
    }
    let both = MailEvent {
        addresses: vec!["boss@example.com".to_owned(), "r0@example.com".to_owned()],
        destinations: 2,
        ..report(&claim, 0, Report::Delivered, 0)
    };
    t.apply(&[both]).await;
    assert_eq!(t.row(id).await.status, Status::Delivered);
}

async fn reports_about_copies_name_their_places_after_an_erasure(t: &TestLedger) {
    let mut request = mailing_to(1);
    request.envelope.cc = ["a@example.com", "b@example.com", "boss@example.com"]
        .map(address)
        .into();
    request.envelope.bcc = ["a@example.com", "eve@example.com"].map(address).into();
    let id = t.store(&request).await;
    let claim = t.finish(id, accepted()).await;
    for erased in ["a@example.com", "b@example.com"] {
        let until = Instant::now() + Duration::from_mins(1);
        t.ledger.erase_key(erased, until).await.unwrap();
    }
    let about = |mail: &str, number| MailEvent {
        addresses: vec![mail.to_owned()],
        destinations: 2,
        ..report(&claim, 0, Report::Complained, number)
    };
    t.apply(&[about("boss@example.com", 0), about("eve@example.com", 1)])
        .await;
    let events = &t.events(id).await[&0][1..];
    let places = events.iter().map(|event| {
        let detail = event.detail.clone().and_then(Document::readable).unwrap();
        detail["copies"].clone()
    });
    let places: Vec<_> = places.collect();
    assert_eq!(places, [json!(["cc.2"]), json!(["bcc.1"])]);
}

async fn reports_about_unknown_mail_are_counted(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let claim = t.finish(id, accepted()).await;
    let of_nobody = MailEvent {
        mailing_id: Uuid::now_v7(),
        ..report(&claim, 0, Report::Delivered, 0)
    };
    let beyond = report(&claim, 1, Report::Delivered, 0);
    let ours = report(&claim, 0, Report::Delivered, 0);
    let applied = t.ledger.apply_mail_events(&[of_nobody, beyond, ours]).await;
    let applied = applied.unwrap();
    assert_eq!((applied.foreign, applied.updates.len()), (2, 1));
}

async fn two_workers_at_once_apply_each_report_once(t: &TestLedger) {
    const PEOPLE: usize = 40;
    let other = t.another().await;
    let id = t.store(&mailing_to(PEOPLE)).await;
    let claim = t.send(id).await;
    let all = [
        Report::Accepted,
        Report::Delayed,
        Report::Delivered,
        bounce(BounceType::Transient),
        Report::Complained,
    ];
    let mut batches: Vec<Vec<MailEvent>> = Vec::new();
    for round in 0..all.len() {
        let one = |position: i32| {
            let which = (round + usize::try_from(position).unwrap()) % all.len();
            report(&claim, position, all[which].clone(), 0)
        };
        let reports: Vec<MailEvent> = (0..).take(PEOPLE).map(one).collect();
        batches.extend(reports.chunks(10).map(<[MailEvent]>::to_vec));
    }
    let backwards: Vec<_> = batches.iter().rev().cloned().collect();
    let work = async |ledger: &mail::ledger::Ledger, batches: Vec<Vec<MailEvent>>| {
        for batch in batches {
            ledger.apply_mail_events(&batch).await.unwrap();
        }
    };
    tokio::join!(work(&t.ledger, batches), work(&other, backwards));
    let events = t.events(id).await;
    for row in t.rows(id).await {
        assert_eq!(row.status, Status::Complained);
        check_sequence(&row, &events[&row.position]);
        let of_kind = |kind| {
            kinds(&events[&row.position])
                .iter()
                .filter(|one| **one == kind)
                .count()
        };
        for kind in ["sent", "delayed", "complained"] {
            assert_eq!(of_kind(kind), 1, "{kind}");
        }
    }
}

async fn an_end_before_there_were_events_counts_as_the_first(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let claim = t.finish(id, unknown()).await;
    t.sql("DELETE FROM event").await;
    t.sql("UPDATE recipient SET events = 0").await;
    t.apply(&[report(&claim, 0, Report::Delivered, 0)]).await;
    t.ledger.record(&claim, &[(1, accepted())]).await.unwrap();
    let numbers: Vec<Vec<i32>> = t
        .events(id)
        .await
        .values()
        .map(|events| events.iter().map(|event| event.sequence).collect())
        .collect();
    assert_eq!(numbers, [vec![2, 3], vec![2]]);
}

async fn each_way_to_an_end_is_an_event(t: &TestLedger) {
    let id = t.store(&mailing_to(6)).await;
    let claim = t.send(id).await;
    let outcomes = [(0, accepted()), (1, refused()), (2, unknown())];
    t.ledger.record(&claim, &outcomes).await.unwrap();
    t.sql("UPDATE recipient SET lease_until = 1 WHERE status = 'sending' AND position = 3")
        .await;
    t.ledger.settle_lost_leases().await.unwrap();
    let positions = [4, 5];
    t.ledger.take_back(&claim, &positions).await.unwrap();
    t.sql("UPDATE recipient SET expires_at = 1 WHERE position = 4")
        .await;
    t.ledger.expire().await.unwrap();
    t.cancel(id).await;
    let events = t.events(id).await;
    let rows = t.rows(id).await;
    let expected = [
        "sent",
        "failed",
        "unconfirmed",
        "unconfirmed",
        "failed",
        "cancelled",
    ];
    for (row, expected) in rows.iter().zip(expected) {
        let events = &events[&row.position];
        assert_eq!(kinds(events), [expected]);
        let event = &events[0];
        assert_eq!(
            (Some(event.id), Some(event.occurred_at), event.sequence),
            (row.event_id, row.ended_at, row.events)
        );
        assert_eq!(
            (
                &event.message_id,
                &event.status_detail,
                &event.last_error,
                event.sent_at,
                event.queued_at,
                event.attempts
            ),
            (
                &row.message_id,
                &row.status_detail,
                &row.last_error,
                row.sent_at,
                row.queued_at,
                row.attempts
            )
        );
        assert_eq!(event.api_key_id, t.mailing_row(id).await.api_key_id);
    }
}

on_both_databases!(
    a_mail_that_is_known_to_be_sent_is_not_sent_again,
    a_refusal_after_a_bounce_of_an_earlier_attempt_stays,
    an_outcome_after_its_report_changes_nothing,
    rejects_and_rendering_failures_are_failures,
    reports_about_copies_move_nobody,
    reports_about_copies_name_their_places_after_an_erasure,
    reports_about_unknown_mail_are_counted,
    two_workers_at_once_apply_each_report_once,
    an_end_before_there_were_events_counts_as_the_first,
    each_way_to_an_end_is_an_event,
);
