//! Races between two operations, on the database where they are possible: `PostgreSQL`. One operation is stopped in its
//! middle by a lock until the other has come as far as it can.

use std::{cell::Cell, pin::Pin};

use entity::recipient::Status;
use mail::api_key::ApiKeySecret;
use mail::ledger::{Rescheduled, Resent, Scope};
use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use uuid::Uuid;

use crate::{
    database::{TestLedger, in_time, on_postgres},
    mailings::{mailing_to, refused},
};

async fn lock(t: &TestLedger, table: &str) -> DatabaseTransaction {
    let transaction = t.db.begin().await.unwrap();
    let rows = format!("SELECT 1 FROM {table} FOR UPDATE");
    transaction.execute_unprepared(&rows).await.unwrap();
    transaction
}

/// Waits until `waiting` connections wait for a lock, or `enough` returns `true`.
async fn until_waiting(t: &TestLedger, waiting: i64, enough: impl Fn() -> bool) {
    let query = "SELECT COUNT(*) FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while t.number(query).await < waiting && !enough() {
        tokio::task::yield_now().await;
    }
}

/// Does `work` while a resend has opened the mailing again and has not yet queued its recipients.
fn during_a_resend<T>(
    t: &TestLedger,
    mailing_id: Uuid,
    work: impl Future<Output = T>,
) -> Pin<Box<impl Future<Output = T>>> {
    Box::pin(async move {
        let held = lock(t, "recipient").await;
        let done = Cell::new(false);
        let resend = t
            .ledger
            .resend(Scope::Everybody, mailing_id, Status::Failed);
        let work = async {
            until_waiting(t, 1, || false).await;
            let result = work.await;
            done.set(true);
            result
        };
        let release = async {
            until_waiting(t, 2, || done.get()).await;
            held.rollback().await.unwrap();
        };
        let (outcome, result, ()) = tokio::join!(resend, work, release);
        assert!(matches!(
            outcome.unwrap(),
            Resent::Queued { accepted: 1, .. }
        ));
        result
    })
}

async fn failed_mailing(t: &TestLedger) -> Uuid {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, refused()).await;
    id
}

