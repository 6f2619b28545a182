//! A row that cannot be read fails alone, and does not prevent anything else.

use std::time::Duration;

use entity::recipient::Status;
use mail::{
    Error,
    ledger::{IdempotencyRequest, Lookup, MailingFilter, NewEntry, NewKey, Scope},
    message::CallerId,
};
use sea_orm::DbBackend;
use serde_json::json;

use crate::{
    database::{TestLedger, in_time},
    fixtures::address,
    mailings::{accepted, mailing_to, positions, queued},
};

on_both_databases!(
    a_recipient_that_cannot_be_read_fails_and_the_others_go,
    a_claim_goes_on_behind_recipients_that_cannot_be_read,
    a_mailing_that_cannot_be_read_fails_and_is_listed_with_the_others,
    an_envelope_that_cannot_be_read_keeps_nobody_from_being_forgotten,
    a_person_is_erased_from_an_envelope_that_cannot_be_read,
    a_key_whose_senders_cannot_be_read_is_listed_and_revoked_and_opens_nothing,
    an_answer_that_cannot_be_read_is_made_from_the_mailing,
);

/// Values that a JSON column may contain and that no version can read.
fn unreadable(t: &TestLedger) -> Vec<&'static str> {
    // For `PostgreSQL` this is JSON; the number is too large for any program.
    let broken = match t.db.get_database_backend() {
        DbBackend::Postgres => r#"{"code": 1e999999}"#,
        _ => r#"{"code": "#,
    };
    vec![r#""text""#, "[]", "7", broken]
}

async fn spoil(t: &TestLedger, table: &str, column: &str, value: &str, which: &str) {
    let changed = t
        .sql(&format!("UPDATE {table} SET {column} = '{value}' {which}"))
        .await;
    assert!(changed > 0, "nothing was spoiled");
}

async fn a_recipient_that_cannot_be_read_fails_and_the_others_go(t: &TestLedger) {
    for (column, value) in unreadable(t)
        .into_iter()
        .map(|value| ("variables", value))
        .chain([("email_recipient_id", "[]"), ("email_recipient_id", "{}")])
    {
        let id = t.store(&mailing_to(50)).await;
        spoil(
            t,
            "recipient",
            column,
            value,
            "WHERE position = 7 AND status = 'queued'",
        )
        .await;
        let claim = t.finish(id, accepted()).await;
        assert_eq!(claim.recipients.len(), 49, "{column}: {value}");
        let corrupt: Vec<i32> = claim.ended.iter().map(|row| row.position).collect();
        assert_eq!(corrupt, [7]);
        for row in t.rows(id).await {
            if row.position == 7 {
                assert_eq!(row.status, Status::Failed);
                assert_eq!(row.status_detail.as_deref(), Some("corrupt"));
                assert!(row.event_id.is_some() && row.ended_at.is_some());
            } else {
                assert_eq!(row.status, Status::Sent);
            }
        }
        let page = t.ledger.recipients(Scope::Everybody, id, None, None, 100);
        assert_eq!(page.await.unwrap().unwrap().items.len(), 50);
    }
}

async fn a_claim_goes_on_behind_recipients_that_cannot_be_read(t: &TestLedger) {
    let id = t.store(&mailing_to(5)).await;
    t.sql("UPDATE recipient SET mail = 'nobody' WHERE position = 0")
        .await;
    spoil(t, "recipient", "variables", "[]", "WHERE position = 1").await;
    t.sql("UPDATE recipient SET mail = NULL WHERE position = 2")
        .await;
    let claim = t
        .ledger
        .claim(crate::mailings::all_of(id), 1)
        .await
        .unwrap();
    assert_eq!(positions(&claim), [3]);
    assert_eq!(claim.ended.len(), 3);
    assert_eq!(positions(&t.claim_all(id).await), [4]);
}

async fn a_mailing_that_cannot_be_read_fails_and_is_listed_with_the_others(t: &TestLedger) {
    for column in ["envelope", "body"] {
        for value in unreadable(t) {
            let (id, sound) = (t.store(&mailing_to(2)).await, t.store(&mailing_to(1)).await);
            t.sql(&format!(
                "UPDATE mailing SET {column} = '{value}' WHERE id IN \
                 (SELECT mailing_id FROM recipient WHERE position = 1 AND status = 'queued')"
            ))
            .await;
            let error = t.ledger.mailing(id).await.unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
            let claim = t.claim_all(id).await;
            let positions = claim.positions();
            let failed = t.ledger.fail_corrupt(&claim, &positions).await.unwrap();
            assert_eq!(failed.len(), 2);
            let filter = MailingFilter::default();
            let page = t.ledger.mailings(Scope::Everybody, filter, None, 100);
            let listed = page.await.unwrap().items;
            let of = |id| listed.iter().find(|mailing| mailing.id == id).unwrap();
            assert_eq!(of(id).counts.failed, 2);
            assert_eq!(of(sound).envelope, mailing_to(1).envelope);
            let recipients = t.ledger.recipients(Scope::Everybody, id, None, None, 100);
            let recipients = recipients.await.unwrap().unwrap();
            assert_eq!(recipients.items.len(), 2);
            let both = [id, sound];
            let ids = t.ledger.caller_ids(&both).await.unwrap();
            let expected = Some(CallerId::Text("msg-1".to_owned()));
            assert_eq!(ids[&sound].email_id, expected, "the other is told of");
        }
    }
}

