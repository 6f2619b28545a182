//! The rule by which a report of the mail system moves a recipient: only forward, in the order of the ranks.

use entity::recipient::{Model, Status};
use uuid::Uuid;

use super::{MailEvent, Report};
use crate::{
    event::{Bounce, BounceType, Detail, EventKind},
    outcome::StatusDetail,
};

/// One event that a report leads to, with the row of the recipient after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub id: Uuid,
    pub kind: EventKind,
    pub occurred_at: i64,
    pub detail: Detail,
    pub row: Model,
}

/// Applies a report to the row of its recipient. Returns the events that it leads to, in their order; none if it tells
/// nothing new. `now` is the time at which the recipient reaches an end if it was at none.
pub fn advance(row: &mut Model, event: &MailEvent, now: i64) -> Vec<Step> {
    let mut steps = Vec::new();
    row.events = row.all_events();
    if !event.is_about(row.mail_key.as_deref()) {
        let kind = match &event.report {
            Report::Bounced(_) => EventKind::CopyBounced,
            Report::Complained => EventKind::CopyComplained,
            Report::Accepted
            | Report::Delivered
            | Report::Delayed
            | Report::Suppressed
            | Report::Rejected(_)
            | Report::NotRendered(_) => return steps,
        };
        steps.push(step(
            row,
            event.id,
            kind,
            event.occurred_at,
            detail(&event.report),
        ));
        return steps;
    }
    if !is_of_this_attempt(row, event) {
        return steps;
    }
    if event.report.proves_acceptance() && is_unsettled(row.status) {
        accept(row, event, now);
        let id = event.id_of_acceptance();
        steps.push(step(
            row,
            id,
            EventKind::Sent,
            event.accepted_at,
            Detail::default(),
        ));
    }
    if event.report == Report::Delayed {
        let kind = EventKind::Delayed;
        steps.push(step(
            row,
            event.id,
            kind,
            event.occurred_at,
            Detail::default(),
        ));
        return steps;
    }
    let Some(target) = Target::of(&event.report) else {
        return steps;
    };
    if target.rank <= rank(row) {
        return steps;
    }
    row.status = target.status;
    row.status_detail = target.code.map(|code| code.as_str().to_owned());
    row.last_error = target.text;
    row.lease_until = None;
    row.ended_at = row.ended_at.or(Some(now));
    if event.report.proves_acceptance() {
        row.sent_at = row.sent_at.or(Some(event.accepted_at));
        row.message_id = row.message_id.take().or(Some(event.message_id.clone()));
    }
    row.event_id = Some(event.id);
    steps.push(step(
        row,
        event.id,
        target.kind,
        event.occurred_at,
        detail(&event.report),
    ));
    steps
}

/// Returns whether the report may move the recipient: it is about the last attempt, or it proves that an earlier attempt
/// was accepted while the recipient waits for another one, which must not be made then.
fn is_of_this_attempt(row: &Model, event: &MailEvent) -> bool {
    let waits = row.status == Status::Queued;
    match event.attempt {
        _ if waits => event.report.proves_acceptance(),
        None => true,
        Some(attempt) => row.claim_token == Some(attempt),
    }
}

fn is_unsettled(status: Status) -> bool {
    match status {
        Status::Queued | Status::Sending | Status::Unconfirmed => true,
        Status::Sent
        | Status::Failed
        | Status::Cancelled
        | Status::Suppressed
        | Status::Delivered
        | Status::Bounced
        | Status::Complained => false,
    }
}

fn accept(row: &mut Model, event: &MailEvent, now: i64) {
    row.status = Status::Sent;
    row.status_detail = None;
    row.last_error = None;
    row.lease_until = None;
    // Reports about this attempt are about the recipient from now on, and nobody else may begin another one.
    row.claim_token = event.attempt.or(row.claim_token);
    row.message_id = Some(event.message_id.clone());
    row.sent_at = Some(event.accepted_at);
    // One that had ended `unconfirmed` keeps its end, which statistics count once.
    row.proved_at = row.ended_at.is_some().then_some(now);
    row.ended_at = row.ended_at.or(Some(now));
    row.event_id = Some(event.id_of_acceptance());
}

fn step(row: &mut Model, id: Uuid, kind: EventKind, occurred_at: i64, detail: Detail) -> Step {
    row.events += 1;
    Step {
        id,
        kind,
        occurred_at,
        detail,
        row: row.clone(),
    }
}

fn detail(report: &Report) -> Detail {
    let bounce = match report {
        Report::Bounced(bounce) => Some(bounce.clone()),
        Report::Accepted
        | Report::Delivered
        | Report::Delayed
        | Report::Complained
        | Report::Suppressed
        | Report::Rejected(_)
        | Report::NotRendered(_) => None,
    };
    Detail {
        bounce,
        ..Detail::default()
    }
}

/// The state that a report moves a recipient to.
struct Target {
    status: Status,
    kind: EventKind,
    rank: u8,
    code: Option<StatusDetail>,
    text: Option<String>,
}

impl Target {
    fn of(report: &Report) -> Option<Self> {
        let (kind, code, text) = match report {
            Report::Accepted => (EventKind::Sent, None, None),
            Report::Delivered => (EventKind::Delivered, None, None),
            Report::Delayed => return None,
            Report::Bounced(bounce) => (
                EventKind::Bounced,
                Some(code_of(bounce)),
                bounce.diagnostic.clone(),
            ),
            Report::Complained => (EventKind::Complained, Some(StatusDetail::Complaint), None),
            Report::Suppressed => (
                EventKind::Suppressed,
                Some(StatusDetail::SuppressedBySes),
                None,
            ),
            Report::Rejected(reason) => (
                EventKind::Failed,
                Some(StatusDetail::Rejected),
                Some(reason.clone()),
            ),
            Report::NotRendered(text) => (
                EventKind::Failed,
                Some(StatusDetail::RenderingFailure),
                Some(text.clone()),
            ),
        };
        let status = kind.status()?;
        let code_text = code.map(StatusDetail::as_str);
        Some(Self {
            status,
            kind,
            rank: rank_of(status, code_text),
            code,
            text: text.filter(|text| !text.is_empty()),
        })
    }
}

fn code_of(bounce: &Bounce) -> StatusDetail {
    match bounce.kind {
        BounceType::Permanent => StatusDetail::BouncePermanent,
        BounceType::Transient => StatusDetail::BounceTransient,
        BounceType::Undetermined => StatusDetail::BounceUndetermined,
    }
}

fn rank(row: &Model) -> u8 {
    rank_of(row.status, row.status_detail.as_deref())
}

/// An out-of-office answer, which SES calls a transient bounce, must not undo a delivery; a permanent bounce may come
/// after one.
fn rank_of(status: Status, detail: Option<&str>) -> u8 {
    let is_permanent = detail == Some(StatusDetail::BouncePermanent.as_str());
    match status {
        Status::Queued | Status::Sending | Status::Unconfirmed => 0,
        Status::Sent => 1,
        Status::Failed | Status::Cancelled => 2,
        Status::Bounced if !is_permanent => 3,
        Status::Delivered => 4,
        Status::Bounced | Status::Suppressed => 5,
        Status::Complained => 6,
    }
}
