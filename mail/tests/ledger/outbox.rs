//! The ends that are still to be published to the result queue.

use std::time::Duration;

use entity::recipient::Status;
use mail::ledger::Ledger;
use mail::ledger::Scope;
use mail::outcome::Outcome;
use mail::recipient_update::RecipientUpdate;
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{accepted, mailing_to, refused, unknown},
};

/// Ends a mailing as a process with a result queue does.
async fn ended(t: &TestLedger, publishing: &Ledger, people: usize, outcome: Outcome) -> Uuid {
    let id = t.store(&mailing_to(people)).await;
    let claim = t.send(id).await;
    let outcomes: Vec<_> = claim
        .recipients
        .iter()
        .map(|recipient| (recipient.position, outcome.clone()))
        .collect();
    publishing.record(&claim, &outcomes).await.unwrap();
    id
}

/// Returns the unpublished ends, after the time in which only the process that ended them may publish them.
async fn unpublished(t: &TestLedger, ledger: &Ledger) -> Vec<RecipientUpdate> {
    t.sql("UPDATE outbox SET due_at = due_at - 10000").await;
    ledger.unpublished(100).await.unwrap()
}

async fn what_was_told_is_not_told_again(t: &TestLedger) {
    let publishing = t.publishing().await;
    let (first, second) = (
        ended(t, &publishing, 2, accepted()).await,
        ended(t, &publishing, 1, refused()).await,
    );
    let rows = unpublished(t, &publishing).await;
    let mailings: Vec<Uuid> = rows.iter().map(|row| row.mailing_id).collect();
    assert_eq!(mailings, [first, first, second]);
    publishing
        .mark_published(&[&rows[0], &rows[2]])
        .await
        .unwrap();
    assert_eq!(unpublished(t, &publishing).await, rows[1..2]);
}

async fn an_end_that_another_one_follows_is_told_too(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = t.store(&mailing_to(1)).await;
    let claim = t.send(id).await;
    for outcome in [unknown(), accepted()] {
        publishing.record(&claim, &[(0, outcome)]).await.unwrap();
    }
    let ends = unpublished(t, &publishing).await;
    let published: Vec<_> = ends.iter().map(|end| (end.status, end.sent_at)).collect();
    let sent_at = t.row(id).await.sent_at;
    assert_eq!(
        published,
        [(Status::Unconfirmed, None), (Status::Sent, sent_at)]
    );
    assert_ne!(ends[0].event_id, ends[1].event_id);
    publishing.mark_published(&[&ends[0]]).await.unwrap();
    assert_eq!(unpublished(t, &publishing).await, ends[1..]);
}

async fn an_end_that_a_resend_takes_back_is_told_as_it_was(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = ended(t, &publishing, 2, refused()).await;
    let of = |rows: Vec<RecipientUpdate>| -> Vec<_> {
        let rows = rows.into_iter();
        rows.map(|row| (row.event_id, row.status, row.last_error, row.attempts))
            .collect()
    };
    let before = of(t.updates(id).await);
    publishing
        .resend(Scope::Everybody, id, Status::Failed)
        .await
        .unwrap();
    let mut published = unpublished(t, &publishing).await;
    published.sort_by_key(|row| row.position);
    assert_eq!(of(published), before);
}

async fn each_way_to_an_end_is_told(t: &TestLedger) {
    let publishing = t.publishing().await;
    let cancelled = t.store(&mailing_to(2)).await;
    publishing
        .cancel(Scope::Everybody, cancelled)
        .await
        .unwrap();
    let expired = t.store(&mailing_to(1)).await;
    t.sql("UPDATE recipient SET expires_at = 1 WHERE status = 'queued'")
        .await;
    publishing.expire().await.unwrap();
    let lost = t.store(&mailing_to(1)).await;
    t.send(lost).await;
    t.sql("UPDATE recipient SET lease_until = 1 WHERE status = 'sending'")
        .await;
    publishing.settle_lost_leases().await.unwrap();
    let of_key = t.store(&mailing_to(1)).await;
    let key = t.mailing_row(of_key).await.api_key_id;
    publishing.cancel_some_of_key(key).await.unwrap();
    let mut published: Vec<_> = unpublished(t, &publishing)
        .await
        .iter()
        .map(|end| (end.mailing_id, end.position, end.status))
        .collect();
    published.sort_by_key(|(id, position, _)| (*id, *position));
    let mut expected = [
        (cancelled, 0, Status::Cancelled),
        (cancelled, 1, Status::Cancelled),
        (expired, 0, Status::Failed),
        (lost, 0, Status::Unconfirmed),
        (of_key, 0, Status::Cancelled),
    ];
    expected.sort_by_key(|(id, position, _)| (*id, *position));
    assert_eq!(published, expected);
}

