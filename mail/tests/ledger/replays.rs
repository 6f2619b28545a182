//! Deliveries that a request asks for: a ping, and events that are sent again.

use mail::{
    event::EventKind,
    ledger::{Recorded, Replay},
    webhooks::Change,
};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{mailing_to, refused},
    webhooks::answered,
};

async fn a_ping_is_tried_once_and_counts_for_nothing(t: &TestLedger) {
    let id = t.webhook(&[EventKind::Bounced], None).await;
    let ping = Uuid::now_v7();
    assert_eq!(
        t.ledger.ping_webhook(id, ping).await.unwrap(),
        Replay::Begun
    );
    let delivery = t.claim_one(id).await;
    assert_eq!((delivery.event_id, delivery.kind()), (ping, "ping"));
    assert_eq!(t.tried(&delivery, answered(500)).await, Recorded::GivenUp);
    assert_eq!(t.row_of(id).await.failing_since, None);
    let nobody = Uuid::now_v7();
    assert_eq!(
        t.ledger.ping_webhook(nobody, ping).await.unwrap(),
        Replay::NoWebhook
    );
}

async fn an_event_is_sent_again_when_asked(t: &TestLedger) {
    let id = t.webhook(&[EventKind::Bounced], None).await;
    let mailing = t.sent(1).await;
    let event = t.row(mailing).await.event_id.unwrap();
    assert!(t.deliveries().await.is_empty(), "it is not sent this kind");
    assert_eq!(
        t.ledger.replay_event(id, event).await.unwrap(),
        Replay::Begun
    );
    let delivery = t.claim_one(id).await;
    assert_eq!(delivery.event_id, event);
    t.tried(&delivery, answered(500)).await;
    // One that waits for its next try is due at once, and begins anew.
    assert_eq!(
        t.ledger.replay_event(id, event).await.unwrap(),
        Replay::Begun
    );
    assert_eq!(t.claim_one(id).await.number, 1);
    assert_eq!(
        t.ledger.replay_event(id, Uuid::now_v7()).await.unwrap(),
        Replay::NoEvent
    );
    let foreign = t.webhook(&[], Some(t.key().await)).await;
    assert_eq!(
        t.ledger.replay_event(foreign, event).await.unwrap(),
        Replay::NoEvent,
        "it is an event of another key"
    );
    t.ledger
        .change_webhook(
            id,
            Change {
                enabled: Some(false),
                ..Change::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(
        t.ledger.replay_event(id, event).await.unwrap(),
        Replay::Disabled
    );
}

async fn an_outcome_that_is_told_twice_does_not_end_a_replay(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(2).await;
    t.sql("UPDATE webhook_delivery SET added_at = added_at - 1000")
        .await;
    let mut first = t.claim_for(id, 2).await;
    for delivery in &mut first {
        // The replay is not asked for in the same millisecond.
        delivery.claimed_at -= 1;
        assert_eq!(t.tried(delivery, answered(200)).await, Recorded::Arrived);
    }
    let event = first[0].event_id;
    assert_eq!(
        t.ledger.replay_event(id, event).await.unwrap(),
        Replay::Begun
    );
    assert_eq!(t.tried(&first[0], answered(200)).await, Recorded::Late);
    let again = t.claim_one(id).await;
    assert_eq!(again.event_id, event);
    assert_eq!(t.tried(&first[0], answered(200)).await, Recorded::Late);
    assert_eq!(t.tried(&again, answered(200)).await, Recorded::Arrived);
    assert_eq!(t.ledger.replay_since(id, 0).await.unwrap(), Replay::Begun);
    assert!(t.ledger.replay_some(id).await.unwrap());
    for delivery in &first {
        assert_eq!(t.tried(delivery, answered(200)).await, Recorded::Late);
    }
    assert_eq!(t.deliveries().await.len(), 2, "both are sent again");
    assert_eq!(
        t.history(id).await.len(),
        5,
        "the creation, three tries and the replay"
    );
}

async fn all_events_since_a_time_are_sent_again(t: &TestLedger) {
    t.sent(3).await;
    t.sql("UPDATE event SET added_at = added_at - 10000000")
        .await;
    let old = t.sent(2).await;
    t.sql("UPDATE event SET added_at = added_at - 7200000")
        .await;
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, refused()).await;
    let newest = t.sent(2).await;
    let webhook = t.webhook(&[EventKind::Sent], None).await;
    let now = t.ledger.clock().await.unwrap();

    let replayed = async |since: i64| {
        let begun = t.ledger.replay_since(webhook, since).await.unwrap();
        assert_eq!(begun, Replay::Begun);
        let (_, due) = t.ledger.due_webhooks().await.unwrap();
        assert_eq!(due, [webhook]);
        let mut mailings = Vec::new();
        loop {
            let claimed = t.claim_for(webhook, 3).await;
            if claimed.is_empty() && !t.ledger.replay_some(webhook).await.unwrap() {
                break;
            }
            for delivery in claimed {
                mailings.push(delivery.event.as_ref().unwrap().event.mailing_id);
                t.tried(&delivery, answered(200)).await;
            }
        }
        assert!(
            !t.ledger
                .webhook(webhook)
                .await
                .unwrap()
                .unwrap()
                .is_replaying
        );
        mailings.sort_unstable();
        mailings
    };
    assert_eq!(replayed(now - 3_600_000).await, [newest, newest]);
    assert_eq!(replayed(now - 8_000_000).await, [old, old, newest, newest]);
    assert_eq!(replayed(0).await.len(), 7);
    assert!(replayed(now + 3_600_000).await.is_empty());
}

on_both_databases!(
    a_ping_is_tried_once_and_counts_for_nothing,
    an_event_is_sent_again_when_asked,
    an_outcome_that_is_told_twice_does_not_end_a_replay,
    all_events_since_a_time_are_sent_again,
);
