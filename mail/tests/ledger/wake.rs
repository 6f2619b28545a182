//! The recipients for which wake-ups are enqueued.

use std::time::Duration;

use mail::ledger::WokenBefore;
use mail::outcome::Fault;
use mail::wake_up::Range;
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mailings::{mailing_to, not_accepted},
};

fn range(mailing_id: Uuid, first: i32, last: i32) -> Range {
    Range {
        mailing_id,
        first,
        last,
    }
}

async fn wake(t: &TestLedger, woken: WokenBefore) -> Vec<Range> {
    let wake_ups = t.ledger.wake_due(woken).await.unwrap();
    wake_ups.into_iter().map(|wake_up| wake_up.range).collect()
}

async fn what_the_queue_was_told_of_is_told_again_only_when_it_is_empty(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    assert_eq!(wake(t, WokenBefore::Never).await, []);
    assert_eq!(wake(t, WokenBefore::AnyTime).await, [range(id, 0, 2)]);
    t.finish(id, not_accepted(Duration::ZERO, Fault::Passing))
        .await;
    assert_eq!(wake(t, WokenBefore::Never).await, [range(id, 0, 2)]);
    assert_eq!(wake(t, WokenBefore::Never).await, []);
    assert_eq!(wake(t, WokenBefore::AnyTime).await, [range(id, 0, 2)]);
}

async fn a_wake_up_that_was_lost_is_written_again(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let lost = WokenBefore::Ago(Duration::from_mins(1));
    assert_eq!(wake(t, lost).await, []);
    t.sql("UPDATE recipient SET woken_at = woken_at - 60000 WHERE position > 0")
        .await;
    assert_eq!(wake(t, lost).await, [range(id, 1, 2)]);
    assert_eq!(wake(t, lost).await, [], "it is on its way");
}

async fn what_was_woken_before_a_time_is_woken_again(t: &TestLedger) {
    let id = t.store(&mailing_to(4)).await;
    let now = t.ledger.clock().await.unwrap();
    let before = WokenBefore::Ago(Duration::from_mins(1));
    for (position, woken_at) in [(0, now - 60_000), (1, now), (2, now + 1)] {
        t.sql(&format!(
            "UPDATE recipient SET woken_at = {woken_at} WHERE position = {position}"
        ))
        .await;
    }
    t.sql("UPDATE recipient SET woken_at = NULL WHERE position = 3")
        .await;
    t.sql("UPDATE recipient SET status = 'cancelled' WHERE position IN (1, 2)")
        .await;
    assert_eq!(wake(t, before).await, [range(id, 0, 0)]);
    assert_eq!(wake(t, WokenBefore::Never).await, [range(id, 3, 3)]);
    t.sql(&format!(
        "UPDATE recipient SET woken_at = {now}, status = 'queued'"
    ))
    .await;
    assert_eq!(wake(t, before).await, []);
}

async fn a_wake_up_says_whose_it_is(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let woken = t.ledger.wake_due(WokenBefore::AnyTime).await.unwrap();
    let mailing = t.ledger.mailing(id).await.unwrap().unwrap();
    assert_eq!(woken[0].api_key_id, mailing.api_key_id);
}

async fn ranges_are_blocks_of_fifty_of_one_mailing(t: &TestLedger) {
    let first = t.store(&mailing_to(130)).await;
    let second = t.store(&mailing_to(2)).await;
    t.sql("UPDATE recipient SET woken_at = NULL").await;
    t.sql("UPDATE recipient SET status = 'cancelled' WHERE position = 0 OR position BETWEEN 60 AND 99")
        .await;
    let woken = wake(t, WokenBefore::Never).await;
    let expected = [
        range(first, 1, 49),
        range(first, 50, 59),
        range(first, 100, 129),
        range(second, 1, 1),
    ];
    assert_eq!(woken, expected);
}

async fn only_what_is_due_free_and_alive_is_woken(t: &TestLedger) {
    let id = t.store(&mailing_to(60)).await;
    let later = t.ledger.clock().await.unwrap() + 60_000;
    t.sql("UPDATE recipient SET woken_at = NULL").await;
    t.sql("UPDATE recipient SET expires_at = 1 WHERE position < 10")
        .await;
    t.sql(&format!(
        "UPDATE recipient SET due_at = {later} WHERE position BETWEEN 10 AND 19"
    ))
    .await;
    t.sql(&format!(
        "UPDATE recipient SET lease_until = {later} WHERE position BETWEEN 50 AND 58"
    ))
    .await;
    for woken in [WokenBefore::Never, WokenBefore::AnyTime] {
        assert_eq!(wake(t, woken).await, [range(id, 20, 49), range(id, 59, 59)]);
    }
    t.sql("UPDATE recipient SET lease_until = 1 WHERE position = 58")
        .await;
    assert_eq!(wake(t, WokenBefore::Never).await, [range(id, 58, 58)]);
}

async fn what_becomes_due_beside_others_that_were_woken_is_woken_too(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let later = t.ledger.clock().await.unwrap() + 60_000;
    t.sql("UPDATE recipient SET woken_at = NULL").await;
    t.sql(&format!(
        "UPDATE recipient SET due_at = {later} WHERE position = 1"
    ))
    .await;
    assert_eq!(wake(t, WokenBefore::Never).await, [range(id, 0, 2)]);
    t.sql("UPDATE recipient SET due_at = 1 WHERE position = 1")
        .await;
    assert_eq!(wake(t, WokenBefore::Never).await, [range(id, 1, 1)]);
}

async fn a_backlog_is_woken_bit_by_bit_the_longest_due_first(t: &TestLedger) {
    let step = usize::try_from(mail::ledger::STEP).unwrap();
    let younger = t.store(&mailing_to(step + 100)).await;
    let older = t.store(&mailing_to(10)).await;
    t.sql("UPDATE recipient SET woken_at = NULL").await;
    entity_due(t, older, 1).await;
    let covered = |ranges: &[Range]| -> i32 { ranges.iter().map(|r| r.last - r.first + 1).sum() };
    let first = wake(t, WokenBefore::Never).await;
    assert!(first.contains(&range(older, 0, 9)));
    assert!(first.iter().any(|range| range.mailing_id == younger));
    let second = wake(t, WokenBefore::Never).await;
    let total = covered(&first) + covered(&second);
    let all = i32::try_from(step + 110).unwrap();
    assert!(covered(&first) < all && total >= all, "{total} of {all}");
    assert_eq!(wake(t, WokenBefore::Never).await, []);
}

async fn entity_due(t: &TestLedger, mailing_id: Uuid, due_at: i64) {
    use entity::recipient::{Column, Entity};
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(due_at))
        .filter(Column::MailingId.eq(mailing_id))
        .exec(&t.db)
        .await
        .unwrap();
}

on_both_databases![
    what_was_woken_before_a_time_is_woken_again,
    a_wake_up_says_whose_it_is,
    what_the_queue_was_told_of_is_told_again_only_when_it_is_empty,
    a_wake_up_that_was_lost_is_written_again,
    ranges_are_blocks_of_fifty_of_one_mailing,
    only_what_is_due_free_and_alive_is_woken,
    what_becomes_due_beside_others_that_were_woken_is_woken_too,
    a_backlog_is_woken_bit_by_bit_the_longest_due_first,
];
