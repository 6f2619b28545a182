//! Mailings that are planned for a later time, and moved to another.

use std::time::Duration;

use entity::recipient::{Model, Status};
use mail::ledger::{
    HOUR, IdempotencyRequest, MailingFilter, NewEntry, Rescheduled, Scope, StoreOutcome,
    WokenBefore, start_of_hour,
};
use mail::message::NewMailing;
use mail::outcome::Fault;
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{accepted, all_of, mailing_to, not_accepted, positions, queued, unknown},
};

on_both_databases![
    what_is_planned_is_neither_woken_nor_claimed_before_its_time,
    what_is_planned_is_not_late_before_its_time,
    a_time_that_has_passed_is_now,
    times_that_do_not_hold_store_nothing,
    a_planned_mailing_is_moved_to_later_and_to_earlier,
    a_mailing_that_waits_is_moved_too,
    an_expiry_that_was_given_stays,
    an_older_mailing_shows_by_its_lifetime_if_its_expiry_was_given,
    an_expiry_that_a_resend_has_replaced_moves_along,
    a_claim_has_no_effect_on_what_was_moved,
    what_is_being_sent_is_not_moved,
    a_mailing_without_anything_queued_stays_as_it_was,
    another_key_moves_nothing,
    the_time_to_sent_counts_from_the_planned_time,
    a_mailing_is_found_by_its_idempotency_key,
    what_waits_is_counted_for_a_dry_run,
];

const DAY: i64 = 24 * HOUR;
const LIFETIME: i64 = 3 * DAY;

async fn now(t: &TestLedger) -> i64 {
    t.ledger.clock().await.unwrap()
}

fn planned(recipients: usize, send_at: i64) -> NewMailing {
    NewMailing {
        send_at: Some(send_at),
        ..mailing_to(recipients)
    }
}

async fn is_woken(t: &TestLedger) -> bool {
    let mut woken = Vec::new();
    for before in [WokenBefore::Never, WokenBefore::AnyTime] {
        woken.extend(t.ledger.wake_due(before).await.unwrap());
    }
    !woken.is_empty()
}

/// Moves by an administrator. Returns the number of moved recipients, and those of wake-ups.
async fn reschedule(t: &TestLedger, id: Uuid, send_at: i64) -> (u64, usize) {
    match t.ledger.reschedule(Scope::Everybody, id, send_at).await {
        Ok(Rescheduled::Moved {
            moved, wake_ups, ..
        }) => (moved, wake_ups.len()),
        other => panic!("{other:?}"),
    }
}

/// Asserts when all recipients of a mailing are due and expire, and that nobody holds them.
async fn assert_times(t: &TestLedger, id: Uuid, due_at: i64, expires_at: i64) {
    for row in t.rows(id).await {
        assert_eq!((row.due_at, row.expires_at), (due_at, expires_at));
        assert_eq!((row.claim_token, row.lease_until), (None, None));
        assert!(row.queued_at.is_some());
    }
    let mailing = t.mailing_row(id).await;
    assert_eq!(mailing.send_at, Some(due_at));
    assert_eq!(mailing.expires_at, expires_at);
}

async fn what_is_planned_is_neither_woken_nor_claimed_before_its_time(t: &TestLedger) {
    let send_at = now(t).await + DAY;
    let id = t.store(&planned(60, send_at)).await;
    assert_times(t, id, send_at, send_at + LIFETIME).await;
    let summary = t.ledger.mailing_summary(Scope::Everybody, id).await;
    assert_eq!(summary.unwrap().unwrap().send_at, Some(send_at));
    // After a restart, too.
    let another = t.another().await;
    for ledger in [&t.ledger, &another] {
        for rate in [None, Some(100_000.0)] {
            let claim = ledger.claim_and_begin(all_of(id), 60, rate).await.unwrap();
            assert!(claim.recipients.is_empty());
        }
        assert!(
            ledger
                .claim(all_of(id), 60)
                .await
                .unwrap()
                .recipients
                .is_empty()
        );
    }
    assert!(!is_woken(t).await);
    t.sql("UPDATE recipient SET due_at = 1 WHERE position < 2")
        .await;
    let woken = another.wake_due(WokenBefore::Never).await.unwrap();
    assert_eq!(woken.len(), 1);
    assert_eq!((woken[0].range.first, woken[0].range.last), (0, 1));
    assert_eq!(positions(&t.claim_all(id).await), [0, 1]);
}

