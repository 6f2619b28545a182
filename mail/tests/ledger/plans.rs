//! Statements that run all the time read no more rows than they need, regardless of the number of recipients that have
//! ended or wait.
//!
//! `PostgreSQL` counts the rows that it reads. A connection reports its share when it ends.

use std::{sync::Arc, time::Duration};

use mail::{
    config::DatabaseSource,
    ledger::{HOUR, Ledger, MailingFilter, Scope, WokenBefore, start_of_hour},
    wake_up::Range,
};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use url::Url;
use uuid::Uuid;

use crate::{
    database::{TestLedger, config, on_postgres},
    mailings::{all_of, mailing_to, positions, refused},
};

const MEASURED: &str = "measured";
/// Far fewer than the rows in the tables, and far more than a step needs.
const FEW: i64 = 500;

/// Returns the number of sequential scans of the tables of mailings and recipients, and the number of rows read by
/// scans or found in indexes.
async fn reads(t: &TestLedger) -> (i64, i64) {
    let query = "SELECT CAST(SUM(seq_scan) AS BIGINT), CAST(SUM(seq_tup_read) + \
                 (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes \
                 WHERE relname IN ('mailing', 'recipient')) AS BIGINT) \
                 FROM pg_stat_user_tables WHERE relname IN ('mailing', 'recipient')";
    let statement = Statement::from_string(t.db.get_database_backend(), query);
    let row = t.db.query_one_raw(statement).await.unwrap().unwrap();
    let number = |index| row.try_get_by_index(index).unwrap();
    (number(0), number(1))
}

