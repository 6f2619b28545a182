//! Recipients unsubscribe from one list of one key, and may undo it.

use entity::recipient::Status;
use mail::{
    api_key::ApiKeySecret,
    ledger::{NewKey, Scope, SuppressionFilter},
    message::{List, NewMailing},
    suppression::{NewSuppression, SuppressionReason, SuppressionScope},
    unsubscribe::{Language, Subscription},
};
use uuid::Uuid;

use crate::{
    database::{TestLedger, in_time},
    fixtures::{address, list},
    mailings::{accepted, all_of, mailing_to, positions, queued},
};

fn mailing_of(list: &List, recipients: usize) -> NewMailing {
    let mut request = mailing_to(recipients);
    request.envelope.list = Some(list.clone());
    request
}

impl TestLedger {
    async fn subscription(
        &self,
        list: &List,
        mail: &str,
        mailing_id: Uuid,
        position: i32,
    ) -> Subscription {
        let secret = self.ledger.hash_secret().await.unwrap();
        Subscription {
            list: list.clone(),
            mail_hash: secret.address(&address(mail).key()),
            mailing_id,
            position,
            language: Language::En,
        }
    }

    /// Sends a mailing of a list, and returns the subscription of its first recipient.
    async fn sent_to(&self, list: &List) -> Subscription {
        let request = mailing_of(list, 2);
        let entry = queued(list.api_key_id, &request);
        let id = self.try_store(entry).await.unwrap().id;
        self.finish(id, accepted()).await;
        self.subscription(list, "r0@example.com", id, 0).await
    }

    async fn kinds(&self, mailing_id: Uuid) -> Vec<(String, i32)> {
        let events = self.events(mailing_id).await;
        events[&0]
            .iter()
            .map(|event| (event.kind.clone(), event.sequence))
            .collect()
    }

    /// Returns the positions of the recipients of a new mailing that may be sent to.
    async fn sent_next(&self, api_key_id: Uuid, list: &List) -> Vec<i32> {
        let request = mailing_of(list, 2);
        let entry = queued(api_key_id, &request);
        let id = self.try_store(entry).await.unwrap().id;
        positions(&self.ledger.claim(all_of(id), 10).await.unwrap())
    }
}

fn kinds(expected: &[(&str, i32)]) -> Vec<(String, i32)> {
    let expected = expected.iter();
    expected
        .map(|(kind, sequence)| ((*kind).to_owned(), *sequence))
        .collect()
}

async fn unsubscribing_is_one_entry_and_one_event(t: &TestLedger) {
    let news = list("news", t.key().await);
    let subscription = t.sent_to(&news).await;
    assert!(!t.ledger.is_unsubscribed(&subscription).await.unwrap());
    for _ in 0..3 {
        t.ledger.unsubscribe(&subscription).await.unwrap();
        assert!(t.ledger.is_unsubscribed(&subscription).await.unwrap());
    }
    let id = subscription.mailing_id;
    assert_eq!(
        t.kinds(id).await,
        kinds(&[("sent", 1), ("unsubscribed", 2)])
    );
    let row = &t.rows(id).await[0];
    assert_eq!((row.status, row.events), (Status::Sent, 2), "it stays sent");
    let page = t
        .ledger
        .suppressions(Scope::Everybody, SuppressionFilter::default(), None, 10);
    let [entry] = <[_; 1]>::try_from(page.await.unwrap().items).unwrap();
    assert_eq!(entry.mail.as_deref(), Some("r0@example.com"));
    assert_eq!(
        (
            entry.reason.as_str(),
            entry.list.as_deref(),
            entry.api_key_id
        ),
        ("unsubscribe", Some("news"), Some(news.api_key_id))
    );
    assert_eq!(t.sent_next(news.api_key_id, &news).await, [1]);
    let offers = list("offers", news.api_key_id);
    assert_eq!(t.sent_next(news.api_key_id, &offers).await, [0, 1]);
}

