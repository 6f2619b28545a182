//! Pages, statistics and removals read no more rows than they show or remove.

use std::time::Duration;

use mail::{
    Status,
    address::Address,
    ledger::{HOUR, Ledger, MailingFilter, RecipientFilter, Scope, start_of_hour},
    message::CallerId,
};
use uuid::Uuid;

use crate::{
    database::{TestLedger, on_postgres},
    mailings::mailing_to,
    plans::fill,
    reads::{FEW, reads_at_most, reads_little, with_plans_for_all_values},
};

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
    // Each recipient is found by the index, and its mailing too, for its time and for its key.
    reads_at_most(t, 3 * EACH + FEW, "keep_hour", async |ledger| {
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
async fn a_search_reads_what_it_finds() {
    for plans_for_all_values in [false, true] {
        for analysed in [false, true] {
            on_postgres(async |t| {
                if plans_for_all_values {
                    with_plans_for_all_values(t).await;
                }
                searched(t, analysed).await;
            })
            .await;
        }
    }
}

async fn searched(t: &TestLedger, analysed: bool) {
    let mut request = mailing_to(3);
    request.envelope.ids.client_env_id = Some(CallerId::Integer(7));
    let id = t.store(&request).await;
    let columns = "status, ended_at, message_id, sent_at";
    let values = "'sent', created_at, id::text || n, created_at";
    fill(t, "created_at", columns, values).await;
    if !analysed {
        t.sql("DELETE FROM pg_statistic").await;
    }
    let row = t.mailing_row(id).await;
    let many = Address::parse("x@example.com").unwrap();
    let one = Address::parse("r0@example.com").unwrap();
    let message_id = format!("{id}105");
    let default = RecipientFilter::default();
    for scope in [Scope::Everybody, Scope::Key(row.api_key_id)] {
        for (what, filter, expected) in [
            ("all", default, 50),
            (
                "those of an address with many",
                RecipientFilter {
                    mail: Some(&many),
                    ..default
                },
                50,
            ),
            (
                "those of an address",
                RecipientFilter {
                    mail: Some(&one),
                    ..default
                },
                1,
            ),
            (
                "one of a message",
                RecipientFilter {
                    message_id: Some(&message_id),
                    ..default
                },
                1,
            ),
            (
                "those of a caller's id",
                RecipientFilter {
                    client_env_id: Some("7"),
                    ..default
                },
                13,
            ),
            (
                "what waits of a caller's id",
                RecipientFilter {
                    email_id: Some("msg-1"),
                    status: Some(Status::Queued),
                    ..default
                },
                3,
            ),
            (
                "those that were sent",
                RecipientFilter {
                    status: Some(Status::Sent),
                    ..default
                },
                50,
            ),
        ] {
            // Each of the first 51 mailings is looked into, for at most 51 recipients. A key that nothing is known of is
            // taken to have few mailings, which are then read and sorted.
            let of_key = if analysed || scope == Scope::Everybody {
                0
            } else {
                5_001
            };
            reads_at_most(t, 51 * 52 + of_key + FEW, what, async |ledger| {
                let page = ledger.find_recipients(scope, filter, None, 50).await;
                assert_eq!(page.unwrap().items.len(), expected, "{what}");
            })
            .await;
        }
    }
    nothing_is_found_at_once(t, row.api_key_id).await;
}

async fn nothing_is_found_at_once(t: &TestLedger, api_key_id: Uuid) {
    let default = RecipientFilter::default();
    let sending = RecipientFilter {
        status: Some(Status::Sending),
        ..default
    };
    for scope in [Scope::Everybody, Scope::Key(api_key_id)] {
        reads_little(t, "those that are being sent", async |ledger| {
            let page = ledger.find_recipients(scope, sending, None, 50).await;
            let page = page.unwrap();
            assert!(page.items.is_empty() && page.next.is_none());
        })
        .await;
    }
    // For one key this would take a look into each of its mailings.
    let failed = RecipientFilter {
        status: Some(Status::Failed),
        ..default
    };
    reads_little(t, "those that failed", async |ledger| {
        let page = ledger
            .find_recipients(Scope::Everybody, failed, None, 50)
            .await;
        let page = page.unwrap();
        assert!(page.items.is_empty() && page.next.is_none());
    })
    .await;
}
