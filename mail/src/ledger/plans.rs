//! Tests of the query plans of `SQLite` for calls, pages and statistics. `SQLite` keeps no statistics of its tables unless it
//! is asked to, and makes the same plans for an empty ledger and a large one. The plans of `PostgreSQL` are tested in
//! tests/ledger/plans.rs.

use std::time::Instant;

use entity::recipient::{Column, Entity, Status};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QueryResult,
    QuerySelect, QueryTrait, Select, Statement, UpdateMany, Value,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    Claim, HOUR, Ledger, MailingFilter, Place, Scope,
    idempotency::made_with,
    limits::{Count, note_use_sql},
    outcome::on_sqlite,
    read::{counted as counts, listing},
    removal::{first_id_after, old},
    reports::{Summed, summed},
    reschedule::to_later,
    search::{RecipientFilter, by_mailing, by_message, by_recipient},
    statistics::{ends, first_end},
    waiting::sending,
};
use crate::{address::Address, wake_up::Range};

async fn ledger() -> (Ledger, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::on_file(&folder.path().join("mmms.db")).await;
    (ledger, folder)
}

/// Returns the steps of the query plan.
async fn plan(ledger: &Ledger, mut statement: Statement) -> Vec<String> {
    statement.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let steps = ledger.db.query_all_raw(statement).await.unwrap();
    let detail = |step: QueryResult| step.try_get("", "detail").unwrap();
    steps.into_iter().map(detail).collect()
}

/// Asserts that the tables are read in exactly these ways.
async fn reads(ledger: &Ledger, statement: Statement, expected: &[&str]) {
    let steps = plan(ledger, statement).await;
    let table = |step: &&String| step.contains("recipient") || step.contains("mailing");
    let found: Vec<&String> = steps.iter().filter(table).collect();
    assert_eq!(found, expected, "{steps:#?}");
}

fn select<E: EntityTrait>(select: &Select<E>) -> Statement {
    select.build(DbBackend::Sqlite)
}

#[tokio::test]
async fn what_runs_all_the_time_reads_what_waits() {
    let (ledger, _folder) = ledger().await;
    let due = Entity::find()
        .filter(ledger.is_due())
        .order_by_asc(Column::DueAt);
    let unwoken = due.clone().filter(Column::WokenAt.is_null());
    let by_time = "SEARCH recipient USING INDEX recipient_due (due_at<?)";
    reads(&ledger, select(&due), &[by_time]).await;
    let by_time = "SEARCH recipient USING INDEX recipient_unwoken (due_at<?)";
    reads(&ledger, select(&unwoken), &[by_time]).await;
}

#[tokio::test]
async fn a_call_reads_its_own_recipients() {
    let (ledger, _folder) = ledger().await;
    let range = Range {
        mailing_id: Uuid::nil(),
        first: 50,
        last: 99,
    };
    let claim = Claim {
        mailing_id: range.mailing_id,
        token: Uuid::nil(),
        recipients: Vec::new(),
        begun: false,
        claimed_at: Instant::now(),
        ended: Vec::new(),
    };
    let build = |update: UpdateMany<Entity>| update.build(DbBackend::Sqlite);
    let of_range = "SEARCH recipient USING INDEX sqlite_autoindex_recipient_1 \
                    (mailing_id=? AND position>? AND position<?)";
    let claimed = ledger.to_claimed(Status::Queued, range, 50, claim.token);
    let of_picked =
        "SEARCH recipient USING INDEX sqlite_autoindex_recipient_1 (mailing_id=? AND position=?)";
    reads(&ledger, build(claimed), &[of_picked, of_range, of_range]).await;
    let sending = ledger.to_sending(&claim, &[50, 51, 99]);
    reads(&ledger, build(sending), &[of_range]).await;
    let values: [Value; 5] = [
        "[]".into(),
        claim.mailing_id.into(),
        claim.token.into(),
        50.into(),
        99.into(),
    ];
    let recorded = Statement::from_sql_and_values(DbBackend::Sqlite, on_sqlite(), values);
    let of_call = of_range.replace("recipient USING", "r USING");
    let steps = plan(&ledger, recorded).await;
    assert!(steps.contains(&of_call), "{steps:#?}");
    assert!(steps.iter().any(|step| step == "SCAN o"), "{steps:#?}");
}