async fn an_envelope_that_cannot_be_read_keeps_nobody_from_being_forgotten(t: &TestLedger) {
    for value in unreadable(t) {
        let mut ids = Vec::new();
        for _ in 0..2 {
            let id = t.store(&mailing_to(1)).await;
            t.finish(id, accepted()).await;
            ids.push(id);
        }
        t.ledger.note_ended().await.unwrap();
        t.sql("UPDATE mailing SET ended_at = 1 WHERE anonymous = FALSE")
            .await;
        spoil(
            t,
            "mailing",
            "envelope",
            value,
            "WHERE id = (SELECT id FROM mailing WHERE anonymous = FALSE ORDER BY id LIMIT 1)",
        )
        .await;
        let month = Duration::from_hours(30 * 24);
        assert_eq!(t.ledger.drop_addresses(month).await.unwrap(), 2);
        for id in ids {
            assert_eq!(t.row(id).await.mail, None);
            assert!(t.mailing_row(id).await.anonymous);
        }
    }
}

async fn a_person_is_erased_from_an_envelope_that_cannot_be_read(t: &TestLedger) {
    let mut request = mailing_to(2);
    request.envelope.reply_to = vec![address("person@example.com")];
    let id = t.store(&request).await;
    t.finish(id, accepted()).await;
    let broken = r#"{"subject": "Hello", "reply_to": [7, "person@example.com"], "cc": "person@example.com"}"#;
    spoil(t, "mailing", "envelope", broken, "").await;
    let person = address("person@example.com");
    assert_eq!(
        t.ledger
            .erase_key(&person.key(), in_time())
            .await
            .unwrap()
            .mailings,
        1
    );
    let left = t.envelope(id).await.to_string();
    assert!(!left.contains("person@example.com"), "{left}");
    // A mailing with a partly readable envelope is not sent again.
    assert!(t.ledger.mailing(id).await.unwrap().is_none());
}

async fn a_key_whose_senders_cannot_be_read_is_listed_and_revoked_and_opens_nothing(
    t: &TestLedger,
) {
    for value in unreadable(t).into_iter().filter(|value| *value != "[]") {
        let sound = t.key().await;
        let secret = mail::api_key::ApiKeySecret::generate();
        let key = NewKey {
            name: Some("to be spoiled".to_owned()),
            origins: vec![],
            senders: vec![],
            secret: secret.clone(),
        };
        let id = t.ledger.create_key(key).await.unwrap().unwrap().id;
        let which = "WHERE name = 'to be spoiled'";
        spoil(t, "api_key", "senders", value, which).await;
        let listed = t.ledger.keys(None, 100).await.unwrap().items;
        assert!(
            [id, sound]
                .iter()
                .all(|id| listed.iter().any(|key| key.id == *id))
        );
        let opened = t.ledger.key_of_secret(secret.expose()).await;
        assert!(matches!(opened, Err(Error::Corrupt { .. })), "{opened:?}");
        assert!(t.ledger.revoke_key(id, false).await.unwrap().is_some());
    }
}

async fn an_answer_that_cannot_be_read_is_made_from_the_mailing(t: &TestLedger) {
    let (key, request) = (t.key().await, mailing_to(1));
    let idempotency = IdempotencyRequest::new("once".to_owned(), b"body", false);
    let entry = NewEntry {
        idempotency: Some(&idempotency),
        ..queued(key, &request)
    };
    let mailing = t.try_store(entry).await.unwrap();
    t.ledger
        .store_answer(key, "once", json!({"answer": "sent"}))
        .await
        .unwrap();
    let broken = unreadable(t).pop().unwrap();
    spoil(t, "idempotency", "answer", broken, "").await;
    let kept = t
        .ledger
        .look_up_idempotency(key, &idempotency)
        .await
        .unwrap();
    assert!(
        matches!(kept, Lookup::Unanswered(id) if id == mailing.id),
        "{kept:?}"
    );
}
