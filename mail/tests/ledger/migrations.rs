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
    api_key::Origin,
    config::{Config, DatabaseSource},
    ledger::{ChangedKey, Ledger, MailingFilter, WokenBefore},
    limits::Limits,
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

/// The last migration of the version without limits is the eleventh; ten were released, because the fourth was not.
async fn a_key_of_a_version_without_limits_has_none(t: &TestLedger) {
    const RELEASED: usize = 10;
    let id = t.key().await;
    let later = u32::try_from(Migrator::migrations().len() - RELEASED).unwrap();
    Migrator::down(&t.db, Some(later)).await.unwrap();
    let browser = "UPDATE api_key SET browser = TRUE, senders = '[\"@example.com\"]'";
    assert_eq!(t.sql(browser).await, 1);
    let ledger = t.another().await;
    let key = ledger.find_key(&id.to_string()).await.unwrap().unwrap();
    assert_eq!((key.limits, key.recipients.len()), (Limits::NONE, 0));
    assert_eq!((key.last_used_at, key.expires_at), (None, None));
    let origins = [Origin::parse("https://a.example").unwrap()];
    let ChangedKey::Changed(changed) = ledger.add_origins(id, &origins).await.unwrap() else {
        panic!("no origin was added");
    };
    assert_eq!(changed.limits, Limits::NONE);
}

on_both_databases![
    the_schema_goes_and_comes_again,
    a_key_of_a_version_without_limits_has_none,
];
