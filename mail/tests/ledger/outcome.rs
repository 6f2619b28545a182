//! Outcomes: the columns that each one sets, and its event.

use std::time::Duration;

use entity::recipient::{Model, Status};
use mail::outcome::{Fault, Outcome, Reason};

use crate::{
    database::TestLedger,
    mailings::{accepted, mailing_to, not_accepted, positions, refused, unknown},
};

fn explanation(row: &Model) -> (Option<&str>, Option<&str>) {
    (row.status_detail.as_deref(), row.last_error.as_deref())
}

async fn beginning_counts_an_attempt_and_renews_the_lease(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let claim = t.claim_all(id).await;
    let soon = t.ledger.clock().await.unwrap() + 5_000;
    t.sql(&format!("UPDATE recipient SET lease_until = {soon}"))
        .await;
    let begun = t.ledger.begin_sending(&claim, &[2, 0]).await.unwrap();
    assert_eq!(begun, [0, 2]);
    let rows = t.rows(id).await;
    let state = |row: &Model| (row.status, row.attempts, row.lease_until > Some(soon));
    assert_eq!(state(&rows[0]), (Status::Sending, 1, true));
    assert_eq!(state(&rows[1]), (Status::Queued, 0, false));
    assert_eq!(state(&rows[2]), (Status::Sending, 1, true));
}

async fn the_outcomes_of_a_call_are_written_each_for_its_recipient(t: &TestLedger) {
    let id = t.store(&mailing_to(5)).await;
    let claim = t.send(id).await;
    let before = t.ledger.clock().await.unwrap();
    let outcomes = [
        (3, unknown()),
        (1, refused()),
        (0, accepted()),
        (2, not_accepted(Duration::from_mins(1), Fault::Passing)),
    ];
    let moved = t.ledger.record(&claim, &outcomes).await.unwrap();
    let rows = t.rows(id).await;
    assert_eq!(
        moved,
        t.updates(id).await[..4],
        "in the order of the request"
    );
    let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
    let expected = [
        Status::Sent,
        Status::Failed,
        Status::Queued,
        Status::Unconfirmed,
        Status::Sending,
    ];
    assert_eq!(statuses, expected);
    assert_eq!(rows[0].message_id.as_deref(), Some("m-1"));
    assert!(rows[0].sent_at >= Some(before) && rows[0].ended_at >= Some(before));
    assert_eq!(explanation(&rows[0]), (None, None));
    for row in &rows[1..4] {
        assert_eq!(explanation(row), (Some("refused"), Some("for the test")));
        assert_eq!((row.sent_at, &row.message_id), (None, &None));
    }
    for row in &rows {
        let ended = !matches!(row.status, Status::Queued | Status::Sending);
        assert_eq!(
            (row.ended_at.is_some(), row.event_id.is_some()),
            (ended, ended)
        );
    }
}

async fn what_was_surely_not_accepted_waits_and_is_tried_again(t: &TestLedger) {
    let id = t.store(&mailing_to(5)).await;
    t.sql("UPDATE recipient SET queued_at = NULL WHERE position = 1")
        .await;
    let claim = t.send(id).await;
    let before = t.ledger.clock().await.unwrap();
    let again_in = Duration::from_mins(1);
    let outcomes = [
        (0, not_accepted(again_in, Fault::Passing)),
        (1, not_accepted(again_in, Fault::Throttled)),
        (2, not_accepted(again_in, Fault::Quota)),
        (3, not_accepted(again_in, Fault::Account)),
        (4, not_accepted(again_in, Fault::NotTried)),
    ];
    t.ledger.record(&claim, &outcomes).await.unwrap();
    let rows = t.rows(id).await;
    let attempts: Vec<_> = rows.iter().map(|row| row.attempts).collect();
    assert_eq!(attempts, [1, 0, 0, 0, 0], "only what may pass counts");
    for row in &rows {
        assert_eq!((row.claim_token, row.lease_until), (None, None));
        assert_eq!((row.woken_at, row.ended_at), (None, None));
        assert!(row.due_at >= before + 60_000 && row.queued_at.is_some());
    }
    assert!(t.claim_all(id).await.recipients.is_empty());
    t.sql("UPDATE recipient SET due_at = 1").await;
    let claim = t.claim_all(id).await;
    let attempts: Vec<_> = claim.recipients.iter().map(|r| r.attempts).collect();
    assert_eq!(
        (positions(&claim), attempts),
        (vec![0, 1, 2, 3, 4], vec![1, 0, 0, 0, 0])
    );
}

async fn an_error_of_an_earlier_attempt_goes_when_the_mail_is_sent(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    t.finish(id, not_accepted(Duration::ZERO, Fault::Passing))
        .await;
    t.finish(id, accepted()).await;
    let row = t.row(id).await;
    assert_eq!(
        (row.status, explanation(&row)),
        (Status::Sent, (None, None))
    );
    assert_eq!(row.attempts, 2);
}

async fn another_end_is_another_event(t: &TestLedger) {
    for late in [accepted(), refused()] {
        let id = t.store(&mailing_to(1)).await;
        let claim = t.finish(id, unknown()).await;
        let first = t.row(id).await;
        t.ledger.record(&claim, &[(0, late)]).await.unwrap();
        let second = t.row(id).await;
        assert!(second.event_id.is_some());
        assert_ne!(second.event_id, first.event_id);
    }
}

