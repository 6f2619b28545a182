//! Retention: the time for which data is kept.

use std::time::Duration;

use entity::recipient::Status;
use mail::ledger::{IdempotencyRequest, Lookup, NewEntry};
use serde_json::json;
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures::address,
    mailings::{accepted, mailing_to, queued, refused},
};

const DAY: Duration = Duration::from_hours(24);

/// Changes mailings so that they ended that long ago.
async fn ended_ago(t: &TestLedger, age: Duration) {
    let now = t.ledger.clock().await.unwrap();
    let ended = now - i64::try_from(age.as_millis()).unwrap();
    t.sql(&format!("UPDATE mailing SET ended_at = {ended}"))
        .await;
}

async fn ended_mailing(t: &TestLedger) -> Uuid {
    let mut request = mailing_to(2);
    request.envelope.cc = vec![address("cc@example.com")];
    request.envelope.bcc = vec![address("bcc@example.com")];
    request.envelope.reply_to = vec![address("reply@example.com")];
    let id = t.store(&request).await;
    t.finish(id, refused()).await;
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
    id
}

async fn a_mailing_has_ended_when_all_of_it_has(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let other = t.store(&mailing_to(1)).await;
    let claim = t.send(id).await;
    t.ledger.record(&claim, &[(0, accepted())]).await.unwrap();
    assert_eq!(t.ledger.note_ended().await.unwrap(), 0, "one is in sending");
    let before = t.ledger.clock().await.unwrap();
    t.ledger.record(&claim, &[(1, refused())]).await.unwrap();
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
    let noted = t.mailing_row(id).await.ended_at;
    assert!(noted >= Some(before));
    assert_eq!(t.mailing_row(other).await.ended_at, None, "it is queued");
    assert_eq!(t.ledger.note_ended().await.unwrap(), 0);
    assert_eq!(t.mailing_row(id).await.ended_at, noted, "once");
    t.resend(id, Status::Failed).await;
    assert_eq!(t.ledger.note_ended().await.unwrap(), 0, "it is open again");
}

async fn content_goes_a_day_after_the_end_and_not_before(t: &TestLedger) {
    let id = ended_mailing(t).await;
    let open = t.store(&mailing_to(1)).await;
    ended_ago(t, Duration::from_mins(24 * 60 - 1)).await;
    t.sql("UPDATE mailing SET ended_at = NULL WHERE id IN (SELECT mailing_id FROM recipient WHERE status = 'queued')")
        .await;
    assert_eq!(t.ledger.drop_content(30 * DAY).await.unwrap(), 0);
    assert!(t.ledger.mailing(id).await.unwrap().is_some());
    t.sql("UPDATE mailing SET ended_at = ended_at - 60000")
        .await;
    assert_eq!(t.ledger.drop_content(30 * DAY).await.unwrap(), 1);
    assert!(t.ledger.mailing(id).await.unwrap().is_none());
    let left = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM attachment");
    assert_eq!(left.await, 1, "that of the open mailing");
    for row in t.rows(id).await {
        assert_eq!(row.variables, None);
        assert!(row.mail.is_some(), "addresses stay for the retention");
    }
    assert!(t.row(open).await.variables.is_some());
    assert!(t.ledger.mailing(open).await.unwrap().is_some());
    assert_eq!(t.ledger.drop_content(30 * DAY).await.unwrap(), 0);
}

async fn a_shorter_retention_shortens_the_grace(t: &TestLedger) {
    ended_mailing(t).await;
    assert_eq!(t.ledger.drop_content(DAY).await.unwrap(), 0);
    assert_eq!(t.ledger.drop_content(Duration::ZERO).await.unwrap(), 1);
}

async fn what_is_resent_keeps_its_content(t: &TestLedger) {
    let id = ended_mailing(t).await;
    ended_ago(t, 2 * DAY).await;
    t.resend(id, Status::Failed).await;
    assert_eq!(t.ledger.drop_content(Duration::ZERO).await.unwrap(), 0);
    assert_eq!(t.ledger.drop_addresses(Duration::ZERO).await.unwrap(), 0);
    assert!(t.ledger.mailing(id).await.unwrap().is_some());
}

async fn addresses_go_after_the_retention_and_not_before(t: &TestLedger) {
    let id = ended_mailing(t).await;
    let open = t.store(&mailing_to(1)).await;
    ended_ago(t, Duration::from_mins(30 * 24 * 60 - 1)).await;
    t.sql("UPDATE mailing SET ended_at = NULL WHERE id IN (SELECT mailing_id FROM recipient WHERE status = 'queued')")
        .await;
    assert_eq!(t.ledger.drop_addresses(30 * DAY).await.unwrap(), 0);
    assert!(t.row(id).await.mail.is_some());
    t.sql("UPDATE mailing SET ended_at = ended_at - 60000")
        .await;
    assert_eq!(t.ledger.drop_addresses(30 * DAY).await.unwrap(), 1);
    for row in t.rows(id).await {
        assert_eq!((&row.mail, &row.mail_key), (&None, &None));
        assert_eq!((&row.name, &row.company), (&None, &None));
        assert_eq!(row.status, Status::Failed, "what became of it stays");
    }
    let envelope = t.envelope(id).await;
    for list in ["cc", "bcc", "reply_to"] {
        assert_eq!(envelope[list], json!([]), "{list}");
    }
    assert_eq!(envelope["subject"], json!("Hello {{name}}"));
    let further = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM correspondent");
    assert_eq!(further.await, 0);
    assert!(t.row(open).await.mail.is_some());
    assert_eq!(t.ledger.drop_addresses(30 * DAY).await.unwrap(), 0);
}

async fn idempotency_keys_and_replaced_secrets_are_forgotten_when_they_expire(t: &TestLedger) {
    let (key, request) = (t.key().await, mailing_to(1));
    let requests = ["old", "new"].map(|key| IdempotencyRequest::new(key.to_owned(), b"", false));
    for idempotency in &requests {
        let entry = NewEntry {
            idempotency: Some(idempotency),
            ..queued(key, &request)
        };
        t.try_store(entry).await.unwrap();
    }
    let secret = mail::api_key::ApiKeySecret::generate();
    t.ledger.rotate_key(key, &secret, 3600).await.unwrap();
    t.ledger.forget_expired().await.unwrap();
    let secrets = "SELECT CAST(COUNT(*) AS BIGINT) FROM api_key_secret";
    assert_eq!(t.number(secrets).await, 2, "the old one has its grace");
    t.sql("UPDATE idempotency SET expires_at = 1 WHERE key = 'old'")
        .await;
    t.sql("UPDATE api_key_secret SET expires_at = 1 WHERE expires_at IS NOT NULL")
        .await;
    t.ledger.forget_expired().await.unwrap();
    assert_eq!(t.number(secrets).await, 1);
    let kept = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM idempotency");
    assert_eq!(kept.await, 1);
    let kept = t
        .ledger
        .look_up_idempotency(key, &requests[1])
        .await
        .unwrap();
    assert!(matches!(kept, Lookup::Unanswered(_)));
    assert!(
        t.ledger
            .key_of_secret(secret.expose())
            .await
            .unwrap()
            .is_some()
    );
}

on_both_databases![
    a_mailing_has_ended_when_all_of_it_has,
    content_goes_a_day_after_the_end_and_not_before,
    a_shorter_retention_shortens_the_grace,
    what_is_resent_keeps_its_content,
    addresses_go_after_the_retention_and_not_before,
    idempotency_keys_and_replaced_secrets_are_forgotten_when_they_expire,
];