async fn assert_untouched(t: &TestLedger, id: Uuid) {
    let row = t.row(id).await;
    assert_eq!(row.status, Status::Queued);
    assert_eq!(row.mail.as_deref(), Some("r0@example.com"));
    assert!(row.variables.is_some());
    assert!(t.ledger.mailing(id).await.unwrap().is_some());
    let mailing = t.mailing_row(id).await;
    assert!(!mailing.anonymous);
    assert_eq!(mailing.ended_at, None, "it is open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailing_that_is_being_resent_has_not_ended() {
    on_postgres(async |t| {
        let id = failed_mailing(t).await;
        during_a_resend(t, id, t.ledger.note_ended()).await.unwrap();
        assert_untouched(t, id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailing_that_is_being_resent_keeps_its_content_and_addresses() {
    on_postgres(async |t| {
        let id = failed_mailing(t).await;
        t.ledger.note_ended().await.unwrap();
        t.sql("UPDATE mailing SET ended_at = 1").await;
        let retention = std::time::Duration::ZERO;
        let dropped = during_a_resend(t, id, t.ledger.drop_content(retention)).await;
        assert_eq!(dropped.unwrap(), 0);
        assert_untouched(t, id).await;
        t.finish(id, refused()).await;
        t.sql("UPDATE mailing SET ended_at = 1").await;
        let dropped = during_a_resend(t, id, t.ledger.drop_addresses(retention)).await;
        assert_eq!(dropped.unwrap(), 0);
        assert_untouched(t, id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailing_that_is_being_resent_is_not_removed() {
    on_postgres(async |t| {
        let id = failed_mailing(t).await;
        t.ledger.note_ended().await.unwrap();
        t.sql("UPDATE mailing SET ended_at = 1").await;
        let keep = std::time::Duration::from_millis(1);
        let removed = during_a_resend(t, id, t.ledger.remove_old(keep, Uuid::nil())).await;
        assert_eq!(removed.unwrap(), None);
        assert_untouched(t, id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sweeps_at_once_remove_a_mailing_once() {
    on_postgres(async |t| {
        let ids = [failed_mailing(t).await, failed_mailing(t).await];
        t.ledger.note_ended().await.unwrap();
        for table in ["recipient", "mailing"] {
            t.sql(&format!("UPDATE {table} SET ended_at = 1")).await;
        }
        while t.ledger.keep_hour().await.unwrap() {}
        let (keep, another) = (std::time::Duration::from_millis(1), t.another().await);
        let held = lock(t, "recipient").await;
        let first = t.ledger.remove_old(keep, Uuid::nil());
        let second = async {
            until_waiting(t, 1, || false).await;
            // The first one has the mailings; this one does not wait for it.
            let removed = another.remove_old(keep, Uuid::nil()).await;
            held.rollback().await.unwrap();
            removed
        };
        let (first, second) = tokio::join!(first, second);
        assert_eq!((first.unwrap(), second.unwrap()), (None, None));
        for id in ids {
            assert!(t.rows(id).await.is_empty());
        }
        let left = t.number("SELECT COUNT(*) FROM mailing").await;
        assert_eq!(left, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_leaves_a_mailing_that_is_being_resent() {
    on_postgres(async |t| {
        let id = failed_mailing(t).await;
        let address = crate::fixtures::address("r0@example.com");
        let erased = during_a_resend(t, id, t.ledger.erase_key(&address.key(), in_time()))
            .await
            .unwrap();
        assert_eq!((erased.mailings, erased.waiting), (0, 1));
        assert_untouched(t, id).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_rotations_at_once_one_secret_lasts() {
    on_postgres(async |t| {
        let key = t.key().await;
        let secrets = [ApiKeySecret::generate(), ApiKeySecret::generate()];
        let held = lock(t, "api_key").await;
        let release = async {
            until_waiting(t, 2, || false).await;
            held.rollback().await.unwrap();
        };
        let (first, second, ()) = tokio::join!(
            t.ledger.rotate_key(key, &secrets[0], 0),
            t.ledger.rotate_key(key, &secrets[1], 0),
            release,
        );
        first.unwrap();
        second.unwrap();
        let lasting = "SELECT COUNT(*) FROM api_key_secret WHERE expires_at IS NULL";
        assert_eq!(t.number(lasting).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cancelled_while_it_was_about_to_be_sent_is_not_sent() {
    on_postgres(async |t| {
        let id = t.store(&mailing_to(1)).await;
        let claim = t.claim_all(id).await;
        let held = t.db.begin().await.unwrap();
        held.execute_unprepared("UPDATE recipient SET status = 'cancelled'")
            .await
            .unwrap();
        let release = async {
            until_waiting(t, 1, || false).await;
            held.commit().await.unwrap();
        };
        let (begun, ()) = tokio::join!(t.ledger.begin_sending(&claim, &[0]), release);
        assert!(begun.unwrap().is_empty());
        assert_eq!(t.row(id).await.status, Status::Cancelled);
    })
    .await;
}

/// Holds the recipients until one operation waits for them, and then the other one behind it. The database serves them in
/// this order.
fn one_behind_the_other<A, B>(
    t: &TestLedger,
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> Pin<Box<impl Future<Output = (A, B)>>> {
    Box::pin(async move {
        let held = lock(t, "recipient").await;
        let second = async {
            until_waiting(t, 1, || false).await;
            second.await
        };
        let release = async {
            until_waiting(t, 2, || false).await;
            held.rollback().await.unwrap();
        };
        let (first, second, ()) = tokio::join!(first, second, release);
        (first, second)
    })
}

fn moved(outcome: mail::Result<Rescheduled>) -> u64 {
    match outcome.unwrap() {
        Rescheduled::Moved { moved, .. } => moved,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_while_it_is_about_to_be_sent_is_not_sent() {
    on_postgres(async |t| {
        for ahead in [3_600_000, -3_600_000] {
            let id = t.store(&mailing_to(1)).await;
            let send_at = t.ledger.clock().await.unwrap() + ahead;
            let claim = t.claim_all(id).await;
            let (rescheduled, begun) = one_behind_the_other(
                t,
                t.ledger.reschedule(Scope::Everybody, id, send_at),
                t.ledger.begin_sending(&claim, &[0]),
            )
            .await;
            assert_eq!(moved(rescheduled), 1);
            assert!(begun.unwrap().is_empty(), "an old claim sends nothing");
            assert_eq!(t.row(id).await.status, Status::Queued);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_begun_to_be_sent_is_not_moved() {
    on_postgres(async |t| {
        for ahead in [3_600_000, -3_600_000] {
            let id = t.store(&mailing_to(1)).await;
            let send_at = t.ledger.clock().await.unwrap() + ahead;
            let claim = t.claim_all(id).await;
            let before = t.row(id).await;
            let (begun, rescheduled) = one_behind_the_other(
                t,
                t.ledger.begin_sending(&claim, &[0]),
                t.ledger.reschedule(Scope::Everybody, id, send_at),
            )
            .await;
            assert_eq!(begun.unwrap(), [0]);
            assert_eq!(moved(rescheduled), 0);
            let row = t.row(id).await;
            assert_eq!((row.status, row.due_at), (Status::Sending, before.due_at));
            assert_eq!(t.mailing_row(id).await.send_at, None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_to_later_while_it_is_claimed_is_not_claimed() {
    on_postgres(async |t| {
        let id = t.store(&mailing_to(3)).await;
        let send_at = t.ledger.clock().await.unwrap() + 3_600_000;
        // The claim skips what the move has locked, or finds that it is due later.
        let (rescheduled, claim) = tokio::join!(
            t.ledger.reschedule(Scope::Everybody, id, send_at),
            t.ledger
                .claim_and_begin(crate::mailings::all_of(id), 3, Some(100_000.0)),
        );
        let begun = claim.unwrap().recipients.len() as u64;
        let moved = moved(rescheduled);
        assert_eq!(begun + moved, 3, "each recipient went one way");
        for row in t.rows(id).await {
            assert_eq!(row.status == Status::Queued, row.due_at == send_at);
        }
    })
    .await;
}
