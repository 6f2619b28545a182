//! The feed: no event is missed, none is seen twice, and those of one recipient come in their order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use mail::{
    event::BounceType,
    ledger::{FeedEvent, FeedFilter, FeedPage, Ledger, Scope},
    mail_event::Report,
};
use sea_orm::{ConnectionTrait, DbBackend, TransactionTrait};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mail_events::{bounce, report},
    mailings::{accepted, mailing_to, refused},
};

/// Waits until all events are shown: transactions of other tests on the same server hold the feed back.
async fn all_shown(t: &TestLedger) {
    while t.ledger.feed_delay().await.unwrap() > Duration::ZERO {
        tokio::task::yield_now().await;
    }
}

/// Reads from a position to the end, when all events are shown.
async fn read_all(t: &TestLedger, after: i64, limit: u64) -> (Vec<FeedEvent>, i64) {
    all_shown(t).await;
    read(&t.ledger, after, limit).await
}

/// Reads from a position up to the present end of the feed.
async fn read(ledger: &Ledger, mut after: i64, limit: u64) -> (Vec<FeedEvent>, i64) {
    let mut all = Vec::new();
    loop {
        let page = ledger.feed(Scope::Everybody, FeedFilter::default(), Some(after), limit);
        match page.await.unwrap() {
            FeedPage::Events { events, next } if events.is_empty() => return (all, next),
            FeedPage::Events { events, next } => {
                assert!(events.len() as u64 <= limit);
                all.extend(events);
                after = next;
            }
            FeedPage::Gone { oldest } => panic!("events up to {oldest} are gone"),
        }
    }
}

/// Checks that the events are all there once, each recipient's in its order.
async fn check(t: &TestLedger, seen: &[FeedEvent]) {
    let ids: BTreeSet<Uuid> = seen.iter().map(|one| one.event.id).collect();
    assert_eq!(ids.len(), seen.len(), "no event is seen twice");
    let all = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM event").await;
    assert_eq!(i64::try_from(seen.len()), Ok(all), "no event is missed");
    let mut last: BTreeMap<(Uuid, i32), i32> = BTreeMap::new();
    for one in seen {
        let key = (one.event.mailing_id, one.event.position);
        let before = last.insert(key, one.event.sequence).unwrap_or(0);
        assert_eq!(
            one.event.sequence,
            before + 1,
            "in the order of the recipient"
        );
    }
}

async fn a_reader_sees_each_event_once_while_many_write(t: &TestLedger) {
    const WRITERS: usize = 20;
    let (writing, done) = (AtomicUsize::new(WRITERS), AtomicBool::new(false));
    let write = async |number: usize| {
        for round in 0..4 {
            let id = t.store(&mailing_to(3)).await;
            let outcome = if (number + round).is_multiple_of(5) {
                refused()
            } else {
                accepted()
            };
            let claim = t.finish(id, outcome).await;
            let reports: Vec<_> = [
                Report::Delivered,
                bounce(BounceType::Permanent),
                Report::Complained,
            ]
            .into_iter()
            .flat_map(|one| [report(&claim, 0, one.clone(), 0), report(&claim, 2, one, 0)])
            .collect();
            for pair in reports.chunks(2) {
                t.apply(pair).await;
            }
        }
        writing.fetch_sub(1, Ordering::SeqCst);
    };
    // A transaction with an event that is committed long after later ones: nothing may be shown past it.
    let hold_back = async {
        if t.db.get_database_backend() == DbBackend::Postgres {
            let id = t.store(&mailing_to(1)).await;
            t.send(id).await;
            let held = t.db.begin().await.unwrap();
            let end = format!(
                "WITH moved AS (UPDATE recipient SET status = 'sent', events = 1, event_id = gen_random_uuid(), \
                   ended_at = 1 WHERE mailing_id = '{id}' RETURNING *) \
                 INSERT INTO event (id, mailing_id, position, sequence, api_key_id, kind, occurred_at, added_at, attempts) \
                 SELECT event_id, mailing_id, position, 1, mailing_id, 'sent', 1, 1, 1 FROM moved"
            );
            held.execute_unprepared(&end).await.unwrap();
            while writing.load(Ordering::SeqCst) > WRITERS / 2 {
                tokio::task::yield_now().await;
            }
            held.commit().await.unwrap();
        }
    };
    let reader = t.another().await;
    let follow = async {
        let (mut seen, mut at) = (Vec::new(), 0);
        loop {
            let last = done.load(Ordering::SeqCst);
            if last {
                all_shown(t).await;
            }
            let (more, next) = read(&reader, at, 7).await;
            seen.extend(more);
            at = next;
            if last {
                return seen;
            }
        }
    };
    let everybody = async {
        let writers = (0..WRITERS).map(write);
        tokio::join!(futures_util::future::join_all(writers), hold_back);
        done.store(true, Ordering::SeqCst);
    };
    let (seen, ()) = tokio::join!(follow, everybody);
    check(t, &seen).await;
}