async fn what_is_planned_is_not_late_before_its_time(t: &TestLedger) {
    t.store(&planned(3, now(t).await + DAY)).await;
    assert_eq!(t.ledger.oldest_due().await.unwrap(), Duration::ZERO);
    let hour = start_of_hour(now(t).await);
    let waiting = t
        .ledger
        .statistics(hour..hour + HOUR)
        .await
        .unwrap()
        .waiting;
    assert_eq!((waiting.queued, waiting.due), (3, 0));
    assert_eq!(waiting.oldest_due_at, None);
    assert!(t.ledger.expire().await.unwrap().is_empty());
    assert_eq!(t.ledger.note_ended().await.unwrap(), 0);
    t.sql("UPDATE recipient SET due_at = due_at - 86400000 - 5000")
        .await;
    assert!(t.ledger.oldest_due().await.unwrap() >= Duration::from_secs(5));
}

async fn a_time_that_has_passed_is_now(t: &TestLedger) {
    let before = now(t).await;
    let id = t.store(&planned(2, before - HOUR)).await;
    for row in t.rows(id).await {
        assert!(row.due_at >= before && row.woken_at == Some(row.due_at));
        assert_eq!(row.expires_at, row.due_at + LIFETIME);
    }
    assert_eq!(t.mailing_row(id).await.send_at, Some(before - HOUR));
    assert_eq!(positions(&t.claim_all(id).await), [0, 1]);
}

async fn times_that_do_not_hold_store_nothing(t: &TestLedger) {
    let (key, now) = (t.key().await, now(t).await);
    let expiring = |send_at, expires_at| NewMailing {
        expires_at: Some(expires_at),
        ..planned(1, send_at)
    };
    for (request, too_far) in [
        (planned(1, now + 30 * DAY + HOUR), true),
        (expiring(now + HOUR, now + HOUR), false),
        (expiring(now + HOUR, now + 1_000), false),
        (expiring(now - HOUR, now), false),
    ] {
        let outcome = t.ledger.store(queued(key, &request)).await.unwrap();
        let as_expected = match outcome {
            StoreOutcome::TooFarAhead => too_far,
            StoreOutcome::Expired => !too_far,
            StoreOutcome::Stored(_)
            | StoreOutcome::KeyTaken
            | StoreOutcome::Revoked
            | StoreOutcome::OverLimit => false,
        };
        assert!(as_expected, "{:?}: {outcome:?}", request.send_at);
    }
    assert_eq!(t.number("SELECT COUNT(*) FROM mailing").await, 0);
    let at_most = planned(1, now + 30 * DAY - HOUR);
    t.store(&at_most).await;
    t.store(&expiring(now + HOUR, now + HOUR + 1)).await;
}

async fn a_planned_mailing_is_moved_to_later_and_to_earlier(t: &TestLedger) {
    let begin = now(t).await;
    let id = t.store(&planned(60, begin + DAY)).await;
    for send_at in [begin + 2 * DAY, begin + HOUR] {
        assert_eq!(reschedule(t, id, send_at).await, (60, 0));
        assert_times(t, id, send_at, send_at + LIFETIME).await;
        assert!(!is_woken(t).await);
    }
    // The blocks of the first 50 recipients and of the others are woken at once.
    assert_eq!(reschedule(t, id, begin - HOUR).await, (60, 2));
    let due_at = t.row(id).await.due_at;
    assert!(due_at >= begin && due_at <= now(t).await);
    assert_times(t, id, due_at, due_at + LIFETIME).await;
    assert_eq!(t.row(id).await.woken_at, Some(due_at));
    assert_eq!(t.claim_all(id).await.recipients.len(), 60);
    let outcome = t
        .ledger
        .reschedule(Scope::Everybody, id, begin + 30 * DAY + HOUR);
    assert!(matches!(outcome.await.unwrap(), Rescheduled::TooFarAhead));
}

async fn a_mailing_that_waits_is_moved_too(t: &TestLedger) {
    let later = now(t).await + DAY;
    let id = t.store(&mailing_to(3)).await;
    let retried = not_accepted(Duration::from_mins(5), Fault::Passing);
    t.finish(id, retried).await;
    assert_eq!(reschedule(t, id, later).await, (3, 0));
    assert_times(t, id, later, later + LIFETIME).await;
    assert!(!is_woken(t).await);
    let single = mailing_to(1);
    let entry = NewEntry {
        claimed: true,
        ..queued(t.key().await, &single)
    };
    let id = t.try_store(entry).await.unwrap().id;
    assert_eq!(reschedule(t, id, later).await, (1, 0));
    assert_times(t, id, later, later + LIFETIME).await;
}

