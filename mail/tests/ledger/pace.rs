//! One rate for all instances.

use std::time::Duration;

use mail::ledger::{AHEAD, Turn};

use crate::database::TestLedger;

/// So slow that no machine is slower.
const RATE: f64 = 0.1;

fn given(turn: Turn) -> Duration {
    match turn {
        Turn::In(wait) => wait,
        Turn::AskIn(_) => panic!("no turn was given: {turn:?}"),
    }
}

/// Time passes between two statements, so that waits are a little shorter than the distance of the turns.
fn is_about(wait: Duration, expected: Duration) -> bool {
    (expected.mul_f64(0.75)..=expected).contains(&wait)
}

async fn a_call_moves_the_next_turn_on_by_its_recipients(t: &TestLedger) {
    let first = given(t.ledger.take_turn(50, RATE).await.unwrap());
    assert_eq!(first, Duration::ZERO);
    let Turn::AskIn(wait) = t.another().await.take_turn(1, RATE).await.unwrap() else {
        panic!("fifty recipients are 500 seconds of this rate");
    };
    assert!(is_about(wait + AHEAD, Duration::from_secs(500)), "{wait:?}");
}

async fn turns_are_given_out_shortly_before_they_come(t: &TestLedger) {
    // A hundred seconds apart, so that no machine is too slow.
    t.ledger.take_turn(1, 0.01).await.unwrap();
    t.sql(&format!(
        "UPDATE pace SET next_turn = next_turn - 100000000 + {}",
        AHEAD.as_micros()
    ))
    .await;
    let wait = given(t.ledger.take_turn(1, 0.01).await.unwrap());
    assert!(wait <= AHEAD, "{wait:?}");
    let again = t.ledger.take_turn(1, 0.01).await.unwrap();
    assert!(matches!(again, Turn::AskIn(_)), "{again:?}");
}

async fn time_in_which_nobody_sent_is_not_saved_up(t: &TestLedger) {
    t.sql("UPDATE pace SET next_turn = 0").await;
    given(t.ledger.take_turn(50, RATE).await.unwrap());
    let next = t.ledger.take_turn(50, RATE).await.unwrap();
    assert!(matches!(next, Turn::AskIn(_)), "{next:?}");
}

async fn single_mails_wait_for_each_other_and_not_for_mailings(t: &TestLedger) {
    let patience = Duration::from_secs(250);
    t.ledger.take_turn(50, 0.01).await.unwrap();
    let mut waits = Vec::new();
    for _ in 0..3 {
        waits.push(given(
            t.ledger.take_single_turn(0.01, patience).await.unwrap(),
        ));
    }
    assert_eq!(waits[0], Duration::ZERO);
    assert!(is_about(waits[1], Duration::from_secs(100)), "{waits:?}");
    assert!(is_about(waits[2], Duration::from_secs(200)), "{waits:?}");
    let turn = t.ledger.take_single_turn(0.01, patience).await.unwrap();
    assert!(matches!(turn, Turn::AskIn(_)), "{turn:?}");
}

async fn what_single_mails_take_is_missing_from_mailings(t: &TestLedger) {
    t.ledger
        .take_single_turn(0.01, Duration::ZERO)
        .await
        .unwrap();
    let Turn::AskIn(wait) = t.ledger.take_turn(1, 0.01).await.unwrap() else {
        panic!("the single mail has used up a hundred seconds");
    };
    assert!(is_about(wait + AHEAD, Duration::from_secs(100)), "{wait:?}");
}

async fn a_tenth_of_the_rate_is_owed_to_mailings_behind_single_mails(t: &TestLedger) {
    let second = Duration::from_secs(1);
    given(t.ledger.take_turn(2, 0.5).await.unwrap());
    let singles_for = async |seconds: i64| {
        t.sql(&format!(
            "UPDATE pace SET next_turn = next_turn + {0}, next_single_turn = next_turn + {0}, \
             next_owed_turn = next_owed_turn - {0}",
            seconds * 1_000_000
        ))
        .await
    };
    // Thirty of the forty seconds that ten such calls take have passed.
    singles_for(30).await;
    let Turn::AskIn(wait) = t.ledger.take_turn(2, 0.5).await.unwrap() else {
        panic!("nothing is owed yet");
    };
    assert!(is_about(wait, 10 * second), "{wait:?}");
    singles_for(10).await;
    // Single mails have all turns of the next four seconds.
    let soon = (t.ledger.clock().await.unwrap() + 4_000) * 1_000;
    t.sql(&format!("UPDATE pace SET next_single_turn = {soon}"))
        .await;
    let wait = given(t.ledger.take_turn(2, 0.5).await.unwrap());
    assert!(is_about(wait, 4 * second), "{wait:?}");
    let single = t.ledger.take_single_turn(0.5, 20 * second).await.unwrap();
    assert!(
        is_about(given(single), 8 * second),
        "behind the mailing: {single:?}"
    );
    let again = t.ledger.take_turn(2, 0.5).await.unwrap();
    assert!(matches!(again, Turn::AskIn(_)), "owed once only: {again:?}");
}

async fn of_many_who_ask_at_once_each_gets_a_turn_of_its_own(t: &TestLedger) {
    let (one, another) = (t.another().await, t.another().await);
    let patience = Duration::from_hours(1);
    let turns = futures_util::future::join_all((0..40).map(|index| {
        let ledger = if index % 2 == 0 { &one } else { &another };
        async move { given(ledger.take_single_turn(1.0, patience).await.unwrap()) }
    }))
    .await;
    let last = turns.into_iter().max().unwrap();
    assert!(last > Duration::from_secs(30), "{last:?}");
    let taken = t.number("SELECT next_single_turn FROM pace").await;
    let free = given(t.ledger.take_single_turn(1.0, patience).await.unwrap());
    assert!(is_about(free, Duration::from_secs(40)), "{free:?}");
    let moved = t.number("SELECT next_single_turn FROM pace").await;
    assert_eq!(moved - taken, 1_000_000);
}

async fn one_of_all_asks_the_transport_for_its_rate(t: &TestLedger) {
    let age = Duration::from_mins(10);
    assert_eq!(t.ledger.kept_rate().await.unwrap(), None);
    assert!(t.ledger.shall_ask_rate(age).await.unwrap());
    let another = t.another().await;
    assert!(!another.shall_ask_rate(age).await.unwrap());
    t.ledger.keep_rate(14.5).await.unwrap();
    assert_eq!(another.kept_rate().await.unwrap(), Some(14.5));
    t.sql("UPDATE pace SET rate_asked_at = rate_asked_at - 600000")
        .await;
    assert!(another.shall_ask_rate(age).await.unwrap());
}

on_both_databases![
    a_tenth_of_the_rate_is_owed_to_mailings_behind_single_mails,
    a_call_moves_the_next_turn_on_by_its_recipients,
    turns_are_given_out_shortly_before_they_come,
    time_in_which_nobody_sent_is_not_saved_up,
    single_mails_wait_for_each_other_and_not_for_mailings,
    what_single_mails_take_is_missing_from_mailings,
    of_many_who_ask_at_once_each_gets_a_turn_of_its_own,
    one_of_all_asks_the_transport_for_its_rate,
];