async fn undoing_removes_that_entry_only(t: &TestLedger) {
    let news = list("news", t.key().await);
    let subscription = t.sent_to(&news).await;
    t.ledger.resubscribe(&subscription).await.unwrap();
    t.ledger.unsubscribe(&subscription).await.unwrap();
    let manual = NewSuppression {
        mail: address("r0@example.com"),
        reason: SuppressionReason::Manual,
        scope: SuppressionScope::of(Some(news.clone())),
    };
    t.ledger.suppress(&[manual]).await.unwrap();
    for _ in 0..2 {
        t.ledger.resubscribe(&subscription).await.unwrap();
        assert!(!t.ledger.is_unsubscribed(&subscription).await.unwrap());
    }
    assert_eq!(
        t.kinds(subscription.mailing_id).await,
        kinds(&[("sent", 1), ("unsubscribed", 2), ("resubscribed", 3)])
    );
    let left = t
        .ledger
        .suppressions(Scope::Everybody, SuppressionFilter::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(left.items.len(), 1);
    assert_eq!(left.items[0].reason, "manual");
    assert_eq!(t.sent_next(news.api_key_id, &news).await, [1]);
}

async fn a_link_works_after_erasure_and_after_the_mailing(t: &TestLedger) {
    let news = list("news", t.key().await);
    let erased = t.sent_to(&news).await;
    t.ledger
        .erase_key(&address("r0@example.com").key(), in_time())
        .await
        .unwrap();
    t.ledger.unsubscribe(&erased).await.unwrap();
    let removed = t
        .subscription(&news, "r1@example.com", Uuid::now_v7(), 7)
        .await;
    t.ledger.unsubscribe(&removed).await.unwrap();
    let entries = t
        .ledger
        .suppressions(Scope::Everybody, SuppressionFilter::default(), None, 10)
        .await
        .unwrap()
        .items;
    assert_eq!(entries.len(), 2);
    assert!(
        entries.iter().all(|entry| entry.mail.is_none()),
        "{entries:?}"
    );
    assert_eq!(t.sent_next(news.api_key_id, &news).await, [0; 0]);
    t.ledger.resubscribe(&removed).await.unwrap();
    assert_eq!(t.sent_next(news.api_key_id, &news).await, [1]);
}

async fn a_new_key_takes_over_the_lists_of_a_revoked_one(t: &TestLedger) {
    let old = t.key().await;
    assert_eq!(t.ledger.lists_of_revoked(old).await.unwrap(), None);
    assert_eq!(
        t.ledger.lists_of_revoked(Uuid::now_v7()).await.unwrap(),
        None
    );
    let news = list("news", old);
    let subscription = t.sent_to(&news).await;
    let mut keys = vec![old];
    for _ in 0..2 {
        let last = *keys.last().unwrap();
        t.ledger.revoke_key(last, false).await.unwrap();
        let new = NewKey {
            lists_of: t.ledger.lists_of_revoked(last).await.unwrap(),
            ..NewKey::new(ApiKeySecret::generate())
        };
        let key = t.ledger.create_key(new).await.unwrap().unwrap();
        assert_eq!(key.list_key_id(), old, "the first owner, however often");
        keys.push(key.id);
    }
    t.ledger.unsubscribe(&subscription).await.unwrap();
    let newest = keys[2];
    assert_eq!(t.sent_next(newest, &news).await, [1]);
    // Entries that are made for the new key are of the same lists.
    let manual = NewSuppression {
        mail: address("r1@example.com"),
        reason: SuppressionReason::Manual,
        scope: SuppressionScope::of(Some(list("news", newest))),
    };
    let added = t.ledger.suppress(&[manual]).await.unwrap();
    assert_eq!(added[0].api_key_id, Some(old));
    assert_eq!(t.sent_next(newest, &news).await, [0; 0]);
}

async fn two_clicks_at_once_are_one_event(t: &TestLedger) {
    let news = list("news", t.key().await);
    let subscription = t.sent_to(&news).await;
    let clicks = (0..8).map(|_| t.ledger.unsubscribe(&subscription));
    for click in futures_util::future::join_all(clicks).await {
        click.unwrap();
    }
    assert_eq!(
        t.kinds(subscription.mailing_id).await,
        kinds(&[("sent", 1), ("unsubscribed", 2)])
    );
}

async fn the_sender_is_shown_as_recipients_know_it(t: &TestLedger) {
    for (organisation, name, shown) in [
        (Some("Example Ltd"), "News", Some("Example Ltd")),
        (None, "News", Some("News")),
        (None, "News for {{name}}", None),
    ] {
        let mut request = mailing_to(1);
        request.envelope.sender_organisation_name = organisation.map(ToOwned::to_owned);
        request.envelope.sender_name = name.to_owned();
        let id = t.store(&request).await;
        let sender = t.ledger.shown_sender(id).await.unwrap();
        assert_eq!(sender.as_deref(), shown);
    }
    let gone = t.ledger.shown_sender(Uuid::now_v7()).await.unwrap();
    assert_eq!(gone, None);
}

on_both_databases!(
    unsubscribing_is_one_entry_and_one_event,
    undoing_removes_that_entry_only,
    a_link_works_after_erasure_and_after_the_mailing,
    a_new_key_takes_over_the_lists_of_a_revoked_one,
    two_clicks_at_once_are_one_event,
    the_sender_is_shown_as_recipients_know_it,
);