#[tokio::test]
async fn statistics_read_what_ended_in_the_hours_and_what_waits() {
    let (ledger, _folder) = ledger().await;
    let first = "SEARCH recipient USING COVERING INDEX recipient_ended (ended_at>?)";
    reads(&ledger, select(&first_end(0)), &[first]).await;
    let hours = [
        "SEARCH recipient USING INDEX recipient_ended (ended_at>? AND ended_at<?)",
        "SEARCH mailing USING INDEX sqlite_autoindex_mailing_1 (id=?)",
        "SEARCH mailing USING INDEX sqlite_autoindex_mailing_1 (id=?)",
    ];
    let ends = ends(DbBackend::Sqlite, &(0..HOUR), (Uuid::nil(), -1));
    reads(&ledger, ends, &hours).await;
    let of = Summed {
        range: 0..HOUR,
        fresh: 0,
        missing: 0..0,
    };
    let by_hour =
        "SEARCH hour_of_key USING INDEX sqlite_autoindex_hour_of_key_1 (start>? AND start<?)";
    for by in ["start", "api_key_id"] {
        let steps = plan(&ledger, summed(DbBackend::Sqlite, by, &of)).await;
        assert_eq!(
            steps.first().map(String::as_str),
            Some(by_hour),
            "{steps:?}"
        );
    }
    // These indexes contain open recipients only.
    let all = "SCAN recipient USING COVERING INDEX recipient_due";
    reads(&ledger, select(&ledger.queued()), &[all]).await;
    let all = "SCAN recipient USING COVERING INDEX recipient_sending";
    reads(&ledger, select(&sending()), &[all]).await;
}

#[tokio::test]
async fn a_page_of_mailings_reads_its_own() {
    let (ledger, _folder) = ledger().await;
    let page = |scope, filter| select(&listing(scope, filter, Some(Uuid::max())).limit(51));
    let (all, own) = (Scope::Everybody, Scope::Key(Uuid::nil()));
    let open = |open| MailingFilter {
        open: Some(open),
        ..MailingFilter::default()
    };
    let of_key = MailingFilter {
        api_key_id: Some(Uuid::nil()),
        ..MailingFilter::default()
    };
    let newest = "SEARCH mailing USING INDEX sqlite_autoindex_mailing_1 (id<?)";
    let of_one = "SEARCH mailing USING INDEX mailing_api_key (api_key_id=? AND id<?)";
    let going =
        "SEARCH recipient USING COVERING INDEX recipient_status (mailing_id=? AND status=?)";
    reads(&ledger, page(all, MailingFilter::default()), &[newest]).await;
    reads(&ledger, page(own, MailingFilter::default()), &[of_one]).await;
    reads(&ledger, page(all, of_key), &[of_one]).await;
    let still_open = "SEARCH mailing USING INDEX mailing_open (id<?)";
    reads(&ledger, page(all, open(true)), &[still_open, going]).await;
    let still_open = "SEARCH mailing USING INDEX mailing_open_of_key (api_key_id=? AND id<?)";
    reads(&ledger, page(own, open(true)), &[still_open, going]).await;
    reads(&ledger, page(all, open(false)), &[newest, going]).await;
    let both = counts([Uuid::nil(), Uuid::max()].into_iter());
    let counting = "SEARCH recipient USING COVERING INDEX recipient_status (mailing_id=?)";
    reads(&ledger, select(&both), &[counting]).await;
}

#[tokio::test]
async fn a_move_reads_what_is_queued_of_its_mailing() {
    let (ledger, _folder) = ledger().await;
    let update = to_later(Uuid::nil(), 2, 1, Some(3));
    let statement = DbBackend::Sqlite.build(&update);
    let queued =
        "SEARCH recipient USING COVERING INDEX recipient_status (mailing_id=? AND status=?)";
    reads(&ledger, statement, &[queued]).await;
}

#[tokio::test]
async fn a_dry_run_counts_what_is_due_and_a_look_up_reads_its_keys() {
    let (ledger, _folder) = ledger().await;
    let due = "SEARCH recipient USING COVERING INDEX recipient_due (due_at<?)";
    reads(&ledger, select(&ledger.due_for_count()), &[due]).await;
    let of_one =
        "SEARCH idempotency USING INDEX sqlite_autoindex_idempotency_1 (api_key_id=? AND key=?)";
    let of_all = "SEARCH idempotency USING INDEX idempotency_key (key=?)";
    for (scope, expected) in [
        (Scope::Key(Uuid::nil()), of_one),
        (Scope::Everybody, of_all),
    ] {
        let steps = plan(&ledger, select(&made_with(scope, "once"))).await;
        assert_eq!(steps, [expected]);
    }
}