async fn nothing_is_shown_past_a_transaction_that_is_under_way(t: &TestLedger) {
    if t.db.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let early = t.store(&mailing_to(1)).await;
    let late = t.store(&mailing_to(1)).await;
    t.send(early).await;
    let held = t.db.begin().await.unwrap();
    held.execute_unprepared(&format!(
        "INSERT INTO event (id, mailing_id, position, sequence, api_key_id, kind, occurred_at, added_at, attempts) \
         SELECT gen_random_uuid(), mailing_id, position, 1, mailing_id, 'sent', 1, 1, 1 FROM recipient \
         WHERE mailing_id = '{early}' FOR UPDATE"
    ))
    .await
    .unwrap();
    t.finish(late, accepted()).await;
    let (seen, at) = read(&t.ledger, 0, 10).await;
    assert!(seen.is_empty(), "the later event has to wait");
    assert!(t.ledger.feed_delay().await.unwrap() < Duration::from_mins(5));
    t.sql("UPDATE event SET added_at = added_at - 3600000")
        .await;
    let delay = t.ledger.feed_delay().await.unwrap();
    assert!(delay >= Duration::from_mins(59), "{delay:?}");
    held.commit().await.unwrap();
    let (seen, _) = read_all(t, at, 10).await;
    let order: Vec<Uuid> = seen.iter().map(|one| one.event.mailing_id).collect();
    assert_eq!(order, [early, late]);
    assert_eq!(t.ledger.feed_delay().await.unwrap(), Duration::ZERO);
}

async fn a_restored_cluster_whose_ids_are_smaller_goes_on(t: &TestLedger) {
    if t.db.get_database_backend() != DbBackend::Postgres {
        return;
    }
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, accepted()).await;
    t.sql("UPDATE feed SET pending = 1, pending_until = 4000000000000")
        .await;
    let (seen, _) = read_all(t, 0, 10).await;
    check(t, &seen).await;
    assert_eq!(seen.len(), 1);
}

async fn filters_leave_out_and_move_on(t: &TestLedger) {
    let ids = [t.store(&mailing_to(2)).await, t.store(&mailing_to(1)).await];
    t.finish(ids[0], accepted()).await;
    t.finish(ids[1], refused()).await;
    let owner = t.mailing_row(ids[1]).await.api_key_id;
    all_shown(t).await;
    let page = async |scope, filter, after| match t.ledger.feed(scope, filter, after, 10).await {
        Ok(FeedPage::Events { events, next }) => (
            events
                .iter()
                .map(|one| (one.event.mailing_id, one.event.position))
                .collect::<Vec<_>>(),
            next,
        ),
        other => panic!("{other:?}"),
    };
    let everybody = Scope::Everybody;
    let (all, end) = page(everybody, FeedFilter::default(), None).await;
    assert_eq!(all.len(), 3);
    let failed = FeedFilter {
        kind: Some("failed"),
        api_key_id: None,
    };
    assert_eq!(
        page(everybody, failed, None).await,
        (vec![(ids[1], 0)], end)
    );
    let of_key = FeedFilter {
        kind: None,
        api_key_id: Some(owner),
    };
    assert_eq!(
        page(everybody, of_key, None).await,
        (vec![(ids[1], 0)], end)
    );
    assert_eq!(
        page(Scope::Key(owner), FeedFilter::default(), None).await,
        (vec![(ids[1], 0)], end)
    );
    let none = FeedFilter {
        kind: Some("complained"),
        api_key_id: None,
    };
    assert_eq!(
        page(everybody, none, None).await,
        (vec![], end),
        "it moves over what it left out"
    );
    assert_eq!(
        page(everybody, FeedFilter::default(), Some(end)).await,
        (vec![], end)
    );
}

