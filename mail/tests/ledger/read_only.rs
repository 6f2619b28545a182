//! Sessions of `PostgreSQL` that are read-only, as they are after a failover.

use std::sync::Arc;

use mail::ledger::Ledger;

use crate::{
    database::{TestLedger, on_postgres},
    mailings::{mailing_to, queued},
};

/// Makes new sessions read-only, or writable again; existing sessions stay as they are.
async fn new_sessions_are_read_only(t: &TestLedger, read_only: bool) {
    let value = if read_only { "on" } else { "off" };
    t.sql(&format!(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {value}', \
         current_database()); END $$"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_became_read_only_is_replaced_as_soon_as_others_may_write() {
    on_postgres(async |t| {
        new_sessions_are_read_only(t, true).await;
        let ledger = Ledger::open(&t.config, &Arc::default()).await.unwrap();
        // Several connections at once, all of them read-only.
        let reads = (0..8).map(|_| ledger.clock());
        for read in futures_util::future::join_all(reads).await {
            read.unwrap();
        }
        let error = ledger.try_write().await.unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        let request = mailing_to(2);
        let entry = queued(t.key().await, &request);
        let refused = ledger.store(entry).await.unwrap_err();
        assert!(refused.is_transient(), "{refused:?}");
        new_sessions_are_read_only(t, false).await;
        // One statement detects the read-only session; from then on no old session is used.
        let _ = ledger.try_write().await;
        let writes = (0..30).map(|_| ledger.try_write());
        for write in futures_util::future::join_all(writes).await {
            write.unwrap();
        }
        ledger.store(entry).await.unwrap();
    })
    .await;
}
