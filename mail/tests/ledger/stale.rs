//! Every move in every state, by the claim that holds the recipient and by one that has lost it.

use std::time::Duration;

use entity::recipient::{Model, Status};
use mail::ledger::Claim;
use mail::ledger::Scope;
use mail::outcome::Fault;

use crate::{
    database::TestLedger,
    mailings::{accepted, mailing_to, not_accepted, refused, unknown},
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Free,
    Claimed,
    ClaimOver,
    ClaimedExpired,
    ClaimOverExpired,
    Sending,
    SendingOver,
    Sent,
    Failed,
    Unconfirmed,
    Settled,
    Cancelled,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Move {
    Begin,
    Accepted,
    Refused,
    NotAccepted,
    Throttled,
    Unknown,
    Release,
    Cancel,
    ResendFailed,
    ResendUnconfirmed,
    Settle,
    Expire,
}

const STATES: [State; 12] = [
    State::Free,
    State::Claimed,
    State::ClaimOver,
    State::ClaimedExpired,
    State::ClaimOverExpired,
    State::Sending,
    State::SendingOver,
    State::Sent,
    State::Failed,
    State::Unconfirmed,
    State::Settled,
    State::Cancelled,
];

/// The moves that a claim makes; the others name no token.
const BY_CLAIM: [Move; 7] = [
    Move::Begin,
    Move::Accepted,
    Move::Refused,
    Move::NotAccepted,
    Move::Throttled,
    Move::Unknown,
    Move::Release,
];

const BY_OTHERS: [Move; 5] = [
    Move::Cancel,
    Move::ResendFailed,
    Move::ResendUnconfirmed,
    Move::Settle,
    Move::Expire,
];

/// Returns the state that a move by the holder of the claim, or without a claim, leads to; `None` if it changes
/// nothing.
#[expect(clippy::match_same_arms, reason = "one line for each move")]
fn leads_to(state: State, step: Move) -> Option<Status> {
    use State as S;
    match (step, state) {
        (Move::Begin, S::Claimed) => Some(Status::Sending),
        (Move::Accepted, S::Sending | S::SendingOver | S::Unconfirmed | S::Settled) => {
            Some(Status::Sent)
        }
        (Move::Refused, S::Sending | S::SendingOver | S::Unconfirmed | S::Settled) => {
            Some(Status::Failed)
        }
        (Move::NotAccepted | Move::Throttled, S::Sending | S::SendingOver) => Some(Status::Queued),
        (Move::Unknown, S::Sending | S::SendingOver) => Some(Status::Unconfirmed),
        (Move::Release, S::Claimed | S::ClaimOver | S::ClaimedExpired | S::ClaimOverExpired) => {
            Some(Status::Queued)
        }
        (
            Move::Cancel,
            S::Free | S::Claimed | S::ClaimOver | S::ClaimedExpired | S::ClaimOverExpired,
        ) => Some(Status::Cancelled),
        (Move::ResendFailed, S::Failed) => Some(Status::Queued),
        (Move::ResendUnconfirmed, S::Unconfirmed | S::Settled) => Some(Status::Queued),
        (Move::Settle, S::SendingOver) => Some(Status::Unconfirmed),
        (Move::Expire, S::ClaimOverExpired) => Some(Status::Failed),
        _ => None,
    }
}

struct Case<'a> {
    t: &'a TestLedger,
    live: Claim,
    lost: Claim,
}

