//! Statements about keys and their counters find their rows by indexes, however many keys there are.

use mail::{
    api_key::ApiKeySecret,
    ledger::{NewEntry, NewKey, StoreOutcome},
    limits::Limits,
};

use crate::{
    database::{TestLedger, on_postgres},
    mailings::{mailing_to, queued},
    reads::{reads_of_at_most, with_plans_for_all_values},
};

const TABLES: &str = "'api_key', 'api_key_secret', 'key_usage', 'origin', 'idempotency'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_reads_the_rows_of_its_own_key() {
    for plans_for_all_values in [false, true] {
        on_postgres(async |t| {
            if plans_for_all_values {
                with_plans_for_all_values(t).await;
            }
            own_rows_are_read(t).await;
        })
        .await;
    }
}

/// Checks a key among 5,000, all of which have counters.
async fn own_rows_are_read(t: &TestLedger) {
    let secret = ApiKeySecret::generate();
    let new = NewKey {
        limits: Limits {
            recipients_per_request: None,
            ..Limits::OF_BROWSER_KEY
        },
        ..NewKey::new(secret.clone())
    };
    t.ledger.create_key(new).await.unwrap().unwrap();
    for statement in [
        "INSERT INTO api_key (id, browser, senders, created_at) \
         SELECT gen_random_uuid(), FALSE, '[]', 1 FROM generate_series(1, 5000)",
        "INSERT INTO api_key_secret (hash, api_key_id) SELECT id::text, id FROM api_key WHERE created_at = 1",
        "INSERT INTO origin (origin, api_key_id) SELECT 'https://' || id, id FROM api_key WHERE created_at = 1",
        "INSERT INTO key_usage SELECT id, 1, 1, 1, 9000000000000, 1, TRUE FROM api_key",
        "INSERT INTO mailing (id, api_key_id, envelope, anonymous, created_at, expires_at) \
         SELECT id, id, '{}', TRUE, 1, 1 FROM api_key",
        "INSERT INTO idempotency (api_key_id, key, fingerprint, mailing_id, lease_until, expires_at) \
         SELECT id, 'x', 'x', id, 0, 9000000000000 FROM api_key WHERE created_at = 1",
        "ANALYZE",
    ] {
        t.sql(statement).await;
    }
    let request = mailing_to(1);
    reads_of_at_most(t, TABLES, 500, "twelve requests", async |ledger| {
        for _ in 0..12 {
            let found = ledger.key_of_secret(secret.expose()).await.unwrap();
            let (key, meter) = found.unwrap();
            let entry = NewEntry {
                meter: Some(&meter),
                ..queued(key.id, &request)
            };
            let stored = ledger.store(entry).await.unwrap();
            assert!(matches!(stored, StoreOutcome::Stored(_)), "{stored:?}");
            ledger.count_request(&meter).await.unwrap();
            ledger.note_use(key.id).await.unwrap();
            assert_eq!(ledger.forget_usage().await.unwrap(), 0);
        }
    })
    .await;
}
