//! Deliveries to webhooks: each event is to be sent to each webhook that wants it until it has arrived.

use entity::{
    webhook::{Entity as Webhooks, Model as Row},
    webhook_delivery,
};
use mail::{
    event::{BounceType, EventKind},
    ledger::{ClaimedDelivery, Created, HistoryEntry, IN_FLIGHT, Ledger, Recorded, Route, Try},
    mail_event::Report,
    webhooks::{Change, DisabledReason, NewWebhook},
};
use sea_orm::EntityTrait;
use uuid::Uuid;
use webhook::{Failure, Outcome};

use crate::{
    database::TestLedger,
    mail_events::{bounce, report},
    mailings::{accepted, mailing_to},
};

const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

fn new(statuses: &[EventKind], api_key_id: Option<Uuid>) -> NewWebhook {
    NewWebhook {
        url: "https://example.com/hook".parse().unwrap(),
        statuses: Some(statuses.to_vec()),
        api_key_id,
        sealed_secret: "sealed".to_owned(),
    }
}

pub fn answered(status: u16) -> Outcome {
    Outcome {
        status: Some(status),
        failure: None,
        duration_ms: 7,
    }
}

fn timed_out() -> Outcome {
    Outcome {
        status: None,
        failure: Some(Failure::TimedOut),
        duration_ms: 15_000,
    }
}

fn made(delivery: &ClaimedDelivery, outcome: Outcome) -> Try {
    Try::from((delivery.attempt(), outcome))
}

impl TestLedger {
    pub async fn webhook(&self, statuses: &[EventKind], api_key_id: Option<Uuid>) -> Uuid {
        match self.ledger.create_webhook(new(statuses, api_key_id)).await {
            Ok(Created::Webhook(webhook)) => webhook.id,
            other => panic!("{other:?}"),
        }
    }

    /// Sends to so many recipients, each of which ends as `sent`.
    pub async fn sent(&self, recipients: usize) -> Uuid {
        let id = self.store(&mailing_to(recipients)).await;
        self.finish(id, accepted()).await;
        id
    }

    pub async fn claim_for(&self, webhook: Uuid, most: u64) -> Vec<ClaimedDelivery> {
        self.claim_by(Route::Direct, webhook, most).await
    }

    async fn claim_by(&self, route: Route, webhook: Uuid, most: u64) -> Vec<ClaimedDelivery> {
        let claimed = self
            .ledger
            .claim_deliveries(webhook, most, route)
            .await
            .unwrap();
        claimed.map_or_else(Vec::new, |(_, claimed)| claimed)
    }

    pub async fn claim_one(&self, webhook: Uuid) -> ClaimedDelivery {
        let mut claimed = self.claim_for(webhook, 1).await;
        claimed.pop().expect("a delivery is due")
    }

    pub async fn tried(&self, delivery: &ClaimedDelivery, outcome: Outcome) -> Recorded {
        self.ledger
            .record_try(&made(delivery, outcome))
            .await
            .unwrap()
    }

    /// Records a try of another process.
    pub async fn tried_with(&self, ledger: &Ledger, delivery: &ClaimedDelivery, status: u16) {
        let recorded = ledger.record_try(&made(delivery, answered(status))).await;
        assert_eq!(recorded.unwrap(), Recorded::Arrived);
    }

    pub async fn deliveries(&self) -> Vec<webhook_delivery::Model> {
        webhook_delivery::Entity::find()
            .all(&self.db)
            .await
            .unwrap()
    }

    pub async fn row_of(&self, webhook: Uuid) -> Row {
        let row = Webhooks::find_by_id(webhook).one(&self.db).await;
        row.unwrap().unwrap()
    }

    /// Returns the whole history, newest first.
    pub async fn history(&self, webhook: Uuid) -> Vec<HistoryEntry> {
        let page = self.ledger.webhook_history(webhook, None, 100).await;
        page.unwrap().items
    }

    pub async fn make_due(&self) {
        self.sql("UPDATE webhook_delivery SET due_at = 1").await;
    }
}

fn kinds(claimed: &[ClaimedDelivery]) -> Vec<&str> {
    let mut kinds: Vec<&str> = claimed.iter().map(ClaimedDelivery::kind).collect();
    kinds.sort_unstable();
    kinds
}

