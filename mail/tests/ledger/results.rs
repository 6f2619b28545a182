//! Which ends the result queue still has to be told of.

use std::time::Duration;

use entity::recipient::Model;
use mail::ledger::{Ledger, Outcome};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{accepted, mailing_to, refused},
};

const NOW: Duration = Duration::ZERO;

/// Ends a mailing as a process that tells a queue of results does.
async fn ended(t: &TestLedger, telling: &Ledger, people: usize, outcome: Outcome) -> Uuid {
    let id = t.store(&mailing_to(people)).await;
    let claim = t.send(id).await;
    let outcomes: Vec<_> = claim
        .recipients
        .iter()
        .map(|recipient| (recipient.position, outcome.clone()))
        .collect();
    telling.record(&claim, &outcomes).await.unwrap();
    id
}

async fn untold(ledger: &Ledger) -> Vec<Model> {
    ledger.unpublished(NOW, 100).await.unwrap()
}

async fn what_was_told_is_not_told_again(t: &TestLedger) {
    let telling = t.telling().await;
    let (first, second) = (
        ended(t, &telling, 2, accepted()).await,
        ended(t, &telling, 1, refused()).await,
    );
    let rows = untold(&telling).await;
    let mailings: Vec<Uuid> = rows.iter().map(|row| row.mailing_id).collect();
    assert_eq!(mailings, [first, first, second]);
    telling.mark_published(&[&rows[0], &rows[2]]).await.unwrap();
    assert_eq!(untold(&telling).await, rows[1..2]);
}

async fn an_end_that_changed_while_it_was_told_is_told_again(t: &TestLedger) {
    let telling = t.telling().await;
    let id = ended(t, &telling, 1, refused()).await;
    let before = untold(&telling).await;
    let other = Uuid::now_v7();
    let other = match t.db.get_database_backend() {
        sea_orm::DbBackend::Postgres => format!("'{other}'"),
        _ => format!("X'{}'", other.simple()),
    };
    t.sql(&format!("UPDATE recipient SET event_id = {other}"))
        .await;
    telling.mark_published(&[&before[0]]).await.unwrap();
    let after = untold(&telling).await;
    assert_eq!(after[0].mailing_id, id);
    assert_ne!(after[0].event_id, before[0].event_id);
}

async fn what_has_just_ended_is_left_to_whoever_ended_it(t: &TestLedger) {
    let telling = t.telling().await;
    ended(t, &telling, 1, accepted()).await;
    let hour = Duration::from_hours(1);
    assert!(telling.unpublished(hour, 100).await.unwrap().is_empty());
    t.sql("UPDATE recipient SET ended_at = ended_at - 3600000")
        .await;
    assert_eq!(telling.unpublished(hour, 100).await.unwrap().len(), 1);
}

async fn without_a_queue_there_is_nothing_to_tell(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, accepted()).await;
    assert!(untold(&t.telling().await).await.is_empty());
}

async fn a_mailing_has_ended_when_its_results_are_out(t: &TestLedger) {
    let telling = t.telling().await;
    let id = ended(t, &telling, 1, accepted()).await;
    assert_eq!(telling.note_ended().await.unwrap(), 0);
    let rows = untold(&telling).await;
    telling.mark_published(&[&rows[0]]).await.unwrap();
    assert_eq!(telling.note_ended().await.unwrap(), 1);
    assert!(t.mailing_row(id).await.ended_at.is_some());
}

async fn without_its_queue_a_mailing_ends_all_the_same(t: &TestLedger) {
    let telling = t.telling().await;
    ended(t, &telling, 1, accepted()).await;
    assert_eq!(telling.note_ended().await.unwrap(), 0);
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
}

async fn a_result_that_cannot_be_published_holds_its_mailing_for_three_days(t: &TestLedger) {
    let telling = t.telling().await;
    ended(t, &telling, 1, accepted()).await;
    let day = 24 * 60 * 60 * 1000;
    let older = format!("UPDATE recipient SET ended_at = ended_at - {}", day * 5 / 2);
    t.sql(&older).await;
    assert_eq!(telling.note_ended().await.unwrap(), 0);
    t.sql(&older).await;
    assert_eq!(telling.note_ended().await.unwrap(), 1);
    assert_eq!(
        untold(&telling).await.len(),
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
    an_end_that_changed_while_it_was_told_is_told_again,
    what_has_just_ended_is_left_to_whoever_ended_it,
    without_a_queue_there_is_nothing_to_tell,
    a_mailing_has_ended_when_its_results_are_out,
    without_its_queue_a_mailing_ends_all_the_same,
    a_result_that_cannot_be_published_holds_its_mailing_for_three_days,
    the_callers_ids_go_along,
    the_age_of_what_waits_longest_is_known,
];
