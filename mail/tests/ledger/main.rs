//! The guarantees of the ledger, on each kind of database. Time passes by changes to the rows, never by waiting.

/// Defines a test on `SQLite` and one on `PostgreSQL` for each function, which is called with an empty ledger.
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::database::on_sqlite(super::$test).await;
            }
        )+}
        mod on_postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::database::on_postgres(super::$test).await;
            }
        )+}
    };
}

mod claim;
mod connection;
mod corrupt;
mod database;
mod erase;
mod feed;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod key_changes;
mod keys;
mod limits;
mod mail_events;
mod mailings;
mod manage;
mod migrations;
mod outbox;
mod outcome;
mod pace;
mod plans;
mod plans_of_keys;
mod plans_of_pages;
mod plans_of_webhooks;
mod races;
mod read_only;
mod reads;
mod removal;
mod replays;
mod report_orders;
mod report_rates;
mod retention;
mod schedule;
mod stale;
mod statistics;
mod store;
mod suppressions;
mod unsubscribe;
mod wake;
mod webhook_history;
mod webhooks;
