//! Claims: each recipient belongs to one worker at a time.

use std::{collections::HashSet, sync::Arc};

use entity::recipient::Status;
use mail::wake_up::Range;

use crate::{
    database::TestLedger,
    mailings::{accepted, all_of, mailing_to, positions},
};

async fn a_claim_takes_what_is_due_in_order_up_to_its_limit(t: &TestLedger) {
    let id = t.store(&mailing_to(8)).await;
    let later = t.ledger.clock().await.unwrap() + 60_000;
    t.sql(&format!(
        "UPDATE recipient SET due_at = {later} WHERE position = 1"
    ))
    .await;
    t.sql("UPDATE recipient SET expires_at = 1 WHERE position = 2")
        .await;
    t.sql(&format!(
        "UPDATE recipient SET lease_until = {later} WHERE position = 3"
    ))
    .await;
    t.sql("UPDATE recipient SET status = 'cancelled' WHERE position = 4")
        .await;
    let first = t.ledger.claim(all_of(id), 2).await.unwrap();
    assert_eq!(positions(&first), [0, 5]);
    let second = t.ledger.claim(all_of(id), 100).await.unwrap();
    assert_eq!(positions(&second), [6, 7]);
    assert!(t.claim_all(id).await.recipients.is_empty());
}

async fn a_claim_keeps_to_its_range_and_its_mailing(t: &TestLedger) {
    let id = t.store(&mailing_to(6)).await;
    let other = t.store(&mailing_to(6)).await;
    let range = Range {
        mailing_id: id,
        first: 2,
        last: 4,
    };
    assert_eq!(
        positions(&t.ledger.claim(range, 100).await.unwrap()),
        [2, 3, 4]
    );
    assert!(
        t.rows(other)
            .await
            .iter()
            .all(|row| row.claim_token.is_none())
    );
}

async fn a_claimed_recipient_stays_queued_and_is_nobody_elses(t: &TestLedger) {
    let request = mailing_to(2);
    let id = t.store(&request).await;
    let claim = t.claim_all(id).await;
    for (row, claimed) in t.rows(id).await.iter().zip(&claim.recipients) {
        assert_eq!(row.status, Status::Queued);
        assert_eq!(row.claim_token, Some(claim.token));
        assert_eq!((row.attempts, claimed.attempts), (0, 0));
    }
    let recipients: Vec<_> = claim.recipients.into_iter().map(|r| r.recipient).collect();
    assert_eq!(recipients, request.recipients);
    assert!(t.claim_all(id).await.recipients.is_empty());
}

async fn a_claim_whose_lease_ran_out_is_taken_again(t: &TestLedger) {
    let id = t.store(&mailing_to(2)).await;
    let first = t.claim_all(id).await;
    t.sql("UPDATE recipient SET lease_until = 1 WHERE position = 1")
        .await;
    let second = t.claim_all(id).await;
    assert_eq!(positions(&second), [1]);
    assert_ne!(second.token, first.token);
}

async fn what_is_released_is_free_at_once(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let claim = t.claim_all(id).await;
    t.ledger.begin_sending(&claim, &[0]).await.unwrap();
    t.ledger.release(&claim).await.unwrap();
    assert_eq!(positions(&t.claim_all(id).await), [1, 2]);
    assert_eq!(t.row(id).await.status, Status::Sending);
}

async fn of_many_claimers_each_recipient_falls_to_one(t: &TestLedger) {
    const RECIPIENTS: usize = 300;
    let id = t.store(&mailing_to(RECIPIENTS)).await;
    let mut ledgers = Vec::new();
    for _ in 0..4 {
        ledgers.push(Arc::new(t.another().await));
    }
    let claimers: Vec<_> = (0..24)
        .map(|number| {
            let ledger = Arc::clone(&ledgers[number % ledgers.len()]);
            tokio::spawn(async move {
                let mut mine = Vec::new();
                let mut empty = 0;
                // A claim that waits for locks of another one may be empty although some recipients are left.
                while empty < 3 {
                    let claim = ledger.claim(all_of(id), 7).await.unwrap();
                    assert!(claim.recipients.len() <= 7);
                    empty += i32::from(claim.recipients.is_empty());
                    mine.extend(positions(&claim));
                }
                mine
            })
        })
        .collect();
    let mut claimed = t.claim_all(id).await.recipients.len();
    let mut seen = HashSet::new();
    for claimer in claimers {
        for position in claimer.await.unwrap() {
            assert!(seen.insert(position), "{position} was claimed twice");
            claimed += 1;
        }
    }
    claimed += t.claim_all(id).await.recipients.len();
    assert_eq!(claimed, RECIPIENTS);
    let holders: HashSet<_> = t.rows(id).await.iter().map(|row| row.claim_token).collect();
    assert!(!holders.contains(&None));
}

async fn what_was_begun_without_a_call_is_taken_back(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let claim = t.send(id).await;
    let sent = [(2, accepted())];
    t.ledger.record(&claim, &sent).await.unwrap();
    t.ledger.take_back(&claim, &[0, 2]).await.unwrap();
    let rows = t.rows(id).await;
    assert_eq!((rows[0].status, rows[0].attempts), (Status::Queued, 0));
    assert_eq!((rows[0].claim_token, rows[0].lease_until), (None, None));
    assert_eq!(rows[1].status, Status::Sending, "its call may be going on");
    assert_eq!(rows[2].status, Status::Sent);
}

async fn a_lease_is_renewed_only_for_what_its_claim_is_sending(t: &TestLedger) {
    let id = t.store(&mailing_to(4)).await;
    let claim = t.claim_all(id).await;
    t.ledger.begin_sending(&claim, &[0, 1, 2]).await.unwrap();
    t.sql("UPDATE recipient SET lease_until = 1").await;
    t.sql("UPDATE recipient SET status = 'unconfirmed', lease_until = NULL WHERE position = 1")
        .await;
    t.ledger.renew_lease(&claim, &[0, 1, 3]).await.unwrap();
    let now = t.ledger.clock().await.unwrap();
    let leased = t.rows(id).await.into_iter();
    let leased: Vec<bool> = leased.map(|row| row.lease_until > Some(now)).collect();
    assert_eq!(leased, [true, false, false, false]);
}

on_both_databases![
    a_lease_is_renewed_only_for_what_its_claim_is_sending,
    what_was_begun_without_a_call_is_taken_back,
    a_claim_takes_what_is_due_in_order_up_to_its_limit,
    a_claim_keeps_to_its_range_and_its_mailing,
    a_claimed_recipient_stays_queued_and_is_nobody_elses,
    a_claim_whose_lease_ran_out_is_taken_again,
    what_is_released_is_free_at_once,
    of_many_claimers_each_recipient_falls_to_one,
];