async fn an_event_shows_its_recipient_until_the_address_is_removed(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, accepted()).await;
    let (seen, _) = read_all(t, 0, 10).await;
    assert_eq!(seen[0].recipient.as_deref(), Some("r0@example.com"));
    assert!(seen[0].ids.email_id.is_some() && seen[0].email_recipient_id.is_some());
    t.sql("UPDATE recipient SET mail = NULL, mail_key = NULL")
        .await;
    let (seen, _) = read_all(t, 0, 10).await;
    assert_eq!(seen[0].recipient, None);
}

async fn old_events_go_and_a_late_reader_is_told(t: &TestLedger) {
    for _ in 0..3 {
        let id = t.store(&mailing_to(2)).await;
        t.finish(id, accepted()).await;
    }
    let (seen, end) = read_all(t, 0, 10).await;
    let day = Duration::from_hours(24);
    assert!(!t.ledger.remove_old_events(day).await.unwrap());
    assert_eq!(read_all(t, 0, 10).await.0.len(), 6, "they are young");
    let last_old = seen[3].event.ordinal;
    t.sql(&format!(
        "UPDATE event SET added_at = 1 WHERE ordinal <= {last_old}"
    ))
    .await;
    t.ledger.remove_old_events(day).await.unwrap();
    let page = t
        .ledger
        .feed(Scope::Everybody, FeedFilter::default(), Some(0), 10);
    let FeedPage::Gone { oldest } = page.await.unwrap() else {
        panic!("a reader that has missed events is told so")
    };
    assert_eq!(oldest, last_old);
    assert_eq!(read_all(t, oldest, 10).await.0.len(), 2);
    // All events may go; the feed goes on where it was.
    t.sql("UPDATE event SET added_at = 1").await;
    t.ledger.remove_old_events(day).await.unwrap();
    assert_eq!(read_all(t, end, 10).await.0.len(), 0);
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, accepted()).await;
    let (seen, _) = read_all(t, end, 10).await;
    assert_eq!(seen.len(), 1);
    let beyond = t
        .ledger
        .feed(Scope::Everybody, FeedFilter::default(), Some(1 << 40), 10);
    assert!(matches!(beyond.await.unwrap(), FeedPage::Gone { .. }));
}

async fn an_event_that_is_not_published_yet_stays(t: &TestLedger) {
    let publishing = t.publishing().await;
    let id = t.store(&mailing_to(2)).await;
    let claim = t.send(id).await;
    t.ledger.record(&claim, &[(0, accepted())]).await.unwrap();
    publishing.record(&claim, &[(1, accepted())]).await.unwrap();
    t.sql("UPDATE event SET added_at = 1").await;
    t.sql("UPDATE outbox SET added_at = 1, due_at = 1").await;
    let day = Duration::from_hours(24);
    t.ledger.remove_old_events(day).await.unwrap();
    let pending = publishing.unpublished(10).await.unwrap();
    assert_eq!(pending.len(), 1);
    publishing.mark_published(&[&pending[0]]).await.unwrap();
    t.ledger.remove_old_events(day).await.unwrap();
    assert_eq!(
        t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM event").await,
        0
    );
}

on_both_databases!(
    a_reader_sees_each_event_once_while_many_write,
    nothing_is_shown_past_a_transaction_that_is_under_way,
    a_restored_cluster_whose_ids_are_smaller_goes_on,
    filters_leave_out_and_move_on,
    an_event_shows_its_recipient_until_the_address_is_removed,
    old_events_go_and_a_late_reader_is_told,
    an_event_that_is_not_published_yet_stays,
);