/// The same for the tables that webhooks need.
async fn reads_for_webhooks(t: &TestLedger) -> (i64, i64) {
    let tables = "('event', 'webhook_delivery', 'webhook_log')";
    let query = format!(
        "SELECT CAST(SUM(seq_scan) AS BIGINT), CAST(SUM(seq_tup_read) + \
           (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes WHERE relname IN {tables}) AS BIGINT) \
         FROM pg_stat_user_tables WHERE relname IN {tables}"
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
async fn reads_little(t: &TestLedger, what: &str, work: impl AsyncFn(&Ledger)) {
    reads_at_most(t, FEW, what, work).await;
}

async fn reads_at_most(t: &TestLedger, most: i64, what: &str, work: impl AsyncFn(&Ledger)) {
    let (scans, rows) = measured(t, reads, work).await;
    println!("{what}: {scans} scans, {rows} rows");
    assert_eq!(scans, 0, "{what} scanned a table");
    assert!(rows < most, "{what} read {rows} rows");
}

/// Returns the number of scans and of rows read by `work`, as `count` counts them.
async fn measured(
    t: &TestLedger,
    count: impl AsyncFn(&TestLedger) -> (i64, i64),
    work: impl AsyncFn(&Ledger),
) -> (i64, i64) {
    let mut url = postgres_url(t);
    url.query_pairs_mut()
        .append_pair("application_name", MEASURED);
    let ledger = Ledger::open(&config(DatabaseSource::Postgres(url)), &Arc::default())
        .await
        .unwrap();
    tell_own_reads(t).await;
    let before = count(t).await;
    work(&ledger).await;
    drop(ledger);
    let connected =
        format!("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = '{MEASURED}'");
    while t.number(&connected).await > 0 {
        tokio::task::yield_now().await;
    }
    let after = count(t).await;
    (after.0 - before.0, after.1 - before.1)
}

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
        let (_, claimed) = ledger.claim_deliveries(id, 8).await.unwrap().unwrap();
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
    let (scans, rows) = measured(t, reads_for_webhooks, steps).await;
    println!("webhooks: {scans} scans, {rows} rows");
    assert_eq!(scans, 0, "a table was scanned");
    assert!(rows < FEW, "{rows} rows were read");
}

fn postgres_url(t: &TestLedger) -> Url {
    match &t.config.database {
        DatabaseSource::Postgres(url) => url.clone(),
        other => panic!("{other:?} is no PostgreSQL URL"),
    }
}

/// Copies the only mailing 5,000 times with ten recipients each, whose `columns` have these `values`.
async fn fill(t: &TestLedger, mailing_ended_at: &str, columns: &str, values: &str) {
    t.sql(&format!(
        "INSERT INTO mailing (id, api_key_id, envelope, body, anonymous, created_at, expires_at, ended_at) \
         SELECT gen_random_uuid(), api_key_id, envelope, body, anonymous, created_at, expires_at, \
         {mailing_ended_at} FROM mailing, generate_series(1, 5000)"
    ))
    .await;
    t.sql(&format!(
        "INSERT INTO recipient (mailing_id, position, mail, mail_key, attempts, due_at, expires_at, {columns}) \
         SELECT id, n, 'x@example.com', 'x@example.com', 1, created_at, expires_at, {values} \
         FROM mailing, generate_series(101, 110) AS n"
    ))
    .await;
    t.sql("ANALYZE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_is_not_read_by_what_runs_all_the_time() {
    on_postgres(ended_is_not_read).await;
}

/// The planner's statistics of the tables are from before the mailing, when nothing waited, or there are none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_reads_its_own_recipients_and_not_all_that_wait() {
    for plans_for_all_values in [false, true] {
        for analysed in [false, true] {
            on_postgres(async |t| {
                if plans_for_all_values {
                    with_plans_for_all_values(t).await;
                }
                if analysed {
                    t.sql("ANALYZE").await;
                }
                calls_read_their_own(t).await;
            })
            .await;
        }
    }
}

async fn calls_read_their_own(t: &TestLedger) {
    const CALLS: u16 = 10;
    const RECIPIENTS: u16 = 10;
    let mailing_id = t.store(&mailing_to(5_000)).await;
    // A table of one mailing would be scanned by right.
    t.sql(
        "INSERT INTO mailing (id, api_key_id, envelope, anonymous, created_at, expires_at) \
         SELECT gen_random_uuid(), api_key_id, envelope, anonymous, created_at, expires_at \
         FROM mailing, generate_series(1, 500)",
    )
    .await;
    let range = |call: u16| Range {
        mailing_id,
        first: i32::from(call * RECIPIENTS),
        last: i32::from((call + 1) * RECIPIENTS) - 1,
    };
    let refused = |positions: &[i32]| -> Vec<_> {
        positions
            .iter()
            .map(|position| (*position, refused()))
            .collect()
    };
    // A call reads each of its recipients, and the versions that it was before, in a few statements.
    let most = i64::from(CALLS) * i64::from(RECIPIENTS) * 30;
    reads_at_most(t, most, "calls whose turn is taken", async |ledger| {
        for call in 0..CALLS {
            let claim = ledger
                .claim_and_begin(range(call), RECIPIENTS.into(), Some(100_000.0))
                .await;
            let claim = claim.unwrap();
            ledger
                .record(&claim, &refused(&positions(&claim)))
                .await
                .unwrap();
        }
    })
    .await;
    reads_at_most(t, most, "calls without a turn", async |ledger| {
        for call in CALLS..2 * CALLS {
            let claim = ledger.claim(range(call), RECIPIENTS.into()).await.unwrap();
            let all = positions(&claim);
            assert_eq!(ledger.begin_sending(&claim, &all).await.unwrap(), all);
            ledger.renew_lease(&claim, &all).await.unwrap();
            ledger.take_back(&claim, &all[..1]).await.unwrap();
            ledger.record(&claim, &refused(&all[1..])).await.unwrap();
            ledger.release(&claim).await.unwrap();
        }
    })
    .await;
}

/// After a few executions a connection may keep one plan for all values.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_ended_is_not_read_under_a_plan_for_all_values_either() {
    on_postgres(async |t| {
        with_plans_for_all_values(t).await;
        ended_is_not_read(t).await;
    })
    .await;
}