async fn an_expiry_that_was_given_stays(t: &TestLedger) {
    let begin = now(t).await;
    let expires_at = begin + 4 * DAY;
    let request = NewMailing {
        expires_at: Some(expires_at),
        ..planned(2, begin + DAY)
    };
    let id = t.store(&request).await;
    for late in [expires_at, expires_at + DAY] {
        let outcome = t.ledger.reschedule(Scope::Everybody, id, late).await;
        assert!(matches!(outcome.unwrap(), Rescheduled::Expires(at) if at == expires_at));
        assert_times(t, id, begin + DAY, expires_at).await;
    }
    assert_eq!(reschedule(t, id, expires_at - 1).await, (2, 0));
    assert_times(t, id, expires_at - 1, expires_at).await;
}

async fn an_older_mailing_shows_by_its_lifetime_if_its_expiry_was_given(t: &TestLedger) {
    let later = now(t).await + DAY;
    let by_default = t.store(&mailing_to(1)).await;
    let request = NewMailing {
        expires_at: Some(later + HOUR),
        ..mailing_to(1)
    };
    let given = t.store(&request).await;
    t.sql("UPDATE mailing SET expiry_given = NULL").await;
    for (id, expires_at) in [(by_default, later + LIFETIME), (given, later + HOUR)] {
        assert_eq!(reschedule(t, id, later).await, (1, 0));
        assert_times(t, id, later, expires_at).await;
    }
}

async fn an_expiry_that_a_resend_has_replaced_moves_along(t: &TestLedger) {
    let later = now(t).await + 10 * DAY;
    let request = NewMailing {
        expires_at: Some(later),
        ..mailing_to(1)
    };
    let id = t.store(&request).await;
    t.finish(id, unknown()).await;
    for table in ["mailing", "recipient"] {
        t.sql(&format!("UPDATE {table} SET expires_at = 1")).await;
    }
    t.resend(id, Status::Unconfirmed).await;
    assert_eq!(reschedule(t, id, later).await, (1, 0));
    assert_times(t, id, later, later + LIFETIME).await;
}

async fn a_claim_has_no_effect_on_what_was_moved(t: &TestLedger) {
    let now = now(t).await;
    for later in [now + DAY, now - HOUR] {
        let id = t.store(&mailing_to(3)).await;
        let claim = t.claim_all(id).await;
        assert_eq!(reschedule(t, id, later).await.0, 3);
        let moved = t.rows(id).await;
        let begun = t.ledger.begin_sending(&claim, &[0, 1, 2]).await.unwrap();
        assert!(
            begun.is_empty(),
            "what was moved is not sent by an old claim"
        );
        let ended = t.ledger.record(&claim, &[(0, accepted())]).await.unwrap();
        assert!(ended.is_empty());
        t.ledger.release(&claim).await.unwrap();
        t.ledger.take_back(&claim, &[0, 1, 2]).await.unwrap();
        assert_eq!(t.rows(id).await, moved);
        let due = t.claim_all(id).await.recipients.len();
        assert_eq!(due, if later < now { 3 } else { 0 });
    }
}

async fn what_is_being_sent_is_not_moved(t: &TestLedger) {
    let begin = now(t).await;
    let id = t.store(&mailing_to(3)).await;
    let claim = t.claim_all(id).await;
    t.ledger.begin_sending(&claim, &[1]).await.unwrap();
    let expires_at = t.row(id).await.expires_at;
    assert_eq!(reschedule(t, id, begin + DAY).await, (2, 0));
    let rows = t.rows(id).await;
    let due = |row: &Model| row.due_at > begin + HOUR;
    assert_eq!(
        rows.iter().map(due).collect::<Vec<_>>(),
        [true, false, true]
    );
    assert_eq!(rows[1].status, Status::Sending);
    assert_eq!(rows[1].expires_at, expires_at);
    let ended = t.ledger.record(&claim, &[(1, accepted())]).await.unwrap();
    assert_eq!(ended.len(), 1, "its call is recorded");
}

