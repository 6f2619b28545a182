//! Cancelling and resending.

use entity::recipient::Status;
use mail::{
    ledger::{Resent, Scope},
    wake_up::{Range, WakeUp},
};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{accepted, mailing_to, queued, refused, unknown},
};

/// A mailing of 110 recipients that all ended `failed`, except for 3 and 60 (unconfirmed) and 4 (sent).
async fn mostly_failed(t: &TestLedger) -> Uuid {
    let id = t.store(&mailing_to(110)).await;
    let claim = t.send(id).await;
    let outcomes: Vec<_> = (0..110)
        .map(|position| match position {
            3 | 60 => (position, unknown()),
            4 => (position, accepted()),
            _ => (position, refused()),
        })
        .collect();
    t.ledger.record(&claim, &outcomes).await.unwrap();
    t.ledger.note_ended().await.unwrap();
    id
}

async fn cancelling_takes_what_is_queued_and_nothing_else(t: &TestLedger) {
    let id = t.store(&mailing_to(4)).await;
    let other = t.store(&mailing_to(1)).await;
    let claim = t.claim_all(id).await;
    t.ledger.begin_sending(&claim, &[0]).await.unwrap();
    t.sql("UPDATE recipient SET claim_token = NULL, lease_until = NULL WHERE position = 2")
        .await;
    assert_eq!(t.cancel(id).await.len(), 3);
    let rows = t.rows(id).await;
    assert_eq!(rows[0].status, Status::Sending);
    let mut events: Vec<_> = rows[1..].iter().map(|row| row.event_id.unwrap()).collect();
    for row in &rows[1..] {
        assert_eq!(row.status, Status::Cancelled);
        assert_eq!(row.status_detail.as_deref(), Some("cancelled"));
        assert!(row.ended_at.is_some());
    }
    events.dedup();
    assert_eq!(events.len(), 3, "an event each");
    assert_eq!(t.row(other).await.status, Status::Queued);
    let begun = t.ledger.begin_sending(&claim, &[1, 2, 3]).await.unwrap();
    assert!(begun.is_empty(), "what was cancelled is not sent");
    assert_eq!(t.cancel(id).await.len(), 0);
}

async fn cancelling_with_a_key_takes_what_that_key_has_waiting(t: &TestLedger) {
    let (key, request) = (t.key().await, mailing_to(2));
    let entry = queued(key, &request);
    let first = t.try_store(entry).await.unwrap().id;
    let second = t.try_store(entry).await.unwrap().id;
    let other = t.store(&request).await;
    t.finish(first, accepted()).await;
    assert_eq!(t.ledger.cancel_some_of_key(key).await.unwrap().len(), 2);
    assert_eq!(t.row(first).await.status, Status::Sent);
    assert_eq!(t.row(second).await.status, Status::Cancelled);
    assert_eq!(t.row(other).await.status, Status::Queued);
}

async fn a_resend_queues_those_of_the_named_end_afresh(t: &TestLedger) {
    let id = mostly_failed(t).await;
    let before = t.rows(id).await;
    let resent = t.resend(id, Status::Unconfirmed).await;
    let Resent::Queued {
        wake_ups,
        accepted,
        queued_at,
        ..
    } = resent
    else {
        panic!("{resent:?}");
    };
    let api_key_id = t.mailing_row(id).await.api_key_id;
    let only = |position| WakeUp {
        range: Range {
            mailing_id: id,
            first: position,
            last: position,
        },
        api_key_id,
    };
    assert_eq!((accepted, wake_ups), (2, vec![only(3), only(60)]));
    for (row, before) in t.rows(id).await.iter().zip(&before) {
        if !matches!(row.position, 3 | 60) {
            assert_eq!(row, before);
            continue;
        }
        assert_eq!((row.status, row.attempts), (Status::Queued, 0));
        assert_eq!((row.claim_token, row.lease_until), (None, None));
        assert_eq!((row.event_id, row.ended_at), (None, None));
        assert_eq!((&row.status_detail, &row.last_error), (&None, &None));
        assert_eq!((row.due_at, row.queued_at), (queued_at, Some(queued_at)));
    }
    assert_eq!(t.mailing_row(id).await.ended_at, None, "it is open again");
}

async fn what_somebody_holds_of_a_revoked_key_is_cancelled_when_it_is_queued_again(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let key = t.mailing_row(id).await.api_key_id;
    let range = Range {
        mailing_id: id,
        first: 0,
        last: 0,
    };
    let claim = t.ledger.claim(range, 1).await.unwrap();
    t.ledger.begin_sending(&claim, &[0]).await.unwrap();
    t.ledger.revoke_key(key, true).await.unwrap();
    assert_eq!(t.ledger.cancelling_keys().await.unwrap(), [key]);
    assert_eq!(t.ledger.cancel_some_of_key(key).await.unwrap().len(), 2);
    assert!(
        !t.ledger.end_cancelling(key).await.unwrap(),
        "one is being sent"
    );
    t.ledger.take_back(&claim, &[0]).await.unwrap();
    assert!(
        !t.ledger.end_cancelling(key).await.unwrap(),
        "it is queued again"
    );
    assert_eq!(t.ledger.cancel_some_of_key(key).await.unwrap().len(), 1);
    assert!(t.ledger.end_cancelling(key).await.unwrap());
    assert!(t.ledger.cancelling_keys().await.unwrap().is_empty());
}