async fn with_plans_for_all_values(t: &TestLedger) {
    let database = postgres_url(t).path().replace('/', "");
    t.sql(&format!(
        "ALTER DATABASE {database} SET plan_cache_mode = force_generic_plan"
    ))
    .await;
}

async fn ended_is_not_read(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    fill(t, "created_at", "status, ended_at", "'sent', created_at").await;
    t.sql("UPDATE recipient SET woken_at = NULL WHERE status = 'queued'")
        .await;
    reads_little(t, "wake_due(Never)", async |ledger| {
        let woken = ledger.wake_due(WokenBefore::Never).await.unwrap();
        assert_eq!(woken.len(), 1);
    })
    .await;
    reads_little(t, "wake_due(AnyTime)", async |ledger| {
        let woken = ledger.wake_due(WokenBefore::AnyTime).await.unwrap();
        assert_eq!(woken.len(), 1);
    })
    .await;
    reads_little(t, "claim to record", async |ledger| {
        let claim = ledger.claim(all_of(id), 50).await.unwrap();
        let all = positions(&claim);
        assert_eq!(ledger.begin_sending(&claim, &all).await.unwrap(), all);
        ledger.record(&claim, &[(0, refused())]).await.unwrap();
        ledger.release(&claim).await.unwrap();
    })
    .await;
    t.sql("UPDATE recipient SET lease_until = 1 WHERE status = 'sending'")
        .await;
    reads_little(t, "settle_lost_leases", async |ledger| {
        assert_eq!(ledger.settle_lost_leases().await.unwrap().len(), 2);
    })
    .await;
    reads_little(t, "note_ended", async |ledger| {
        assert_eq!(ledger.note_ended().await.unwrap(), 1);
    })
    .await;
    let late = t.store(&mailing_to(2)).await;
    t.sql("UPDATE recipient SET expires_at = 1 WHERE status = 'queued'")
        .await;
    reads_little(t, "expire", async |ledger| {
        assert_eq!(ledger.expire().await.unwrap().len(), 2);
    })
    .await;
    reads_little(t, "cancel", async |ledger| {
        ledger.cancel(Scope::Everybody, late).await.unwrap();
    })
    .await;
    reads_little(t, "a minute of nothing", idle).await;
}

