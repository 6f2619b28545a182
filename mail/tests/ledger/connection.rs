//! Interruptions of `PostgreSQL`: connections are cut, and answers are lost after the work was done.

use std::sync::Arc;

use e2e::proxy::{self, Proxy};
use entity::recipient::Status;
use mail::ledger::Scope;
use mail::{
    config::DatabaseSource,
    ledger::{Ledger, NewEntry, StoreOutcome, WokenBefore},
};

use crate::{
    database::{TestLedger, config, of_a_function, on_postgres},
    mailings::{accepted, all_of, mailing_to, positions, queued},
};

/// Opens a ledger that reaches the database through a proxy.
async fn behind_a_proxy(t: &TestLedger) -> (Ledger, Proxy) {
    let DatabaseSource::Postgres(url) = &t.config.database else {
        panic!("not PostgreSQL");
    };
    let proxy = Proxy::before(url.as_str()).await;
    let config = config(DatabaseSource::Postgres(proxy.url().parse().unwrap()));
    let ledger = Ledger::open(&config, &Arc::default()).await.unwrap();
    ledger.try_write().await.unwrap();
    (ledger, proxy)
}

/// Ends all connections but the one that executes this statement.
async fn cut_all(t: &TestLedger) {
    let cut = "SELECT COUNT(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(t.number(cut).await > 0, "nothing was connected");
}

async fn works_after_each_cut(t: &TestLedger, ledger: &Ledger) {
    let pings = (0..8).map(|_| ledger.clock());
    futures_util::future::join_all(pings).await;
    cut_all(t).await;
    assert!(ledger.clock().await.is_ok());
    let id = t.store(&mailing_to(2)).await;
    cut_all(t).await;
    assert_eq!(
        ledger.wake_due(WokenBefore::AnyTime).await.unwrap().len(),
        1
    );
    cut_all(t).await;
    let claim = ledger.claim(all_of(id), 10).await.unwrap();
    assert_eq!(positions(&claim), [0, 1]);
    cut_all(t).await;
    assert_eq!(ledger.begin_sending(&claim, &[0]).await.unwrap(), [0]);
    cut_all(t).await;
    let moved = ledger.record(&claim, &[(0, accepted())]).await.unwrap();
    assert_eq!(moved.len(), 1);
    cut_all(t).await;
    ledger.release(&claim).await.unwrap();
    cut_all(t).await;
    assert_eq!(
        ledger
            .cancel(Scope::Everybody, id)
            .await
            .unwrap()
            .unwrap()
            .len(),
        1
    );
    cut_all(t).await;
    assert_eq!(ledger.note_ended().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_call_works_after_all_connections_were_cut() {
    on_postgres(async |t| works_after_each_cut(t, &t.ledger).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_has_one_connection_and_goes_on_after_it_was_cut() {
    on_postgres(async |t| {
        let config = of_a_function(t.config.database.clone());
        let ledger = Ledger::open(&config, &Arc::default()).await.unwrap();
        cut_all(t).await;
        let calls = (0..8).map(|_| ledger.clock());
        for clock in futures_util::future::join_all(calls).await {
            clock.unwrap();
        }
        // The server's own autovacuum may be connected too.
        let others = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                      AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        assert_eq!(t.number(others).await, 1);
        works_after_each_cut(t, &ledger).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_is_written_when_the_database_is_back() {
    on_postgres(async |t| {
        let (ledger, proxy) = behind_a_proxy(t).await;
        let id = t.store(&mailing_to(2)).await;
        let claim = t.send(id).await;
        proxy.go_down();
        let outcomes = [(0, accepted()), (1, accepted())];
        let recording = ledger.record(&claim, &outcomes);
        let restart = async {
            while proxy.refused() < 3 {
                tokio::task::yield_now().await;
            }
            assert_eq!(t.row(id).await.status, Status::Sending);
            proxy.come_up();
        };
        let (moved, ()) = tokio::join!(recording, restart);
        assert_eq!(moved.unwrap().len(), 2);
        assert!(
            t.rows(id)
                .await
                .iter()
                .all(|row| row.status == Status::Sent)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_nothing_is_begun() {
    on_postgres(async |t| {
        let (ledger, proxy) = behind_a_proxy(t).await;
        let id = t.store(&mailing_to(1)).await;
        let claim = t.claim_all(id).await;
        proxy.go_down();
        let begun = ledger.begin_sending(&claim, &[0]).await;
        assert!(begun.unwrap_err().is_transient());
        assert!(proxy.refused() > 1, "it was tried again for a while");
        assert_eq!(t.row(id).await.status, Status::Queued);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_without_an_answer_is_known_as_stored() {
    on_postgres(async |t| {
        let (ledger, proxy) = behind_a_proxy(t).await;
        let request = mailing_to(1);
        let entry = NewEntry {
            claimed: true,
            ..queued(t.key().await, &request)
        };
        proxy.lose_answer(proxy::statement);
        let stored = ledger.store(entry).await.unwrap();
        assert!(proxy.has_lost_it());
        let StoreOutcome::Stored(stored) = stored else {
            panic!("{stored:?}");
        };
        assert_eq!(t.number("SELECT COUNT(*) FROM mailing").await, 1);
        assert!(stored.token.is_some());
        assert_eq!(t.row(stored.id).await.claim_token, stored.token);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_claimed_begun_and_recorded_without_an_answer_goes_on() {
    on_postgres(async |t| {
        let (ledger, proxy) = behind_a_proxy(t).await;
        let id = t.store(&mailing_to(3)).await;
        proxy.lose_answer(proxy::statement);
        let claim = ledger.claim(all_of(id), 2).await.unwrap();
        assert!(proxy.has_lost_it());
        assert_eq!(positions(&claim), [0, 1]);
        assert_eq!(t.row(id).await.claim_token, Some(claim.token));

        proxy.lose_answer(proxy::statement);
        assert_eq!(ledger.begin_sending(&claim, &[1, 0]).await.unwrap(), [0, 1]);
        assert!(proxy.has_lost_it());
        let attempts: Vec<_> = t.rows(id).await.iter().map(|row| row.attempts).collect();
        assert_eq!(attempts, [1, 1, 0], "one attempt each");

        proxy.lose_answer(proxy::statement);
        let outcomes = [(0, accepted()), (1, accepted())];
        let moved = ledger.record(&claim, &outcomes).await.unwrap();
        assert!(proxy.has_lost_it());
        let rows = t.rows(id).await;
        assert!(rows[..2].iter().all(|row| row.status == Status::Sent));
        assert_eq!(
            moved,
            t.updates(id).await[..2],
            "the caller is told what it has moved"
        );
    })
    .await;
}
