//! Statements that run all the time read no more rows than they need, regardless of the number of recipients that have
//! ended or wait.

use std::time::Duration;

use mail::{
    ledger::{
        HOUR, IdempotencyRequest, Ledger, MailingFilter, NewEntry, Rescheduled, Scope, WokenBefore,
    },
    message::NewMailing,
    wake_up::Range,
};

use crate::{
    database::{TestLedger, on_postgres},
    mailings::{all_of, mailing_to, positions, queued, refused},
    reads::{reads_at_most, reads_little, with_plans_for_all_values},
};

/// Copies the only mailing 5,000 times with ten recipients each, whose `columns` have these `values`.
pub async fn fill(t: &TestLedger, mailing_ended_at: &str, columns: &str, values: &str) {
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
async fn a_backlog_that_the_queue_knows_of_is_not_read_again_and_again() {
    on_postgres(async |t| {
        t.store(&mailing_to(1)).await;
        fill(t, "NULL", "status, woken_at", "'queued', created_at").await;
        reads_little(t, "a minute of nothing", idle).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_planned_is_not_read_before_its_time() {
    for plans_for_all_values in [false, true] {
        on_postgres(async |t| {
            if plans_for_all_values {
                with_plans_for_all_values(t).await;
            }
            planned_is_not_read(t).await;
        })
        .await;
    }
}

async fn planned_is_not_read(t: &TestLedger) {
    const DAY: i64 = 24 * HOUR;
    let send_at = t.ledger.clock().await.unwrap() + DAY;
    let request = NewMailing {
        send_at: Some(send_at),
        ..mailing_to(3)
    };
    let key = t.key().await;
    let once = IdempotencyRequest::new("once".to_owned(), b"body", false);
    let entry = NewEntry {
        idempotency: Some(&once),
        ..queued(key, &request)
    };
    let id = t.try_store(entry).await.unwrap().id;
    t.sql(&format!(
        "INSERT INTO mailing (id, api_key_id, envelope, body, anonymous, created_at, expires_at) \
         SELECT gen_random_uuid(), '{key}', envelope, body, anonymous, created_at, expires_at \
         FROM mailing, generate_series(1, 5000)"
    ))
    .await;
    t.sql(&format!(
        "INSERT INTO recipient (mailing_id, position, mail, mail_key, attempts, due_at, expires_at, status) \
         SELECT id, n, 'x@example.com', 'x@example.com', 0, {send_at}, expires_at, 'queued' \
         FROM mailing, generate_series(101, 110) AS n"
    ))
    .await;
    t.sql(&format!(
        "INSERT INTO idempotency (api_key_id, key, fingerprint, mailing_id, lease_until, expires_at) \
         SELECT '{key}', CAST(id AS TEXT), '', id, 0, {send_at} FROM mailing"
    ))
    .await;
    t.sql("ANALYZE").await;
    reads_little(t, "a minute of nothing", idle).await;
    reads_little(t, "what waits, for a dry run", async |ledger| {
        for _ in 0..7 {
            assert_eq!(ledger.outlook().await.unwrap().due, 0);
        }
    })
    .await;
    reads_little(t, "the age of the oldest", async |ledger| {
        let age = ledger.oldest_due().await.unwrap();
        assert_eq!(age, Duration::ZERO);
    })
    .await;
    for scope in [Scope::Everybody, Scope::Key(key)] {
        reads_little(t, "a look-up by idempotency key", async |ledger| {
            let filter = MailingFilter {
                idempotency_key: Some("once"),
                ..MailingFilter::default()
            };
            for _ in 0..7 {
                let page = ledger.mailings(scope, filter, None, 10).await.unwrap();
                assert_eq!(page.items.len(), 1);
            }
        })
        .await;
    }
    reads_little(t, "a move", async |ledger| {
        for ahead in [HOUR, DAY] {
            let outcome = ledger.reschedule(Scope::Everybody, id, send_at + ahead);
            let outcome = outcome.await.unwrap();
            assert!(matches!(outcome, Rescheduled::Moved { moved: 13, .. }));
        }
    })
    .await;
}