#[tokio::test]
async fn a_removal_reads_the_oldest_mailings_and_the_last_recipient_of_each() {
    let (ledger, _folder) = ledger().await;
    let ids = || Uuid::nil()..first_id_after(HOUR);
    let oldest = "SEARCH mailing USING INDEX sqlite_autoindex_mailing_1 (id>? AND id<?)";
    let last = "SEARCH recipient USING COVERING INDEX sqlite_autoindex_recipient_1 (mailing_id=?)";
    reads(&ledger, select(&old(ids(), HOUR, false)), &[oldest, last]).await;
    let steps = plan(&ledger, select(&old(ids(), HOUR, true))).await;
    let outbox = "SEARCH outbox USING INDEX outbox_mailing (mailing_id=?)";
    assert!(steps.iter().any(|step| step == outbox), "{steps:#?}");
}

#[tokio::test]
async fn a_request_reads_the_rows_of_its_own_key() {
    let (ledger, _folder) = ledger().await;
    let sql = |sql: String, values: Vec<Value>| {
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
    };
    let count = Count {
        api_key_id: "$1".to_owned(),
        recipients: "$2".to_owned(),
        limits: ["$2", "$2", "$2"].map(ToOwned::to_owned),
        source: "(SELECT $2 AS now) AS clock".to_owned(),
    };
    let count = sql(
        count.sql(DbBackend::Sqlite),
        vec![Uuid::nil().into(), 1_i64.into()],
    );
    let noted = note_use_sql(DbBackend::Sqlite, "$1", "$2");
    let noted = sql(noted, vec![Uuid::nil().into(), 1_i64.into()]);
    let found = DbBackend::Sqlite.build(&ledger.of_secret("secret"));
    let past = select(&ledger.past_counters());
    for (what, statement, searches) in [
        ("count", count, 0),
        ("use", noted, 2),
        ("look-up", found, 4),
        ("past counters", past, 1),
    ] {
        let steps = plan(&ledger, statement).await;
        let scans = |step: &&String| step.starts_with("SCAN") && !step.contains("CONSTANT ROW");
        let scanned: Vec<&String> = steps
            .iter()
            .filter(scans)
            .filter(|step| !step.contains("clock"))
            .collect();
        assert!(scanned.is_empty(), "{what}: {steps:#?}");
        let found = steps.iter().filter(|step| step.starts_with("SEARCH"));
        assert_eq!(found.count(), searches, "{what}: {steps:#?}");
    }
}

#[tokio::test]
async fn a_search_follows_an_index() {
    let (ledger, _folder) = ledger().await;
    let default = RecipientFilter::default();
    let address = Address::parse("ann@example.org").unwrap();
    let after = Some(Place {
        mailing_id: Uuid::now_v7(),
        position: 3,
    });
    for (filter, index) in [
        (
            RecipientFilter {
                mail: Some(&address),
                ..default
            },
            "recipient_address (mail_key=? AND (mailing_id,position)<(?,?))",
        ),
        (
            RecipientFilter {
                status: Some(Status::Failed),
                ..default
            },
            "recipient_trouble (status=? AND (mailing_id,position)<(?,?))",
        ),
    ] {
        let steps = plan(&ledger, select(&by_recipient(filter, after))).await;
        assert_eq!(steps, [format!("SEARCH recipient USING INDEX {index}")]);
    }
    let message = RecipientFilter {
        message_id: Some("x"),
        ..default
    };
    let steps = plan(&ledger, select(&by_message(message, after))).await;
    let by_message = "SEARCH recipient USING INDEX recipient_message_id (message_id=?)";
    assert_eq!(steps[0], by_message, "{steps:#?}");
    let key = Scope::Key(Uuid::now_v7());
    for (scope, filter, mailings) in [
        (key, default, "mailing_api_key (api_key_id=? AND id<?)"),
        (
            Scope::Everybody,
            RecipientFilter {
                client_env_id: Some("7"),
                ..default
            },
            "mailing_client_env_id (client_env_id=? AND id<?)",
        ),
    ] {
        let walked = by_mailing(scope, filter, after, 1_000, 51);
        let steps = plan(&ledger, DbBackend::Sqlite.build(&walked)).await;
        let found = steps.iter().find(|step| step.contains(" mailing "));
        assert!(
            found.is_some_and(|step| step.ends_with(mailings)),
            "{steps:#?}"
        );
        let own = "SEARCH recipient USING COVERING INDEX recipient_status (mailing_id=?)";
        let own_by_key =
            "SEARCH recipient USING COVERING INDEX sqlite_autoindex_recipient_1 (mailing_id=?";
        assert!(
            steps
                .iter()
                .any(|step| step == own || step.starts_with(own_by_key)),
            "{steps:#?}"
        );
        assert!(
            !steps
                .iter()
                .any(|step| step.contains("SCAN mailing") || step.contains("B-TREE")),
            "{steps:#?}"
        );
    }
}
