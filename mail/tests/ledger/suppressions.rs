//! Suppressed addresses are not sent to, from the moment when they are on the list.

use entity::recipient::Status;
use mail::{
    event::BounceType,
    ledger::{NewEntry, Page, Scope, Start, StartRequest, StoreOutcome, SuppressionFilter},
    mail_event::{MailEvent, Report},
    suppression::{NewSuppression, Suppression, SuppressionReason, SuppressionScope},
};
use std::{slice::from_ref, time::Duration};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    fixtures::{address, list},
    mail_events::{bounce, report},
    mailings::{accepted, all_of, mailing_to, positions, queued},
};

fn entry(mail: &str, reason: SuppressionReason, scope: SuppressionScope) -> NewSuppression {
    NewSuppression {
        mail: address(mail),
        reason,
        scope,
    }
}

fn everything(mail: &str) -> NewSuppression {
    entry(
        mail,
        SuppressionReason::Manual,
        SuppressionScope::Everything,
    )
}

impl TestLedger {
    async fn suppress(&self, new: NewSuppression) -> Suppression {
        self.ledger.suppress(&[new]).await.unwrap().swap_remove(0)
    }

    async fn listed(&self) -> Vec<Suppression> {
        let page =
            self.ledger
                .suppressions(Scope::Everybody, SuppressionFilter::default(), None, 100);
        let Page { items, .. } = page.await.unwrap();
        items
    }
}

async fn a_claim_ends_who_is_on_the_list_and_takes_the_others(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = t.store(&mailing_to(5)).await;
    // After the request, and written in another way.
    t.suppress(everything("R1@EXAMPLE.com")).await;
    t.suppress(entry(
        "r3@example.com",
        SuppressionReason::Complaint,
        SuppressionScope::Everything,
    ))
    .await;
    let claim = publishing.claim(all_of(id), 10).await.unwrap();
    assert_eq!(positions(&claim), [0, 2, 4]);
    let rows = t.rows(id).await;
    for (position, code) in [(1, "suppressed_manual"), (3, "suppressed_complaint")] {
        let row = &rows[position];
        assert_eq!(
            (row.status, row.status_detail.as_deref()),
            (Status::Suppressed, Some(code))
        );
        assert!(row.ended_at.is_some() && row.sent_at.is_none() && row.last_error.is_some());
        let events = &t.events(id).await[&row.position];
        assert_eq!(events.len(), 1);
        assert_eq!(
            (
                events[0].kind.as_str(),
                Some(events[0].id),
                events[0].sequence
            ),
            ("suppressed", row.event_id, 1)
        );
    }
    let pending = t
        .number("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox")
        .await;
    assert_eq!(pending, 2, "they are published");
    assert_eq!(claim.ended.len(), 2);
}

async fn a_call_that_is_made_at_once_is_for_the_others(t: &TestLedger) {
    let id = t.store(&mailing_to(4)).await;
    for mail in ["r0@example.com", "r1@example.com"] {
        t.suppress(everything(mail)).await;
    }
    for rate in [None, Some(1000.0)] {
        let claim = t.ledger.claim_and_begin(all_of(id), 2, rate).await.unwrap();
        if claim.recipients.is_empty() {
            // `SQLite` takes no turn in the statement.
            continue;
        }
        assert_eq!(
            positions(&claim),
            [2, 3],
            "those that ended are no reason to stop"
        );
        assert_eq!(claim.ended.len(), 2);
        let row = &t.rows(id).await[2];
        assert_eq!((row.status, row.attempts), (Status::Sending, 1));
        return;
    }
    panic!("nothing was claimed");
}

async fn only_suppressed_recipients_leave_nothing_to_do(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    for number in 0..3 {
        t.suppress(everything(&format!("r{number}@example.com")))
            .await;
    }
    let claim = t.ledger.claim(all_of(id), 1).await.unwrap();
    assert_eq!((claim.recipients.len(), claim.ended.len()), (0, 3));
    assert_eq!(t.ledger.note_ended().await.unwrap(), 1);
}