async fn an_event_is_for_each_webhook_that_wants_it(t: &TestLedger) {
    let before = t.sent(1).await;
    let all = t.webhook(&[], None).await;
    let bounces = t
        .webhook(&[EventKind::Bounced, EventKind::Complained], None)
        .await;
    let id = t.store(&mailing_to(2)).await;
    let owner = t.mailing_row(id).await.api_key_id;
    let own = t.webhook(&[], Some(owner)).await;
    let others = t.webhook(&[], Some(t.key().await)).await;
    let disabled = t.webhook(&[], None).await;
    let change = Change {
        enabled: Some(false),
        ..Change::default()
    };
    t.ledger.change_webhook(disabled, change).await.unwrap();

    let claim = t.finish(id, accepted()).await;
    t.apply(&[
        report(&claim, 0, Report::Delivered, 1),
        report(&claim, 0, Report::Delayed, 2),
        report(&claim, 1, bounce(BounceType::Permanent), 3),
    ])
    .await;
    t.sent(1).await;

    let events = ["bounced", "delayed", "delivered", "sent", "sent", "sent"];
    let claimed = t.claim_for(all, 100).await;
    assert_eq!(kinds(&claimed), events);
    assert_eq!(kinds(&t.claim_for(own, 100).await), events[..5]);
    assert_eq!(kinds(&t.claim_for(bounces, 100).await), ["bounced"]);
    assert!(t.claim_for(others, 100).await.is_empty());
    assert!(t.claim_for(disabled, 100).await.is_empty());
    let (live, due) = t.ledger.due_webhooks().await.unwrap();
    assert!(
        live && due.is_empty(),
        "all that is due is claimed: {due:?}"
    );
    for delivery in claimed {
        let found = delivery.event.expect("it is no ping");
        assert_eq!(found.event.id, delivery.event_id);
        assert_ne!(found.event.mailing_id, before, "it was sent before");
        assert!(found.recipient.is_some());
    }
}

async fn no_more_are_under_way_than_may_be(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    let other = t.webhook(&[], None).await;
    t.sent(20).await;
    let (first, second) = tokio::join!(t.claim_for(id, 100), t.claim_for(id, 100));
    assert_eq!(first.len() + second.len(), 8);
    assert_eq!(IN_FLIGHT, 8);
    assert!(t.claim_for(id, 100).await.is_empty());
    assert_eq!(
        t.claim_for(other, 3).await.len(),
        3,
        "another webhook has its own"
    );
    let claimed = [first, second].concat();
    t.tried(&claimed[0], answered(200)).await;
    t.tried(&claimed[1], answered(500)).await;
    assert_eq!(t.claim_for(id, 100).await.len(), 2);
    let released = &claimed[2];
    t.ledger
        .release_delivery(id, released.event_id, released.token)
        .await
        .unwrap();
    let again = t.claim_one(id).await;
    assert_eq!(again.number, 1, "no try was made");
}

/// It would hold up the messages of others in the same queue.
async fn a_webhook_that_fails_has_one_message_in_the_queue(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(20).await;
    let claimed = t.claim_by(Route::Queue, id, 100).await;
    assert_eq!(claimed.len(), 8);
    for delivery in &claimed {
        t.tried(delivery, answered(500)).await;
    }
    let one = t.claim_by(Route::Queue, id, 100).await;
    assert_eq!(one.len(), 1);
    assert!(t.claim_by(Route::Queue, id, 100).await.is_empty());
    t.tried(&one[0], answered(200)).await;
    assert_eq!(t.claim_by(Route::Queue, id, 100).await.len(), 8);
}

async fn a_lost_try_is_repeated_and_its_late_failure_changes_nothing(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(1).await;
    let lost = t.claim_one(id).await;
    assert!(t.claim_for(id, 1).await.is_empty(), "it is leased");
    t.sql("UPDATE webhook_delivery SET lease_until = 1").await;
    assert_eq!(t.ledger.due_webhooks().await.unwrap(), (true, vec![id]));
    let again = t.claim_one(id).await;
    assert_eq!((again.event_id, again.number), (lost.event_id, 1));
    assert_eq!(t.tried(&lost, timed_out()).await, Recorded::Late);
    assert_eq!(t.deliveries().await[0].token, Some(again.token));
    // What has arrived has arrived.
    assert_eq!(t.tried(&lost, answered(200)).await, Recorded::Arrived);
    assert_eq!(t.tried(&again, answered(500)).await, Recorded::Late);
    assert!(t.deliveries().await.is_empty());
    assert_eq!(
        t.history(id).await.len(),
        2,
        "the creation and the try that counted"
    );
}

