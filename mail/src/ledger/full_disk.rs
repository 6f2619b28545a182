//! Tests with a database that may not grow: `SQLite` ends the transaction by itself, and the next transaction must be a
//! real one again.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

use super::Ledger;
use crate::error::is_transient;

/// Inserts 1000 rows of 4 kB each, far more than there is room for.
const MUCH: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
                    INSERT INTO filler SELECT randomblob(4096) FROM n";

async fn ledger(path: &std::path::Path) -> Ledger {
    let ledger = Ledger::on_file(path).await;
    ledger
        .db
        .execute_unprepared("CREATE TABLE filler (content BLOB)")
        .await
        .unwrap();
    ledger
}

async fn may_not_grow(ledger: &Ledger) {
    // This setting applies to this connection only.
    ledger
        .db
        .execute_unprepared("PRAGMA max_page_count = 1")
        .await
        .unwrap();
}

async fn rows(another: &DatabaseConnection) -> i64 {
    let count = sea_orm::Statement::from_string(
        another.get_database_backend(),
        "SELECT COUNT(*) FROM filler",
    );
    let row = another.query_one_raw(count).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn what_is_committed_after_a_full_disk_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mmms.db");
    let ledger = ledger(&path).await;
    let another = Database::connect(format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    let mut expected = 0;
    for attempt in 0..3 {
        may_not_grow(&ledger).await;
        let transaction = ledger.begin().await.unwrap();
        let error = transaction.execute_unprepared(MUCH).await.unwrap_err();
        assert!(is_transient(&error), "{error}");
        let small = "INSERT INTO filler VALUES (x'00')";
        assert!(
            transaction.execute_unprepared(small).await.is_err(),
            "it would be committed by itself"
        );
        match attempt {
            0 => drop(transaction),
            1 => drop(transaction.rollback().await),
            _ => assert!(transaction.commit().await.is_err()),
        }
        let transaction = ledger.begin().await.unwrap();
        transaction.execute_unprepared(small).await.unwrap();
        transaction.commit().await.unwrap();
        expected += 1;
        assert_eq!(rows(&another).await, expected, "attempt {attempt}");
    }
}

/// A task that is dropped within its transaction leaves no savepoint to the next transaction.
#[tokio::test]
async fn what_is_committed_after_a_transaction_was_dropped_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mmms.db");
    let ledger = Arc::new(ledger(&path).await);
    let another = Database::connect(format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    for expected in 1..=20 {
        let working = Arc::clone(&ledger);
        let task = tokio::spawn(async move {
            let transaction = working.begin().await.unwrap();
            transaction.execute_unprepared(MUCH).await.unwrap();
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
        task.abort();
        let _ = task.await;
        let transaction = ledger.begin().await.unwrap();
        let small = "INSERT INTO filler VALUES (x'00')";
        transaction.execute_unprepared(small).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(rows(&another).await, expected);
    }
}
