//! The deliveries and the history of a webhook go with the webhook, with the events, and with time.

use std::time::Duration;

use mail::ledger::Recorded;

use crate::{
    database::TestLedger,
    webhooks::{DAY, MINUTE, answered},
};

async fn a_webhook_that_goes_leaves_nothing(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    let stays = t.webhook(&[], None).await;
    t.sent(2).await;
    let delivery = t.claim_one(id).await;
    assert!(t.ledger.delete_webhook(id).await.unwrap());
    assert!(!t.ledger.delete_webhook(id).await.unwrap());
    assert_eq!(t.tried(&delivery, answered(200)).await, Recorded::Late);
    while t.ledger.remove_undeliverable().await.unwrap() {}
    assert!(t.history(id).await.is_empty());
    assert_eq!(t.history(stays).await.len(), 1);
    assert_eq!(t.deliveries().await.len(), 2);
}

async fn what_is_kept_goes_with_the_events(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(2).await;
    let delivery = t.claim_one(id).await;
    t.tried(&delivery, answered(200)).await;
    let day = Duration::from_hours(24);
    t.sql("UPDATE event SET added_at = 1").await;
    t.ledger.remove_old_events(day).await.unwrap();
    assert!(t.deliveries().await.is_empty());
    assert!(!t.ledger.remove_old_history(day).await.unwrap());
    assert_eq!(t.history(id).await.len(), 2, "they are young");
    t.sql("UPDATE webhook_log SET at = 1 WHERE kind = 'created'")
        .await;
    t.ledger.remove_old_history(day).await.unwrap();
    assert_eq!(t.history(id).await.len(), 1);
}

async fn a_delivery_whose_event_is_gone_is_forgotten(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(2).await;
    t.sql("DELETE FROM event WHERE ordinal = (SELECT MIN(ordinal) FROM event)")
        .await;
    assert_eq!(t.claim_for(id, 10).await.len(), 1);
    assert_eq!(t.deliveries().await.len(), 1);
}

async fn pages_of_the_history_hold_each_entry_once(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    for _ in 0..5 {
        t.ledger
            .rotate_webhook(id, "sealed anew".to_owned())
            .await
            .unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = t.ledger.webhook_history(id, after, 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|entry| entry.kind));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(
        seen,
        [
            "rotated", "rotated", "rotated", "rotated", "rotated", "created"
        ]
    );
    let row = t.row_of(id).await;
    assert_eq!(
        (row.secret.as_str(), row.previous_secret.as_deref()),
        ("sealed anew", Some("sealed anew"))
    );
    let day = row.previous_until.unwrap() - t.ledger.clock().await.unwrap();
    assert!((DAY - MINUTE..=DAY).contains(&day), "{day}");
}

on_both_databases!(
    a_webhook_that_goes_leaves_nothing,
    what_is_kept_goes_with_the_events,
    a_delivery_whose_event_is_gone_is_forgotten,
    pages_of_the_history_hold_each_entry_once,
);
