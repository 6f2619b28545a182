//! Reports come in any order, and more than once: a recipient ends where the rank says.

use entity::recipient::Status;
use mail::{event::BounceType, ledger::Claim, mail_event::Report};
use uuid::Uuid;

use crate::{
    database::TestLedger,
    mail_events::{bounce, check_sequence, kinds, report},
    mailings::{accepted, mailing_to, refused, unknown},
};

/// The order in which the recipient at this position gets its reports.
fn order_of<T>(orders: &[T], position: i32) -> &T {
    &orders[usize::try_from(position).unwrap()]
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 0..items.len() {
        let mut rest = items.to_vec();
        let item = rest.remove(first);
        for mut permutation in permutations(&rest) {
            permutation.insert(0, item.clone());
            all.push(permutation);
        }
    }
    all
}

/// The rank of a status, written down apart from the code: a transient bounce counts less than a delivery.
fn rank(report: &Report) -> (u8, Status) {
    match report {
        Report::Accepted | Report::Delayed => (1, Status::Sent),
        Report::Rejected(_) | Report::NotRendered(_) => (2, Status::Failed),
        Report::Bounced(bounce) if bounce.kind != BounceType::Permanent => (3, Status::Bounced),
        Report::Delivered => (4, Status::Delivered),
        Report::Bounced(_) => (5, Status::Bounced),
        Report::Suppressed => (5, Status::Suppressed),
        Report::Complained => (6, Status::Complained),
    }
}

/// The states in which reports may find a recipient.
#[derive(Clone, Copy, Debug)]
enum Before {
    Sending,
    LeaseLost,
    Unconfirmed,
    Sent,
    Erased,
    Failed,
    /// The caller has resent what was unconfirmed, and the reports are about the attempt before.
    Resent,
}

async fn bring_to(t: &TestLedger, id: Uuid, before: Before) -> Claim {
    let claim = match before {
        Before::Sending | Before::LeaseLost => t.send(id).await,
        Before::Unconfirmed | Before::Resent => t.finish(id, unknown()).await,
        Before::Sent | Before::Erased => t.finish(id, accepted()).await,
        Before::Failed => t.finish(id, refused()).await,
    };
    match before {
        Before::LeaseLost => {
            t.sql("UPDATE recipient SET lease_until = 1 WHERE status = 'sending'")
                .await;
        }
        Before::Erased => {
            t.sql("UPDATE recipient SET mail = NULL, mail_key = NULL")
                .await;
        }
        Before::Resent => {
            t.resend(id, Status::Unconfirmed).await;
        }
        Before::Sending | Before::Unconfirmed | Before::Sent | Before::Failed => {}
    }
    claim
}

async fn each_order_of_reports_ends_where_the_rank_says(t: &TestLedger) {
    let sets = [
        vec![
            bounce(BounceType::Transient),
            Report::Delivered,
            Report::Complained,
            Report::Delayed,
        ],
        vec![
            Report::Accepted,
            bounce(BounceType::Transient),
            Report::Delivered,
            bounce(BounceType::Permanent),
        ],
        vec![
            bounce(BounceType::Undetermined),
            Report::Delivered,
            Report::Delayed,
        ],
        vec![
            Report::Delayed,
            bounce(BounceType::Permanent),
            Report::Complained,
        ],
    ];
    for before in [
        Before::Sending,
        Before::LeaseLost,
        Before::Unconfirmed,
        Before::Sent,
        Before::Erased,
        Before::Failed,
        Before::Resent,
    ] {
        for set in &sets {
            let orders = permutations(set);
            let id = t.store(&mailing_to(orders.len())).await;
            let claim = bring_to(t, id, before).await;
            // In each round every recipient gets the next report of its order, and the one before once more.
            for round in 0..set.len() {
                let mut reports = Vec::new();
                for (position, order) in (0..).zip(&orders) {
                    for number in [round.saturating_sub(1), round] {
                        reports.push(report(&claim, position, order[number].clone(), 0));
                    }
                }
                t.apply(&reports).await;
            }
            let expected = set
                .iter()
                .map(rank)
                .max_by_key(|(rank, _)| *rank)
                .unwrap()
                .1;
            let events = t.events(id).await;
            for row in t.rows(id).await {
                let context = format!("{before:?} {:?}", order_of(&orders, row.position));
                assert_eq!(row.status, expected, "{context}");
                let events = &events[&row.position];
                check_sequence(&row, events);
                let delays = events
                    .iter()
                    .filter(|event| event.kind == "delayed")
                    .count();
                assert_eq!(
                    delays,
                    set.iter().filter(|one| **one == Report::Delayed).count(),
                    "{context}"
                );
                if !matches!(before, Before::Failed) {
                    let sent = events.iter().filter(|event| event.kind == "sent").count();
                    assert_eq!(sent, 1, "{context}: {:?}", kinds(events));
                }
                assert!(
                    row.sent_at.is_some() && row.message_id.is_some(),
                    "{context}"
                );
                assert_eq!(row.lease_until, None);
            }
            // The next mailing has the same addresses.
            t.sql("DELETE FROM suppression").await;
        }
    }
}

on_both_databases!(each_order_of_reports_ends_where_the_rank_says,);
