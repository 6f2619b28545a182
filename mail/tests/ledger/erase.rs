//! Erasure of a person.

use std::time::Instant;

use entity::recipient::Model;
use mail::{
    ledger::{Erased, IdempotencyRequest, Lookup, NewEntry},
    message::NewMailing,
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    database::{TestLedger, in_time},
    fixtures::address,
    mailings::{accepted, mailing_to, queued},
};

/// A mail to `r0@example.com` with a copy to the same person in every list of addresses.
fn mail_with_copies() -> NewMailing {
    let mut request = mailing_to(1);
    request.envelope.cc = vec![address("Person@Example.com"), address("cc@example.com")];
    request.envelope.bcc = vec![address("person@example.com")];
    request.envelope.reply_to = vec![address("person@EXAMPLE.com")];
    request
}

async fn stored_and_sent(t: &TestLedger, request: &NewMailing) -> Uuid {
    let id = t.store(request).await;
    t.finish(id, accepted()).await;
    id
}

async fn erase(t: &TestLedger, mail: &str) -> (u64, u64, u64) {
    let Erased {
        recipients,
        mailings,
        waiting,
        remaining,
    } = t
        .ledger
        .erase_key(&address(mail).key(), in_time())
        .await
        .unwrap();
    assert_eq!(remaining, 0, "there was time");
    (recipients, mailings, waiting)
}

fn is_anonymous(row: &Model) -> bool {
    row.mail.is_none()
        && row.mail_key.is_none()
        && row.name.is_none()
        && row.company.is_none()
        && row.variables.is_none()
}

async fn a_recipient_of_a_mailing_goes_and_the_others_stay(t: &TestLedger) {
    let id = stored_and_sent(t, &mailing_to(3)).await;
    let other = stored_and_sent(t, &mailing_to(1)).await;
    let before = t.rows(id).await;
    assert_eq!(erase(t, "R1@Example.COM").await, (1, 1, 0));
    let rows = t.rows(id).await;
    assert!(is_anonymous(&rows[1]));
    assert_eq!((&rows[0], &rows[2]), (&before[0], &before[2]));
    assert!(t.ledger.mailing(id).await.unwrap().is_some());
    assert!(!is_anonymous(&t.row(other).await));
    assert_eq!(erase(t, "r1@example.com").await, (0, 0, 0));
}

async fn what_was_written_to_one_person_goes_with_them(t: &TestLedger) {
    let id = stored_and_sent(t, &mail_with_copies()).await;
    assert_eq!(erase(t, "r0@example.com").await, (1, 1, 0));
    assert!(is_anonymous(&t.row(id).await));
    let mailing = t.mailing_row(id).await;
    assert_eq!(mailing.body, None);
    assert_eq!(t.envelope(id).await["subject"], json!(""));
    let attachments = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM attachment");
    assert_eq!(attachments.await, 0);
}

async fn who_had_a_copy_goes_from_every_list(t: &TestLedger) {
    let id = stored_and_sent(t, &mail_with_copies()).await;
    let (_, mailings, waiting) = erase(t, "person@example.com").await;
    assert_eq!((mailings, waiting), (1, 0));
    let envelope = t.envelope(id).await;
    assert_eq!(envelope["cc"], json!(["cc@example.com"]));
    assert_eq!(
        (&envelope["bcc"], &envelope["reply_to"]),
        (&json!([]), &json!([]))
    );
    let further = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM correspondent");
    assert_eq!(further.await, 1, "cc@example.com");
    assert_eq!(erase(t, "person@example.com").await, (0, 0, 0));
}

async fn a_reply_address_goes_from_a_mailing_to_many_and_nobody_else(t: &TestLedger) {
    let mut request = mailing_to(2);
    request.envelope.reply_to = vec![address("person@example.com")];
    let id = stored_and_sent(t, &request).await;
    let before = t.rows(id).await;
    assert_eq!(erase(t, "person@example.com").await, (0, 1, 0));
    assert_eq!(t.rows(id).await, before);
    assert_eq!(t.envelope(id).await["reply_to"], json!([]));
    assert!(t.ledger.mailing(id).await.unwrap().is_some());
}

async fn what_has_not_ended_waits_untouched(t: &TestLedger) {
    let ended = stored_and_sent(t, &mailing_to(2)).await;
    let open = t.store(&mailing_to(2)).await;
    let claim = t.send(open).await;
    t.ledger.record(&claim, &[(0, accepted())]).await.unwrap();
    let before = (t.rows(open).await, t.mailing_row(open).await);
    assert_eq!(erase(t, "r0@example.com").await, (1, 1, 1));
    assert!(is_anonymous(&t.row(ended).await));
    assert_eq!((t.rows(open).await, t.mailing_row(open).await), before);
    t.ledger.record(&claim, &[(1, accepted())]).await.unwrap();
    assert_eq!(erase(t, "r0@example.com").await, (1, 1, 0));
    assert!(is_anonymous(&t.row(open).await));
}

async fn a_kept_answer_that_names_the_person_goes_too(t: &TestLedger) {
    let (key, request) = (t.key().await, mailing_to(1));
    let idempotency = IdempotencyRequest::new("once".to_owned(), b"", false);
    let entry = NewEntry {
        idempotency: Some(&idempotency),
        ..queued(key, &request)
    };
    let id = t.try_store(entry).await.unwrap().id;
    t.finish(id, accepted()).await;
    let answer = json!({"recipient": "r0@example.com"});
    t.ledger.store_answer(key, "once", answer).await.unwrap();
    assert_eq!(erase(t, "r0@example.com").await, (1, 1, 0));
    let kept = t
        .ledger
        .look_up_idempotency(key, &idempotency)
        .await
        .unwrap();
    assert!(matches!(kept, Lookup::Unanswered(found) if found == id));
}

async fn what_there_is_no_time_for_is_left_to_the_sweep(t: &TestLedger) {
    let key = address("r0@example.com").key();
    for _ in 0..3 {
        stored_and_sent(t, &mailing_to(1)).await;
    }
    let erased = t.ledger.erase_key(&key, Instant::now()).await.unwrap();
    assert_eq!((erased.mailings, erased.remaining), (0, 3));
    for _ in 0..2 {
        t.ledger.note_erasure(&key).await.unwrap();
    }
    assert_eq!(
        t.ledger.erasures().await.unwrap(),
        std::slice::from_ref(&key)
    );
    assert_eq!(erase(t, "r0@example.com").await, (3, 3, 0));
    t.ledger.end_erasure(&key).await.unwrap();
    assert!(t.ledger.erasures().await.unwrap().is_empty());
}

on_both_databases![
    what_there_is_no_time_for_is_left_to_the_sweep,
    a_recipient_of_a_mailing_goes_and_the_others_stay,
    what_was_written_to_one_person_goes_with_them,
    who_had_a_copy_goes_from_every_list,
    a_reply_address_goes_from_a_mailing_to_many_and_nobody_else,
    what_has_not_ended_waits_untouched,
    a_kept_answer_that_names_the_person_goes_too,
];
