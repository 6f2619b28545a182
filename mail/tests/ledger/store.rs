//! Storing a mailing: completely or not at all, and once for an idempotency key.

use entity::recipient::Status;
use mail::ledger::{IdempotencyRequest, Lookup, NewEntry};
use mail::mailing::Templates;
use serde_json::json;

use crate::{
    database::{LEASE, TestLedger},
    fixtures::address,
    mailings::{mailing_to, queued},
};

const TABLES: [&str; 5] = [
    "mailing",
    "recipient",
    "attachment",
    "correspondent",
    "idempotency",
];

async fn sizes(t: &TestLedger) -> Vec<i64> {
    let mut sizes = Vec::new();
    for table in TABLES {
        let count = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}");
        sizes.push(t.number(&count).await);
    }
    sizes
}

fn idempotency(body: &[u8]) -> IdempotencyRequest {
    IdempotencyRequest::new("once".to_owned(), body, false)
}

async fn a_queued_mailing_has_a_row_for_each_recipient_in_their_order(t: &TestLedger) {
    let mut request = mailing_to(3);
    request.recipients[1] = request.recipients[0].clone();
    let before = t.ledger.clock().await.unwrap();
    let id = t.store(&request).await;
    let rows = t.rows(id).await;
    let stored: Vec<_> = rows
        .iter()
        .map(|row| row.mail.as_deref().unwrap())
        .collect();
    assert_eq!(
        stored,
        ["r0@example.com", "r0@example.com", "r2@example.com"]
    );
    for (position, row) in (0..).zip(&rows) {
        assert_eq!((row.position, row.status), (position, Status::Queued));
        assert_eq!((row.claim_token, row.lease_until), (None, None));
        assert_eq!((row.attempts, row.ended_at, row.event_id), (0, None, None));
        assert!(row.due_at >= before && row.queued_at == Some(row.due_at));
        assert_eq!(row.expires_at, row.due_at + 72 * 3600 * 1000);
        assert_eq!(row.variables, Some(json!({"code": "x"}).into()));
    }
    let stored = t.ledger.mailing(id).await.unwrap().unwrap();
    assert_eq!(stored.envelope, request.envelope);
    assert_eq!(stored.body, request.body);
    assert_eq!(stored.attachments, request.attachments);
}

async fn ten_thousand_recipients_are_stored(t: &TestLedger) {
    t.store(&mailing_to(10_000)).await;
    assert_eq!(sizes(t).await[1], 10_000);
}

async fn a_single_mail_is_stored_already_claimed(t: &TestLedger) {
    let request = mailing_to(1);
    let entry = NewEntry {
        claimed: true,
        ..queued(t.key().await, &request)
    };
    let stored = t.try_store(entry).await.unwrap();
    let templates = Templates::parse(&request.envelope, &request.body);
    let claim = stored.to_claim(entry.api_key_id, request.clone(), templates, None);
    let (mailing, claim) = claim.unwrap();
    let row = t.row(mailing.id).await;
    assert_eq!(row.claim_token, Some(claim.token));
    let lease = i64::try_from(LEASE.as_millis()).unwrap();
    assert_eq!(row.lease_until, Some(row.due_at + lease));
    assert_eq!((row.queued_at, row.woken_at), (None, None));
    assert_eq!(claim.recipients[0].recipient, request.recipients[0]);
    assert!(t.claim_all(mailing.id).await.recipients.is_empty());
    let begun = t.ledger.begin_sending(&claim, &[0]).await.unwrap();
    assert_eq!(begun, [0]);
}

async fn a_mailing_that_cannot_be_written_whole_leaves_nothing(t: &TestLedger) {
    let key = t.key().await;
    // The last recipient fails: the rows that were inserted before it must be rolled back.
    t.sql("CREATE UNIQUE INDEX one_of_each ON recipient (mail_key)")
        .await;
    let mut request = mailing_to(2500);
    request.envelope.cc = vec![address("cc@example.com")];
    request.recipients[2499] = request.recipients[0].clone();
    let idempotency = idempotency(b"body");
    let entry = NewEntry {
        idempotency: Some(&idempotency),
        ..queued(key, &request)
    };
    assert!(t.ledger.store(entry).await.is_err());
    assert_eq!(sizes(t).await, [0, 0, 0, 0, 0]);
    t.sql("DROP INDEX one_of_each").await;
    assert!(t.try_store(entry).await.is_some());
    assert_eq!(sizes(t).await, [1, 2500, 1, 1, 1]);
}