async fn tries_are_made_at_their_times_and_end(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(1).await;
    let waits = [
        5 * SECOND,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        10 * HOUR,
    ];
    for (number, wait) in (1..).zip(waits) {
        let delivery = t.claim_one(id).await;
        assert_eq!(delivery.number, number);
        let before = t.ledger.clock().await.unwrap();
        assert_eq!(t.tried(&delivery, answered(503)).await, Recorded::Again);
        let after = t.ledger.clock().await.unwrap();
        let due_at = t.deliveries().await[0].due_at;
        assert!(
            (before + wait..=after + wait).contains(&due_at),
            "{number}: {due_at}"
        );
        assert!(t.claim_for(id, 1).await.is_empty(), "it waits");
        let entry = t.history(id).await.remove(0);
        let attempt = entry.attempt.expect("a try");
        assert_eq!((attempt.number, attempt.next_at), (number, Some(due_at)));
        assert_eq!((attempt.status, attempt.duration_ms), (Some(503), 7));
        t.make_due().await;
    }
    let last = t.claim_one(id).await;
    assert_eq!(last.number, 8);
    assert_eq!(t.tried(&last, timed_out()).await, Recorded::GivenUp);
    assert!(t.deliveries().await.is_empty());
    let attempt = t.history(id).await.remove(0).attempt.unwrap();
    assert_eq!(
        (attempt.next_at, attempt.failure.as_deref()),
        (None, Some("timed_out"))
    );
    assert_eq!(attempt.event_kind, "sent");
}

async fn an_answer_of_410_disables_it(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(3).await;
    let delivery = t.claim_one(id).await;
    let gone = Recorded::Disabled(DisabledReason::Gone);
    assert_eq!(t.tried(&delivery, answered(410)).await, gone);
    let row = t.row_of(id).await;
    assert!(row.disabled_at.is_some());
    assert!(t.claim_for(id, 10).await.is_empty());
    assert_eq!(t.ledger.due_webhooks().await.unwrap(), (false, vec![]));
    t.sent(1).await;
    while t.ledger.remove_undeliverable().await.unwrap() {}
    assert!(
        t.deliveries().await.is_empty(),
        "nothing waits for it for ever"
    );
    let history = t.history(id).await;
    let told: Vec<_> = history
        .iter()
        .map(|entry| (entry.kind.as_str(), entry.reason.as_deref()))
        .collect();
    assert_eq!(
        told,
        [("disabled", Some("gone")), ("try", None), ("created", None)]
    );

    let change = Change {
        enabled: Some(true),
        ..Change::default()
    };
    let webhook = t.ledger.change_webhook(id, change).await.unwrap().unwrap();
    assert_eq!((webhook.disabled_at, webhook.disabled_reason), (None, None));
    t.sent(1).await;
    assert_eq!(t.claim_for(id, 10).await.len(), 1);
}

async fn five_days_of_failures_only_disable_it(t: &TestLedger) {
    let id = t.webhook(&[], None).await;
    t.sent(6).await;
    let fail = async || {
        t.make_due().await;
        let delivery = t.claim_one(id).await;
        t.tried(&delivery, answered(500)).await
    };
    let earlier = async |by: i64| {
        t.sql(&format!(
            "UPDATE webhook SET failing_since = failing_since - {by}"
        ))
        .await;
    };
    fail().await;
    earlier(4 * DAY).await;
    assert_eq!(fail().await, Recorded::Again);
    // A success ends it.
    t.make_due().await;
    let delivery = t.claim_one(id).await;
    assert_eq!(t.tried(&delivery, answered(204)).await, Recorded::Arrived);
    assert_eq!(t.row_of(id).await.failing_since, None);
    assert_eq!(fail().await, Recorded::Again);
    earlier(6 * DAY).await;
    assert_eq!(fail().await, Recorded::Again, "there was no try in between");
    assert_eq!(fail().await, Recorded::Disabled(DisabledReason::Failing));
    assert!(t.row_of(id).await.disabled_at.is_some());
}

async fn there_are_no_more_webhooks_than_may_be(t: &TestLedger) {
    for _ in 0..100 {
        t.webhook(&[], None).await;
    }
    let more = t.ledger.create_webhook(new(&[], None)).await.unwrap();
    assert!(matches!(more, Created::TooMany));
    let page = t.ledger.webhooks(None, 60).await.unwrap();
    assert_eq!(page.items.len(), 60);
    let rest = t.ledger.webhooks(page.next, 60).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (40, None));
}

async fn a_webhook_needs_a_key_that_is_there(t: &TestLedger) {
    let none = t
        .ledger
        .create_webhook(new(&[], Some(Uuid::now_v7())))
        .await
        .unwrap();
    assert!(matches!(none, Created::NoKey));
}

on_both_databases!(
    an_event_is_for_each_webhook_that_wants_it,
    no_more_are_under_way_than_may_be,
    a_webhook_that_fails_has_one_message_in_the_queue,
    a_lost_try_is_repeated_and_its_late_failure_changes_nothing,
    tries_are_made_at_their_times_and_end,
    an_answer_of_410_disables_it,
    five_days_of_failures_only_disable_it,
    there_are_no_more_webhooks_than_may_be,
    a_webhook_needs_a_key_that_is_there,
);