async fn a_list_suppresses_its_own_mail_only(t: &TestLedger) {
    let (key, other_key) = (t.key().await, t.key().await);
    t.suppress(entry(
        "r0@example.com",
        SuppressionReason::Unsubscribe,
        SuppressionScope::of(Some(list("news", key))),
    ))
    .await;
    for (list, hit) in [
        (Some(list("news", key)), true),
        (Some(list("offers", key)), false),
        (None, false),
        (Some(list("news", other_key)), false),
    ] {
        let mut request = mailing_to(1);
        request.envelope.list = list;
        let id = t.try_store(queued(key, &request)).await.unwrap().id;
        let claim = t.ledger.claim(all_of(id), 1).await.unwrap();
        assert_eq!(claim.recipients.is_empty(), hit);
        if hit {
            let row = t.row(id).await;
            assert_eq!(row.status_detail.as_deref(), Some("suppressed_unsubscribe"));
        }
    }
}

fn single(request: &mail::message::NewMailing, key: Uuid) -> (NewEntry<'_>, StartRequest) {
    let entry = NewEntry {
        claimed: true,
        ..queued(key, request)
    };
    let start = StartRequest {
        rate: None,
        patience: Duration::ZERO,
        turns: 1,
        given: None,
    };
    (entry, start)
}

async fn a_single_mail_is_looked_up_as_it_is_stored(t: &TestLedger) {
    let publishing = t.publishing().await;
    let request = mailing_to(1);
    let key = t.key().await;
    let (entry, start) = single(&request, key);
    let StoreOutcome::Stored(stored) = publishing.store_and_start(entry, start).await.unwrap()
    else {
        panic!("it is stored")
    };
    assert_eq!((stored.suppressed, stored.start), (None, Start::Now));
    t.suppress(everything("r0@example.com")).await;
    let StoreOutcome::Stored(stored) = publishing.store_and_start(entry, start).await.unwrap()
    else {
        panic!("it is stored")
    };
    assert_eq!(stored.suppressed, Some(SuppressionReason::Manual));
    let row = t.row(stored.id).await;
    assert_eq!(
        (row.status, row.status_detail.as_deref(), row.attempts),
        (Status::Suppressed, Some("suppressed_manual"), 0)
    );
    let events = &t.events(stored.id).await[&0];
    assert_eq!((events.len(), events[0].kind.as_str()), (1, "suppressed"));
    assert_eq!(
        t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM outbox")
            .await,
        1
    );
    // No turn is taken for it.
    let (entry, start) = single(&request, key);
    let start = StartRequest {
        rate: Some(0.01),
        ..start
    };
    let before = t.number("SELECT next_single_turn FROM pace").await;
    publishing.store_and_start(entry, start).await.unwrap();
    assert_eq!(t.number("SELECT next_single_turn FROM pace").await, before);
}

async fn bounces_and_complaints_put_addresses_on_the_list(t: &TestLedger) {
    let id = t.store(&mailing_to(5)).await;
    let claim = t.finish(id, accepted()).await;
    let copy = MailEvent {
        addresses: vec!["boss@example.com".to_owned()],
        destinations: 2,
        ..report(&claim, 4, bounce(BounceType::Permanent), 0)
    };
    let reports = [
        report(&claim, 0, bounce(BounceType::Permanent), 0),
        report(&claim, 1, Report::Complained, 0),
        report(&claim, 2, bounce(BounceType::Transient), 0),
        report(&claim, 3, Report::Suppressed, 0),
        copy,
    ];
    t.apply(&reports).await;
    t.apply(&reports).await;
    let mut listed: Vec<_> = t
        .listed()
        .await
        .into_iter()
        .map(|one| (one.mail.unwrap(), one.reason))
        .collect();
    listed.sort();
    let expected = [
        ("boss@example.com", "bounce"),
        ("r0@example.com", "bounce"),
        ("r1@example.com", "complaint"),
    ];
    assert_eq!(
        listed,
        expected.map(|(mail, reason)| (mail.to_owned(), reason.to_owned()))
    );
    let again = t.store(&mailing_to(3)).await;
    let claim = t.ledger.claim(all_of(again), 10).await.unwrap();
    assert_eq!(positions(&claim), [2]);
}