async fn an_outcome_that_is_written_twice_is_one_event(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let claim = t.finish(id, accepted()).await;
    let first = t.row(id).await;
    let again = Outcome::Accepted {
        message_id: "m-2".to_owned(),
    };
    assert!(
        t.ledger
            .record(&claim, &[(0, again)])
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(t.row(id).await, first);
}

async fn lost_leases_become_unconfirmed_and_a_late_answer_still_counts(t: &TestLedger) {
    let id = t.store(&mailing_to(3)).await;
    let claim = t.send(id).await;
    let waiting = t.store(&mailing_to(1)).await;
    t.claim_all(waiting).await;
    t.sql("UPDATE recipient SET lease_until = 1 WHERE position < 2")
        .await;
    let settled = t.ledger.settle_lost_leases().await.unwrap();
    assert_eq!(settled.len(), 2, "only those in sending");
    let rows = t.rows(id).await;
    for row in &rows[..2] {
        assert_eq!(row.status, Status::Unconfirmed);
        assert_eq!(row.claim_token, Some(claim.token));
        assert_eq!(row.status_detail.as_deref(), Some("lease_expired"));
        assert!(
            settled.contains(&row.clone().into()),
            "what is returned is what is stored"
        );
    }
    assert_ne!(rows[0].event_id, rows[1].event_id);
    assert_eq!(rows[2].status, Status::Sending);
    assert_eq!(t.row(waiting).await.status, Status::Queued);
    assert!(t.ledger.settle_lost_leases().await.unwrap().is_empty());
    let late = [(0, accepted()), (1, refused())];
    assert_eq!(t.ledger.record(&claim, &late).await.unwrap().len(), 2);
    let answered = t.rows(id).await;
    assert_eq!(answered[0].status, Status::Sent);
    assert_eq!(answered[1].status, Status::Failed);
    assert_ne!(answered[0].event_id, rows[0].event_id);
}

async fn what_expired_fails_unless_somebody_works_on_it(t: &TestLedger) {
    let id = t.store(&mailing_to(5)).await;
    let claim = t.claim_all(id).await;
    t.ledger.begin_sending(&claim, &[4]).await.unwrap();
    t.sql("UPDATE recipient SET claim_token = NULL, lease_until = NULL WHERE position < 2")
        .await;
    t.sql("UPDATE recipient SET lease_until = 1 WHERE position = 2")
        .await;
    t.sql("UPDATE recipient SET expires_at = 1 WHERE position <> 1")
        .await;
    let expired = t.ledger.expire().await.unwrap();
    let mut moved: Vec<_> = expired.iter().map(|row| row.position).collect();
    moved.sort_unstable();
    assert_eq!(moved, [0, 2]);
    let rows = t.rows(id).await;
    for row in [&rows[0], &rows[2]] {
        assert_eq!(row.status, Status::Failed);
        assert_eq!(row.status_detail.as_deref(), Some("expired"));
        assert!(row.event_id.is_some() && row.ended_at.is_some());
    }
    assert_ne!(rows[0].event_id, rows[2].event_id);
    for row in [&rows[1], &rows[3]] {
        assert_eq!(row.status, Status::Queued);
    }
    assert_eq!(rows[4].status, Status::Sending);
}

async fn a_sweep_takes_a_bounded_number_at_once(t: &TestLedger) {
    let step = usize::try_from(mail::ledger::STEP).unwrap();
    t.store(&mailing_to(step + 5)).await;
    t.sql("UPDATE recipient SET expires_at = 1").await;
    assert_eq!(t.ledger.expire().await.unwrap().len(), step);
    assert_eq!(t.ledger.expire().await.unwrap().len(), 5);
    t.sql("UPDATE recipient SET status = 'sending', lease_until = 1")
        .await;
    assert_eq!(t.ledger.settle_lost_leases().await.unwrap().len(), step);
    assert_eq!(t.ledger.settle_lost_leases().await.unwrap().len(), 5);
}

async fn a_reason_is_written_as_it_is_given(t: &TestLedger) {
    let id = t.store(&mailing_to(1)).await;
    let reason = Reason {
        code: mail::outcome::StatusDetail::Refused,
        text: "it's \"refused\" \u{1f4ea} ; --".to_owned(),
    };
    t.finish(id, Outcome::Refused(reason.clone())).await;
    let row = t.row(id).await;
    assert_eq!(
        explanation(&row),
        (Some("refused"), Some(reason.text.as_str()))
    );
}

on_both_databases![
    beginning_counts_an_attempt_and_renews_the_lease,
    the_outcomes_of_a_call_are_written_each_for_its_recipient,
    what_was_surely_not_accepted_waits_and_is_tried_again,
    an_error_of_an_earlier_attempt_goes_when_the_mail_is_sent,
    another_end_is_another_event,
    an_outcome_that_is_written_twice_is_one_event,
    lost_leases_become_unconfirmed_and_a_late_answer_still_counts,
    what_expired_fails_unless_somebody_works_on_it,
    a_sweep_takes_a_bounded_number_at_once,
    a_reason_is_written_as_it_is_given,
];
