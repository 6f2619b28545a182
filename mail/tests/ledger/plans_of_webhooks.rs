//! The steps of webhooks read neither what waits nor what is over.

use mail::ledger::{Ledger, Route};

use crate::{
    database::{TestLedger, on_postgres},
    mailings::{mailing_to, refused},
    reads::{FEW, reads_of_at_most},
};

/// Webhooks with a long backlog and a long history: each step reads its own rows only, with statistics of the tables or
/// without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_for_a_webhook_reads_neither_the_backlog_nor_the_history() {
    for analysed in [false, true] {
        on_postgres(async |t| steps_for_webhooks_read_little(t, analysed).await).await;
    }
}

async fn steps_for_webhooks_read_little(t: &TestLedger, analysed: bool) {
    let id = t.webhook(&[], None).await;
    t.finish(t.store(&mailing_to(3)).await, refused()).await;
    t.sql(
        "INSERT INTO event (id, mailing_id, position, sequence, api_key_id, kind, occurred_at, added_at, attempts) \
         SELECT gen_random_uuid(), mailing_id, n, 1, api_key_id, 'sent', n, added_at, 1 \
         FROM (SELECT * FROM event LIMIT 1) AS one, generate_series(100, 20100) AS n",
    )
    .await;
    t.sql(
        "INSERT INTO webhook_delivery (event_id, webhook_id, added_at, due_at) \
         SELECT id, (SELECT id FROM webhook), added_at, CASE WHEN ordinal % 2 = 0 THEN 1 ELSE added_at * 2 END \
         FROM event WHERE position >= 100",
    )
    .await;
    t.sql(
        "INSERT INTO webhook_log (webhook_id, at, kind) SELECT (SELECT id FROM webhook), 4000000000000, 'try' \
         FROM generate_series(1, 20000)",
    )
    .await;
    if analysed {
        t.sql("ANALYZE").await;
    }
    let steps = async |ledger: &Ledger| {
        let (_, due) = ledger.due_webhooks().await.unwrap();
        assert_eq!(due, [id]);
        let (_, claimed) = ledger
            .claim_deliveries(id, 8, Route::Direct)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(claimed.len(), 8);
        for delivery in claimed {
            t.tried_with(ledger, &delivery, 200).await;
        }
        // A page for a person: without statistics, its plan may sort the whole history of the webhook.
        if analysed {
            let page = ledger.webhook_history(id, None, 50).await.unwrap();
            assert_eq!(page.items.len(), 50);
        }
        assert!(!ledger.replay_some(id).await.unwrap());
        assert!(!ledger.remove_undeliverable().await.unwrap());
    };
    let tables = "'event', 'webhook_delivery', 'webhook_log'";
    reads_of_at_most(t, tables, FEW, "webhooks", steps).await;
}