/// Runs every statement that looks for waiting recipients, often enough that `PostgreSQL` may keep a plan.
async fn idle(ledger: &Ledger) {
    for _ in 0..12 {
        assert_eq!(ledger.wake_due(WokenBefore::Never).await.unwrap(), []);
        assert!(ledger.settle_lost_leases().await.unwrap().is_empty());
        assert!(ledger.expire().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_statistics_read_what_they_show() {
    on_postgres(what_is_shown_is_read).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_statistics_read_what_they_show_under_a_plan_for_all_values_too() {
    on_postgres(async |t| {
        with_plans_for_all_values(t).await;
        what_is_shown_is_read(t).await;
    })
    .await;
}

/// The planner's statistics of the tables depend on the last time they were collected: here they never were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_statistics_read_what_they_show_without_any_statistics_of_the_tables() {
    for plans_for_all_values in [false, true] {
        on_postgres(async |t| {
            if plans_for_all_values {
                with_plans_for_all_values(t).await;
            }
            filled_with_ends(t, "DELETE FROM pg_statistic").await;
        })
        .await;
    }
}

/// Checks pages and statistics with ten past hours that have a recipient of each of 5,001 mailings.
async fn what_is_shown_is_read(t: &TestLedger) {
    filled_with_ends(t, "SELECT 1").await;
}

/// Does the same, after executing the statement `then` on these rows.
async fn filled_with_ends(t: &TestLedger, then: &str) {
    const EACH: i64 = 5_001;
    let id = t.store(&mailing_to(3)).await;
    let ended = "created_at - (n - 100) * CAST(36000000 AS BIGINT)";
    let columns = "status, ended_at, sent_at";
    fill(
        t,
        "created_at",
        columns,
        &format!("'sent', {ended}, {ended}"),
    )
    .await;
    t.sql(then).await;
    let month = async |ledger: &Ledger| {
        let now = start_of_hour(ledger.clock().await.unwrap());
        let told = ledger
            .statistics(now - 743 * HOUR..now + HOUR)
            .await
            .unwrap();
        assert_eq!(told.waiting.queued, 3);
        told.hours.iter().map(|hour| hour.sent).sum::<u64>()
    };
    reads_little(t, "statistics before hours are kept", async |ledger| {
        assert_eq!(month(ledger).await, 0);
    })
    .await;
    // Each recipient is found by the index, and its mailing too.
    reads_at_most(t, 2 * EACH + FEW, "keep_hour", async |ledger| {
        assert!(ledger.keep_hour().await.unwrap());
    })
    .await;
    while t.ledger.keep_hour().await.unwrap() {}
    reads_little(t, "statistics", async |ledger| {
        for _ in 0..12 {
            assert_eq!(month(ledger).await, 10 * EACH.unsigned_abs());
            assert!(!ledger.keep_hour().await.unwrap());
        }
    })
    .await;
    let page = async |ledger: &Ledger, scope, open| {
        let filter = MailingFilter {
            open,
            ..MailingFilter::default()
        };
        ledger
            .mailings(scope, filter, None, 10)
            .await
            .unwrap()
            .items
    };
    let row = t.mailing_row(id).await;
    for scope in [Scope::Everybody, Scope::Key(row.api_key_id)] {
        reads_little(t, "open mailings", async |ledger| {
            let open = page(ledger, scope, Some(true)).await;
            assert_eq!(open.len(), 1);
            assert_eq!((open[0].id, open[0].counts.queued), (id, 3));
        })
        .await;
        for open in [None, Some(false)] {
            reads_little(t, "a page of mailings", async |ledger| {
                assert_eq!(page(ledger, scope, open).await.len(), 10);
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_reads_what_it_removes() {
    for plans_for_all_values in [false, true] {
        on_postgres(async |t| {
            if plans_for_all_values {
                with_plans_for_all_values(t).await;
            }
            what_is_removed_is_read(t).await;
        })
        .await;
    }
}

/// Checks a removal among 5,001 mailings. Their ids are random, so that some are as low as those of old mailings.
async fn what_is_removed_is_read(t: &TestLedger) {
    const KEEP: Duration = Duration::from_hours(400 * 24);
    t.store(&mailing_to(3)).await;
    fill(t, "created_at", "status, ended_at", "'sent', created_at").await;
    reads_little(t, "a removal of nothing", async |ledger| {
        for _ in 0..7 {
            let next = ledger.remove_old(KEEP, Uuid::nil()).await.unwrap();
            assert_eq!(next, None);
        }
    })
    .await;
    let old = "UPDATE mailing SET ended_at = 1 WHERE id IN \
               (SELECT id FROM mailing WHERE ended_at IS NOT NULL ORDER BY id LIMIT 10)";
    assert_eq!(t.sql(old).await, 10);
    reads_little(t, "a removal of ten", async |ledger| {
        let next = ledger.remove_old(KEEP, Uuid::nil()).await.unwrap();
        assert_eq!(next, None);
    })
    .await;
    assert_eq!(t.number("SELECT COUNT(*) FROM mailing").await, 4_991);
    assert_eq!(t.number("SELECT COUNT(*) FROM recipient").await, 49_913);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_that_the_queue_knows_of_is_not_read_again_and_again() {
    on_postgres(async |t| {
        t.store(&mailing_to(1)).await;
        fill(t, "NULL", "status, woken_at", "'queued', created_at").await;
        reads_little(t, "a minute of nothing", idle).await;
    })
    .await;
}
