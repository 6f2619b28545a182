//! Counts the rows that a piece of work reads from `PostgreSQL`. A connection reports its share when it ends.

use std::sync::Arc;

use mail::{config::DatabaseSource, ledger::Ledger};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use url::Url;

use crate::database::{TestLedger, config};

const MEASURED: &str = "measured";
/// Far fewer than the rows in the tables, and far more than a step needs.
pub const FEW: i64 = 500;

/// The tables whose reads are counted, unless a test is about others.
const MAIL: &str = "'mailing', 'recipient'";

/// Returns the number of sequential scans of the tables, and the number of rows read by scans or found in indexes.
async fn reads(t: &TestLedger, tables: &str) -> (i64, i64) {
    let query = format!(
        "SELECT CAST(SUM(seq_scan) AS BIGINT), CAST(SUM(seq_tup_read) + \
         (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN ({tables})) AS BIGINT) \
         FROM pg_stat_user_tables WHERE relname IN ({tables})"
    );
    let statement = Statement::from_string(t.db.get_database_backend(), query);
    let row = t.db.query_one_raw(statement).await.unwrap().unwrap();
    let number = |index| row.try_get_by_index(index).unwrap();
    (number(0), number(1))
}

/// Reports the test's own reads now: later they would be counted among the others. The test has two connections.
async fn tell_own_reads(t: &TestLedger) {
    let both = [t.db.begin().await.unwrap(), t.db.begin().await.unwrap()];
    for connection in both {
        connection
            .execute_unprepared("SELECT pg_stat_force_next_flush()")
            .await
            .unwrap();
        connection.commit().await.unwrap();
    }
}

/// Fails if `work` scans a table or reads more than a few rows.
pub async fn reads_little(t: &TestLedger, what: &str, work: impl AsyncFn(&Ledger)) {
    reads_at_most(t, FEW, what, work).await;
}

pub async fn reads_at_most(t: &TestLedger, most: i64, what: &str, work: impl AsyncFn(&Ledger)) {
    reads_of_at_most(t, MAIL, most, what, work).await;
}

/// Does the same for these tables.
pub async fn reads_of_at_most(
    t: &TestLedger,
    tables: &str,
    most: i64,
    what: &str,
    work: impl AsyncFn(&Ledger),
) {
    let mut url = postgres_url(t);
    url.query_pairs_mut()
        .append_pair("application_name", MEASURED);
    let ledger = Ledger::open(&config(DatabaseSource::Postgres(url)), &Arc::default())
        .await
        .unwrap();
    tell_own_reads(t).await;
    let before = reads(t, tables).await;
    Box::pin(work(&ledger)).await;
    drop(ledger);
    let connected =
        format!("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = '{MEASURED}'");
    while t.number(&connected).await > 0 {
        tokio::task::yield_now().await;
    }
    let after = reads(t, tables).await;
    let (scans, rows) = (after.0 - before.0, after.1 - before.1);
    println!("{what}: {scans} scans, {rows} rows");
    assert_eq!(scans, 0, "{what} scanned a table");
    assert!(rows < most, "{what} read {rows} rows");
}

fn postgres_url(t: &TestLedger) -> Url {
    match &t.config.database {
        DatabaseSource::Postgres(url) => url.clone(),
        other => panic!("{other:?} is no PostgreSQL URL"),
    }
}

pub async fn with_plans_for_all_values(t: &TestLedger) {
    let database = postgres_url(t).path().replace('/', "");
    t.sql(&format!(
        "ALTER DATABASE {database} SET plan_cache_mode = force_generic_plan"
    ))
    .await;
}