impl<'a> Case<'a> {
    /// Creates a recipient in that state, whose first claim was lost to a second one.
    async fn in_state(t: &'a TestLedger, state: State) -> Self {
        let id = t.store(&mailing_to(1)).await;
        let lost = t.claim_all(id).await;
        t.sql("UPDATE recipient SET lease_until = 1 WHERE status = 'queued'")
            .await;
        let live = t.claim_all(id).await;
        let case = Self { t, live, lost };
        let over = "UPDATE recipient SET lease_until = 1";
        let expired = "UPDATE recipient SET expires_at = 1";
        let (before, change): (&[Move], &[&str]) = match state {
            State::Free => (&[Move::Release], &[]),
            State::Claimed => (&[], &[]),
            State::ClaimOver => (&[], &[over]),
            State::ClaimedExpired => (&[], &[expired]),
            State::ClaimOverExpired => (&[], &[over, expired]),
            State::Sending => (&[Move::Begin], &[]),
            State::SendingOver | State::Settled => (&[Move::Begin], &[over]),
            State::Sent => (&[Move::Begin, Move::Accepted], &[]),
            State::Failed => (&[Move::Begin, Move::Refused], &[]),
            State::Unconfirmed => (&[Move::Begin, Move::Unknown], &[]),
            State::Cancelled => (&[Move::Cancel], &[]),
        };
        for step in before {
            case.make(*step, &case.live).await;
        }
        for statement in change {
            t.sql(statement).await;
        }
        if state == State::Settled {
            case.make(Move::Settle, &case.live).await;
        }
        case
    }

    async fn row(&self) -> Model {
        self.t.row(self.live.mailing_id).await
    }

    /// Makes a move, and returns the number of rows that the ledger reports as moved, if it reports one.
    async fn make(&self, step: Move, claim: &Claim) -> Option<usize> {
        let ledger = &self.t.ledger;
        let outcome = match step {
            Move::Begin => {
                return Some(ledger.begin_sending(claim, &[0]).await.unwrap().len());
            }
            Move::Release => {
                ledger.release(claim).await.unwrap();
                return None;
            }
            Move::Cancel => {
                let cancelled = ledger
                    .cancel(Scope::Everybody, claim.mailing_id)
                    .await
                    .unwrap();
                return Some(cancelled.unwrap().len());
            }
            Move::ResendFailed | Move::ResendUnconfirmed => {
                let status = match step {
                    Move::ResendFailed => Status::Failed,
                    _ => Status::Unconfirmed,
                };
                ledger
                    .resend(Scope::Everybody, claim.mailing_id, status)
                    .await
                    .unwrap();
                return None;
            }
            Move::Settle => return Some(ledger.settle_lost_leases().await.unwrap().len()),
            Move::Expire => return Some(ledger.expire().await.unwrap().len()),
            Move::Accepted => accepted(),
            Move::Refused => refused(),
            Move::NotAccepted => not_accepted(Duration::from_mins(1), Fault::Passing),
            Move::Throttled => not_accepted(Duration::from_mins(1), Fault::Throttled),
            Move::Unknown => unknown(),
        };
        Some(ledger.record(claim, &[(0, outcome)]).await.unwrap().len())
    }
}

async fn a_move_of_the_live_claim_changes_what_it_should(t: &TestLedger) {
    for state in STATES {
        for step in BY_CLAIM.into_iter().chain(BY_OTHERS) {
            let case = Case::in_state(t, state).await;
            let before = case.row().await;
            let said = case.make(step, &case.live).await;
            let after = case.row().await;
            let expected = leads_to(state, step);
            match expected {
                None => assert_eq!(after, before, "{step:?} changed {state:?}"),
                Some(status) => {
                    assert_ne!(after, before, "{step:?} did not change {state:?}");
                    assert_eq!(after.status, status, "{step:?} in {state:?}");
                }
            }
            if let Some(said) = said {
                assert_eq!(said, usize::from(expected.is_some()), "{step:?} {state:?}");
            }
            // Otherwise the sweep's moves in the next case would move this row as well.
            t.sql("UPDATE recipient SET status = 'cancelled'").await;
        }
    }
}

async fn a_move_of_a_lost_claim_changes_nothing(t: &TestLedger) {
    for state in STATES {
        let case = Case::in_state(t, state).await;
        let before = case.row().await;
        for step in BY_CLAIM {
            let said = case.make(step, &case.lost).await;
            assert_eq!(case.row().await, before, "{step:?} changed {state:?}");
            assert!(matches!(said, None | Some(0)), "{step:?} {state:?}");
        }
        t.sql("UPDATE recipient SET status = 'cancelled'").await;
    }
}

on_both_databases![
    a_move_of_the_live_claim_changes_what_it_should,
    a_move_of_a_lost_claim_changes_nothing,
];
