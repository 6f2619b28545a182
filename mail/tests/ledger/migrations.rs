//! Migration of the schema by the first process that needs it.

use std::sync::Arc;

use futures_util::future::join_all;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database};

use crate::{
    database::{TestLedger, config, of_a_function, with_postgres},
    mailings::mailing_to,
};
use mail::{
    config::{Config, DatabaseSource},
    ledger::{Ledger, MailingFilter, WokenBefore},
};

async fn twenty_open(config: &Config) {
    let open = (0..20).map(|_| {
        let config = config.clone();
        tokio::spawn(async move { Ledger::open(&config, &Arc::default()).await })
    });
    let ledgers: Vec<Ledger> = join_all(open)
        .await
        .into_iter()
        .map(|opened| opened.unwrap().unwrap())
        .collect();
    let first_uses = ledgers
        .iter()
        .map(|ledger| ledger.wake_due(WokenBefore::Never));
    for woken in join_all(first_uses).await {
        assert_eq!(woken.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_ledgers_open_an_empty_postgres_at_once() {
    with_postgres(async |url| twenty_open(&config(DatabaseSource::Postgres(url))).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_instances_of_a_function_open_an_empty_postgres_at_once() {
    with_postgres(async |url| twenty_open(&of_a_function(DatabaseSource::Postgres(url))).await)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_ledgers_open_a_new_sqlite_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("mmms.db");
    twenty_open(&config(DatabaseSource::Sqlite(path.clone()))).await;
    let url = format!("sqlite://{}", path.display());
    let db = Database::connect(url).await.unwrap();
    let mode = db.query_one_raw(sea_orm::Statement::from_string(
        sea_orm::DbBackend::Sqlite,
        "PRAGMA journal_mode",
    ));
    let mode: String = mode.await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(mode, "wal");
}

async fn the_schema_goes_and_comes_again(t: &TestLedger) {
    t.store(&mailing_to(1)).await;
    Migrator::down(&t.db, None).await.unwrap();
    let ledger = t.another().await;
    assert!(
        t.ledger.clock().await.is_ok(),
        "the database is still there"
    );
    assert!(
        t.ledger
            .mailings(
                mail::ledger::Scope::Everybody,
                MailingFilter::default(),
                None,
                1
            )
            .await
            .is_err()
    );
    ledger.try_write().await.unwrap();
    let id = t.store(&mailing_to(2)).await;
    assert_eq!(t.rows(id).await.len(), 2);
    let mailings = t.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mailing");
    assert_eq!(mailings.await, 1);
}

on_both_databases![the_schema_goes_and_comes_again];