async fn a_mailing_without_anything_queued_stays_as_it_was(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, accepted()).await;
    let before = t.mailing_row(id).await;
    assert_eq!(reschedule(t, id, now(t).await + DAY).await, (0, 0));
    assert_eq!(t.mailing_row(id).await, before);
    let planned = t.store(&planned(2, now(t).await + DAY)).await;
    assert_eq!(t.cancel(planned).await.len(), 2);
    assert_eq!(reschedule(t, planned, now(t).await + HOUR).await, (0, 0));
    assert!(!is_woken(t).await);
}

async fn another_key_moves_nothing(t: &TestLedger) {
    let send_at = now(t).await + DAY;
    let id = t.store(&planned(1, send_at)).await;
    let other = Scope::Key(t.key().await);
    for (scope, id) in [(other, id), (Scope::Everybody, Uuid::now_v7())] {
        let outcome = t.ledger.reschedule(scope, id, send_at + HOUR).await;
        assert!(matches!(outcome.unwrap(), Rescheduled::NotFound));
    }
    let own = Scope::Key(t.mailing_row(id).await.api_key_id);
    let outcome = t.ledger.reschedule(own, id, send_at + HOUR).await;
    assert!(matches!(
        outcome.unwrap(),
        Rescheduled::Moved { moved: 1, .. }
    ));
}

async fn the_time_to_sent_counts_from_the_planned_time(t: &TestLedger) {
    let hour = start_of_hour(now(t).await) - 2 * HOUR;
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, accepted()).await;
    t.sql(&format!(
        "UPDATE recipient SET ended_at = {hour} + 5000, sent_at = {hour} + 5000"
    ))
    .await;
    // Planned; not planned; and the other recipients of the mailing were moved to a later time.
    for (send_at, took) in [
        (hour + 2_000, 3_000),
        (hour - DAY, 5_000),
        (hour + DAY, 5_000),
    ] {
        t.sql(&format!(
            "UPDATE mailing SET created_at = {hour}, send_at = {send_at}"
        ))
        .await;
        let counted = t.ledger.statistics(hour..hour + HOUR).await.unwrap().hours[0];
        assert_eq!(counted.time_to_sent.unwrap().p50, took, "{send_at}");
    }
}

async fn a_mailing_is_found_by_its_idempotency_key(t: &TestLedger) {
    let keys = [t.key().await, t.key().await, t.key().await];
    let once = IdempotencyRequest::new("once".to_owned(), b"body", false);
    let request = mailing_to(1);
    let mut ids = Vec::new();
    for key in &keys[..2] {
        let entry = NewEntry {
            idempotency: Some(&once),
            ..queued(*key, &request)
        };
        ids.insert(0, t.try_store(entry).await.unwrap().id);
        t.try_store(queued(*key, &request)).await.unwrap();
    }
    let found = async |scope, key, limit, after| {
        let filter = MailingFilter {
            idempotency_key: Some(key),
            ..MailingFilter::default()
        };
        let page = t
            .ledger
            .mailings(scope, filter, after, limit)
            .await
            .unwrap();
        let ids: Vec<Uuid> = page.items.iter().map(|mailing| mailing.id).collect();
        (ids, page.next)
    };
    let all = Scope::Everybody;
    assert_eq!(found(all, "once", 10, None).await, (ids.clone(), None));
    let first = found(all, "once", 1, None).await;
    assert_eq!(first, (vec![ids[0]], Some(ids[0])));
    assert_eq!(found(all, "once", 1, first.1).await, (vec![ids[1]], None));
    let own = found(Scope::Key(keys[0]), "once", 10, None).await;
    assert_eq!(own, (vec![ids[1]], None));
    for (scope, key) in [(Scope::Key(keys[2]), "once"), (all, "twice"), (all, "")] {
        assert_eq!(found(scope, key, 10, None).await, (vec![], None));
    }
    t.sql("UPDATE idempotency SET expires_at = 1").await;
    assert_eq!(found(all, "once", 10, None).await, (vec![], None));
}

async fn what_waits_is_counted_for_a_dry_run(t: &TestLedger) {
    let nothing = t.ledger.outlook().await.unwrap();
    assert_eq!((nothing.due, nothing.held_until), (0, 0));
    t.store(&mailing_to(7)).await;
    t.store(&planned(5, now(t).await + DAY)).await;
    let until = now(t).await + HOUR;
    t.sql(&format!(
        "UPDATE pace SET holds = 1, held_until = {until} * 1000"
    ))
    .await;
    let outlook = t.ledger.outlook().await.unwrap();
    assert_eq!((outlook.due, outlook.held_until), (7, until));
    assert!(outlook.now >= nothing.now);
}