async fn what_the_queue_refuses_is_tried_once_more_and_holds_nothing_up(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = ended(t, &publishing, 1, accepted()).await;
    let end = &unpublished(t, &publishing).await[0];
    assert!(!publishing.mark_refused(end).await.unwrap());
    assert!(
        publishing.unpublished(100).await.unwrap().is_empty(),
        "not at once"
    );
    assert_eq!(unpublished(t, &publishing).await.len(), 1);
    assert!(
        publishing.mark_refused(end).await.unwrap(),
        "it is given up"
    );
    assert!(unpublished(t, &publishing).await.is_empty());
    let kept = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox");
    assert_eq!(kept.await, 1, "to be looked at");
    assert_eq!(publishing.note_ended().await.unwrap(), 1);
    t.sql("UPDATE mailing SET ended_at = 1").await;
    publishing.drop_addresses(Duration::ZERO).await.unwrap();
    let kept = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox");
    assert_eq!(kept.await, 0, "{id} is over");
}

async fn what_has_just_ended_is_left_to_whoever_ended_it(t: &TestLedger) {
    let publishing = t.publishing().await;
    ended(t, &publishing, 1, accepted()).await;
    assert!(publishing.unpublished(100).await.unwrap().is_empty());
    assert_eq!(unpublished(t, &publishing).await.len(), 1);
}

async fn without_a_queue_there_is_nothing_to_tell(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, accepted()).await;
    assert!(unpublished(t, &t.publishing().await).await.is_empty());
}

async fn a_mailing_has_ended_when_its_results_are_out(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = ended(t, &publishing, 1, accepted()).await;
    assert_eq!(publishing.note_ended().await.unwrap(), 0);
    let rows = unpublished(t, &publishing).await;
    publishing.mark_published(&[&rows[0]]).await.unwrap();
    assert_eq!(publishing.note_ended().await.unwrap(), 1);
    assert!(t.mailing_row(id).await.ended_at.is_some());
}

async fn without_its_queue_a_mailing_ends_all_the_same(t: &TestLedger) {
    let publishing = t.publishing().await;
    ended(t, &publishing, 1, accepted()).await;
    assert_eq!(publishing.note_ended().await.unwrap(), 0);
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
}

async fn a_result_that_cannot_be_published_holds_its_mailing_for_three_days(t: &TestLedger) {
    let publishing = t.publishing().await;
    ended(t, &publishing, 1, accepted()).await;
    let day = 24 * 60 * 60 * 1000;
    let older = format!("UPDATE outbox SET added_at = added_at - {}", day * 5 / 2);
    t.sql(&older).await;
    assert_eq!(publishing.note_ended().await.unwrap(), 0);
    t.sql(&older).await;
    assert_eq!(publishing.note_ended().await.unwrap(), 1);
    assert_eq!(
        unpublished(t, &publishing).await.len(),
        1,
        "it is published all the same"
    );
}

async fn the_callers_ids_go_along(t: &TestLedger) {
    let mut request = mailing_to(1);
    request.envelope.ids.closure_id = Some(mail::message::CallerId::Integer(7));
    let id = t.store(&request).await;
    let ids = t.ledger.caller_ids(&[id, Uuid::now_v7()]).await.unwrap();
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[&id], request.envelope.ids);
}

async fn the_age_of_what_waits_longest_is_known(t: &TestLedger) {
    assert_eq!(t.ledger.oldest_due().await.unwrap(), Duration::ZERO);
    t.store(&mailing_to(3)).await;
    t.sql("UPDATE recipient SET due_at = due_at - 3600000 WHERE position = 1")
        .await;
    let age = t.ledger.oldest_due().await.unwrap();
    assert!(age >= Duration::from_hours(1) && age < Duration::from_hours(2));
    t.sql("UPDATE recipient SET status = 'sent'").await;
    assert_eq!(t.ledger.oldest_due().await.unwrap(), Duration::ZERO);
}

on_both_databases![
    what_was_told_is_not_told_again,
    an_end_that_another_one_follows_is_told_too,
    an_end_that_a_resend_takes_back_is_told_as_it_was,
    each_way_to_an_end_is_told,
    what_the_queue_refuses_is_tried_once_more_and_holds_nothing_up,
    what_has_just_ended_is_left_to_whoever_ended_it,
    without_a_queue_there_is_nothing_to_tell,
    a_mailing_has_ended_when_its_results_are_out,
    without_its_queue_a_mailing_ends_all_the_same,
    a_result_that_cannot_be_published_holds_its_mailing_for_three_days,
    the_callers_ids_go_along,
    the_age_of_what_waits_longest_is_known,
];