async fn an_erased_address_is_suppressed_by_its_hash(t: &TestLedger) {
    t.suppress(everything("r0@example.com")).await;
    let id = t.store(&mailing_to(2)).await;
    let claim = t.finish(id, accepted()).await;
    t.ledger
        .erase_key(&address("r1@example.com").key(), crate::database::in_time())
        .await
        .unwrap();
    t.sql("UPDATE recipient SET mail = NULL, mail_key = NULL, mail_hash = NULL")
        .await;
    t.apply(&[report(&claim, 1, Report::Complained, 0)]).await;
    t.ledger.forget_suppressed("r0@example.com").await.unwrap();
    let listed = t.listed().await;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one.mail.is_none()), "{listed:?}");
    let texts = t
        .number("SELECT CAST(COUNT(*) AS BIGINT) FROM suppression WHERE mail_key IS NOT NULL")
        .await;
    assert_eq!(texts, 0);
    let id = t.store(&mailing_to(3)).await;
    let claim = t.ledger.claim(all_of(id), 10).await.unwrap();
    assert_eq!(positions(&claim), [2]);
    let erased = address("r0@example.com");
    let filter = SuppressionFilter {
        mail: Some(&erased),
        reason: None,
    };
    let found = t
        .ledger
        .suppressions(Scope::Everybody, filter, None, 10)
        .await;
    assert_eq!(
        found.unwrap().items.len(),
        1,
        "it can be found and taken off"
    );
}

async fn entries_are_listed_removed_and_kept_apart_by_key(t: &TestLedger) {
    let key = t.key().await;
    let own = SuppressionScope::of(Some(list("news", key)));
    let first = t.suppress(everything("a@example.com")).await;
    let second = t
        .suppress(entry(
            "a@example.com",
            SuppressionReason::Manual,
            own.clone(),
        ))
        .await;
    let again = t.suppress(everything("A@example.com")).await;
    assert_eq!(again, first, "an entry that is there stays as it is");
    let page = async |scope, after, limit| {
        t.ledger
            .suppressions(scope, SuppressionFilter::default(), after, limit)
            .await
            .unwrap()
    };
    let newest = page(Scope::Everybody, None, 1).await;
    assert_eq!(newest.items, from_ref(&second));
    let next = page(Scope::Everybody, newest.next, 1).await;
    assert_eq!((next.items, next.next), (vec![first.clone()], None));
    assert_eq!(
        page(Scope::Key(key), None, 10).await.items,
        from_ref(&second)
    );
    let other = Scope::Key(t.key().await);
    assert!(page(other, None, 10).await.items.is_empty());
    assert!(
        t.ledger
            .unsuppress(other, second.id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        t.ledger
            .unsuppress(Scope::Key(key), first.id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        t.ledger
            .unsuppress(Scope::Key(key), second.id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(t.listed().await, [first]);
}

async fn rows_that_were_stored_before_are_looked_up_by_their_address(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    t.sql("UPDATE recipient SET mail_hash = NULL").await;
    t.suppress(everything("r0@example.com")).await;
    let claim = t.ledger.claim(all_of(id), 10).await.unwrap();
    assert_eq!(positions(&claim), [1]);
}

async fn another_secret_is_refused(t: &TestLedger) {
    use mail::hash_secret::{HashSecret, HashSecretSource};
    use std::sync::Arc;
    t.suppress(everything("r0@example.com")).await;
    let config = mail::config::Config {
        hash_secret: HashSecretSource::Given(HashSecret::generate()),
        ..t.config.clone()
    };
    let other = mail::ledger::Ledger::open(&config, &Arc::default())
        .await
        .unwrap();
    let refused = other.hash_secret().await.unwrap_err();
    assert!(matches!(refused, mail::Error::HashSecret), "{refused:?}");
    assert!(t.another().await.hash_secret().await.is_ok());
}

on_both_databases!(
    a_claim_ends_who_is_on_the_list_and_takes_the_others,
    a_call_that_is_made_at_once_is_for_the_others,
    only_suppressed_recipients_leave_nothing_to_do,
    a_list_suppresses_its_own_mail_only,
    a_single_mail_is_looked_up_as_it_is_stored,
    bounces_and_complaints_put_addresses_on_the_list,
    an_erased_address_is_suppressed_by_its_hash,
    entries_are_listed_removed_and_kept_apart_by_key,
    rows_that_were_stored_before_are_looked_up_by_their_address,
    another_secret_is_refused,
);