async fn a_resend_wakes_in_blocks_of_fifty(t: &TestLedger) {
    let id = mostly_failed(t).await;
    let resent = t.resend(id, Status::Failed).await;
    let Resent::Queued { wake_ups, .. } = resent else {
        panic!("{resent:?}");
    };
    let blocks: Vec<_> = wake_ups
        .iter()
        .map(|WakeUp { range, .. }| (range.first, range.last))
        .collect();
    assert_eq!(blocks, [(0, 49), (50, 99), (100, 109)]);
}

async fn the_end_of_a_resent_mail_is_a_new_event(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let old = t.finish(id, unknown()).await;
    let first = t.row(id).await.event_id;
    t.resend(id, Status::Unconfirmed).await;
    t.finish(id, unknown()).await;
    let row = t.row(id).await;
    assert!(row.event_id.is_some() && row.event_id != first);
    assert_eq!(row.attempts, 1);
    let late = t.ledger.record(&old, &[(0, accepted())]).await.unwrap();
    assert!(late.is_empty(), "the claim from before the resend is over");
    assert_eq!(t.row(id).await, row);
}

async fn a_resend_gives_what_expired_a_new_life_and_leaves_other_deadlines(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, refused()).await;
    let ahead = t.ledger.clock().await.unwrap() + 600_000;
    t.sql("UPDATE recipient SET expires_at = 1 WHERE position = 0")
        .await;
    t.sql(&format!(
        "UPDATE recipient SET expires_at = {ahead} WHERE position = 1"
    ))
    .await;
    t.resend(id, Status::Failed).await;
    let rows = t.rows(id).await;
    assert_eq!(rows[0].expires_at, rows[0].due_at + 72 * 3600 * 1000);
    assert_eq!(rows[1].expires_at, ahead);
}

async fn a_resend_that_finds_nothing_leaves_the_mailing_ended(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, accepted()).await;
    t.ledger.note_ended().await.unwrap();
    let ended = t.mailing_row(id).await;
    let resent = t.resend(id, Status::Failed).await;
    assert!(matches!(resent, Resent::Queued { accepted: 0, .. }));
    assert_eq!(t.mailing_row(id).await, ended);
}

async fn a_resend_without_content_is_gone(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, refused()).await;
    t.sql("UPDATE mailing SET body = NULL, ended_at = 1").await;
    let resent = t.resend(id, Status::Failed).await;
    assert!(matches!(resent, Resent::Gone));
    assert_eq!(t.row(id).await.status, Status::Failed);
    assert_eq!(t.mailing_row(id).await.ended_at, Some(1));
    let resent = t.resend(Uuid::now_v7(), Status::Failed).await;
    assert!(matches!(resent, Resent::NotFound));
}

async fn a_mailing_of_another_key_is_neither_cancelled_nor_resent(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let ended = t.store(&mailing_to(1)).await;
    t.finish(ended, refused()).await;
    t.ledger.note_ended().await.unwrap();
    let other = Scope::Key(t.key().await);
    assert_eq!(t.ledger.cancel(other, id).await.unwrap(), None);
    assert_eq!(t.row(id).await.status, Status::Queued);
    let before = (t.row(ended).await, t.mailing_row(ended).await);
    let resent = t.ledger.resend(other, ended, Status::Failed).await.unwrap();
    assert!(matches!(resent, Resent::NotFound));
    assert_eq!((t.row(ended).await, t.mailing_row(ended).await), before);

    let own = Scope::Key(before.1.api_key_id);
    let resent = t.ledger.resend(own, ended, Status::Failed).await.unwrap();
    assert!(matches!(resent, Resent::Queued { accepted: 1, .. }));
    let own = Scope::Key(t.mailing_row(id).await.api_key_id);
    assert_eq!(t.ledger.cancel(own, id).await.unwrap().unwrap().len(), 1);
    assert_eq!(t.ledger.cancel(own, id).await.unwrap(), Some(vec![]));
}

async fn nobody_is_resent_to_whose_address_was_removed(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    t.finish(id, refused()).await;
    t.sql("UPDATE recipient SET mail = NULL WHERE position = 0")
        .await;
    let resent = t.resend(id, Status::Failed).await;
    assert!(matches!(resent, Resent::Queued { accepted: 1, .. }));
    assert_eq!(t.row(id).await.status, Status::Failed);
}

on_both_databases![
    what_somebody_holds_of_a_revoked_key_is_cancelled_when_it_is_queued_again,
    cancelling_takes_what_is_queued_and_nothing_else,
    cancelling_with_a_key_takes_what_that_key_has_waiting,
    a_resend_queues_those_of_the_named_end_afresh,
    a_resend_wakes_in_blocks_of_fifty,
    the_end_of_a_resent_mail_is_a_new_event,
    a_resend_gives_what_expired_a_new_life_and_leaves_other_deadlines,
    a_resend_that_finds_nothing_leaves_the_mailing_ended,
    a_resend_without_content_is_gone,
    a_mailing_of_another_key_is_neither_cancelled_nor_resent,
    nobody_is_resent_to_whose_address_was_removed,
];