async fn a_taken_idempotency_key_writes_nothing(t: &TestLedger) {
    let (key, request, idempotency) = (t.key().await, mailing_to(2), idempotency(b"body"));
    let entry = NewEntry {
        idempotency: Some(&idempotency),
        ..queued(key, &request)
    };
    assert!(t.try_store(entry).await.is_some());
    let stored = sizes(t).await;
    assert!(t.try_store(entry).await.is_none());
    assert_eq!(sizes(t).await, stored);
    let api_key_id = t.key().await;
    let other = NewEntry {
        api_key_id,
        ..entry
    };
    assert!(
        t.try_store(other).await.is_some(),
        "the key holds for one API key only"
    );
}

async fn of_many_at_once_under_one_idempotency_key_one_is_stored(t: &TestLedger) {
    let (api_key_id, request, idempotency) = (t.key().await, mailing_to(1), idempotency(b"body"));
    let ledgers = [t.another().await, t.another().await];
    let entry = NewEntry {
        claimed: true,
        idempotency: Some(&idempotency),
        ..queued(api_key_id, &request)
    };
    let stores = (0..20).map(|number: usize| ledgers[number % 2].store(entry));
    for outcome in futures_util::future::join_all(stores).await {
        outcome.unwrap();
    }
    assert_eq!(sizes(t).await, [1, 1, 1, 0, 1]);
}

async fn an_idempotency_key_is_free_again_after_its_day(t: &TestLedger) {
    let (key, request, idempotency) = (t.key().await, mailing_to(1), idempotency(b"body"));
    let entry = NewEntry {
        idempotency: Some(&idempotency),
        ..queued(key, &request)
    };
    t.try_store(entry).await.unwrap();
    let day = 24 * 3600 * 1000;
    let created = t.number("SELECT created_at FROM mailing").await;
    let expires = t.number("SELECT expires_at FROM idempotency").await;
    assert_eq!(expires, created + day);
    t.sql("UPDATE idempotency SET expires_at = 1").await;
    let kept = t
        .ledger
        .look_up_idempotency(key, &idempotency)
        .await
        .unwrap();
    assert!(matches!(kept, Lookup::Nothing));
    let second = t.try_store(entry).await.unwrap();
    let kept = t
        .ledger
        .look_up_idempotency(key, &idempotency)
        .await
        .unwrap();
    assert!(matches!(kept, Lookup::Unanswered(id) if id == second.id));
}

async fn what_is_kept_under_an_idempotency_key_follows_its_request(t: &TestLedger) {
    let (key, request, first) = (t.key().await, mailing_to(1), idempotency(b"body"));
    let entry = NewEntry {
        claimed: true,
        idempotency: Some(&first),
        ..queued(key, &request)
    };
    let mailing = t.try_store(entry).await.unwrap();
    let kept = async |request| t.ledger.look_up_idempotency(key, request).await.unwrap();
    assert!(matches!(kept(&first).await, Lookup::Running { left, .. } if left <= LEASE));
    let other_body = idempotency(b"other");
    assert!(matches!(kept(&other_body).await, Lookup::OtherRequest));
    let other_wish = IdempotencyRequest::new("once".to_owned(), b"body", true);
    assert!(matches!(kept(&other_wish).await, Lookup::OtherRequest));
    t.sql("UPDATE idempotency SET lease_until = 1").await;
    assert!(matches!(kept(&first).await, Lookup::Unanswered(id) if id == mailing.id));
    let answer = json!({"an": "answer"});
    t.ledger
        .store_answer(key, "once", answer.clone())
        .await
        .unwrap();
    assert!(matches!(kept(&first).await, Lookup::Answered { answer: kept, .. } if kept == answer));
}

on_both_databases![
    a_queued_mailing_has_a_row_for_each_recipient_in_their_order,
    ten_thousand_recipients_are_stored,
    a_single_mail_is_stored_already_claimed,
    a_mailing_that_cannot_be_written_whole_leaves_nothing,
    a_taken_idempotency_key_writes_nothing,
    of_many_at_once_under_one_idempotency_key_one_is_stored,
    an_idempotency_key_is_free_again_after_its_day,
    what_is_kept_under_an_idempotency_key_follows_its_request,
];
