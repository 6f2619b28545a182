//! Takes a request in: first into the ledger, then out at once or through the queue.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entity::recipient::Model;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::Result,
    fail_point,
    ledger::{Claim, Health, IdempotencyRequest, Mailing, NewEntry, Outcome, StoreOutcome, ranges},
    message::{CallerId, NewMailing},
    pace::Permission,
    service::Service,
    timestamp,
};

/// How long after its deadline an answer may still come.
const LEEWAY: Duration = Duration::from_secs(1);

/// What a caller is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Sent {
        id: Uuid,
        email_id: Option<CallerId>,
        email_recipient_id: Option<CallerId>,
        recipient: Option<String>,
        message_id: String,
        sent_at: i64,
    },
    Queued {
        id: Uuid,
        email_id: Option<CallerId>,
        accepted: u64,
        queued_at: i64,
    },
    /// Nobody can know whether it went out.
    Unconfirmed {
        id: Uuid,
        email_id: Option<CallerId>,
    },
    /// Refused for good.
    Rejected { id: Uuid, reason: String },
}

impl Answer {
    /// Of the mailing.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Sent { id, .. }
            | Self::Queued { id, .. }
            | Self::Unconfirmed { id, .. }
            | Self::Rejected { id, .. } => *id,
        }
    }
}

#[derive(Debug)]
pub enum Submission {
    Answered(Answer),
    /// What the first request under this idempotency key was answered.
    Replayed(Answer),
    KeyOfOtherRequest,
    /// The first request is still at work, at most for this long.
    InProgress(Duration),
}

/// A valid request and what goes with it.
#[derive(Debug)]
pub struct NewSubmission {
    pub api_key_id: Uuid,
    pub request: NewMailing,
    pub idempotency: Option<IdempotencyRequest>,
    /// Queue it even for one recipient.
    pub respond_async: bool,
    /// By when the caller has an answer.
    pub deadline: Instant,
}

impl Service {
    /// Goes on to its end even if the caller hangs up.
    pub async fn submit(self: &Arc<Self>, new: NewSubmission) -> Result<Submission> {
        let (service, deadline) = (Arc::clone(self), new.deadline);
        let task = self.tasks.spawn(async move { service.take_in(new).await });
        let last = (deadline + LEEWAY).into();
        match tokio::time::timeout_at(last, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(crate::Error::Overdue),
        }
    }

    async fn take_in(self: Arc<Self>, new: NewSubmission) -> Result<Submission> {
        let deadline = new.deadline;
        let direct = new.request.recipients.len() == 1 && !new.respond_async;
        let entry = NewEntry {
            api_key_id: new.api_key_id,
            request: &new.request,
            claimed: direct,
            idempotency: new.idempotency.as_ref(),
        };
        let (mailing, claim, stored_at) = match self.ledger.store(entry).await? {
            StoreOutcome::Stored {
                mailing,
                claim,
                stored_at,
            } => (*mailing, claim, stored_at),
            StoreOutcome::KeyTaken => {
                let replayed = match &new.idempotency {
                    Some(request) => self.replay(new.api_key_id, request).await?,
                    None => None,
                };
                // It expired in between: whoever asks again starts afresh.
                return Ok(replayed.unwrap_or(Submission::InProgress(Duration::from_secs(1))));
            }
        };
        fail_point!("stored");
        let email_id = mailing.envelope.ids.email_id.clone();
        let id = mailing.id;
        let Some(claim) = claim else {
            let accepted = new.request.recipients.len();
            let positions: Vec<i32> = (0..).take(accepted).collect();
            let (service, ranges) = (Arc::clone(&self), ranges(id, &positions));
            let calling = self.tasks.spawn(async move { service.call(ranges).await });
            // What the queue does not take in time the sweep finds: it is stored.
            let _ = tokio::time::timeout_at(deadline.into(), calling).await;
            fail_point!("woken");
            return Ok(Submission::Answered(Answer::Queued {
                id,
                email_id,
                accepted: accepted as u64,
                queued_at: stored_at,
            }));
        };
        let answer = self
            .send_now(Arc::new(mailing), claim, stored_at, deadline)
            .await;
        if let Some(request) = new.idempotency {
            let (service, kept) = (Arc::clone(&self), answer.clone());
            let keeping = self
                .tasks
                .spawn(async move { service.keep(new.api_key_id, &request, &kept).await });
            // Nobody waits longer for it: without it the answer is in the ledger.
            let _ = tokio::time::timeout_at(deadline.into(), keeping).await;
        }
        Ok(Submission::Answered(answer))
    }

    /// What was not begun need not wait for the end of its lease.
    fn let_go(self: &Arc<Self>, claim: Arc<Claim>) {
        let service = Arc::clone(self);
        self.tasks.spawn(async move {
            if let Err(error) = service.ledger.release(&claim).await {
                tracing::warn!(
                    mail.id = %claim.mailing_id, error = &error as &dyn std::error::Error,
                    "a claim was not given back, it ends with its lease"
                );
            }
            for range in ranges(claim.mailing_id, &[0]) {
                service.call_later(range, Duration::ZERO).await;
            }
        });
    }

    /// Makes the call when its turn has come; there is no outcome where it does not come in time. The second part says
    /// whether the call probed the transport.
    async fn call_for_single(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
        deadline: Instant,
    ) -> Result<(Vec<(i32, Outcome)>, bool)> {
        let health = self.health().await?;
        if matches!(health, Health::Held(_)) {
            return Ok((Vec::new(), false));
        }
        let probing = health == Health::Probe;
        let rest = deadline.saturating_duration_since(Instant::now());
        let outcomes = match self.wait_for_single_turn(rest / 4).await? {
            Permission::Go => {
                self.transmit(mailing, claim, &claim.recipients, Some(deadline))
                    .await?
            }
            Permission::NotFor(_) => Vec::new(),
        };
        if outcomes.is_empty() && probing {
            self.ledger.give_probe_back().await?;
        }
        Ok((outcomes, probing))
    }

    /// Goes on to its end even if nobody waits for it; answers as soon as the outcome is written down.
    async fn record_and_tell(
        self: &Arc<Self>,
        mailing: &Arc<Mailing>,
        claim: Arc<Claim>,
        outcomes: Vec<(i32, Outcome)>,
        probing: bool,
    ) -> Option<Vec<Model>> {
        let (service, mailing) = (Arc::clone(self), Arc::clone(mailing));
        let (written, rows) = tokio::sync::oneshot::channel();
        self.tasks.spawn(async move {
            match service.record(&claim, &outcomes, probing).await {
                Ok(rows) => {
                    // Whoever has gone does not need them.
                    let _ = written.send(rows.clone());
                    service.tell_of(&mailing, &rows).await;
                    service.wake_again(&claim, &outcomes).await;
                }
                Err(error) => tracing::error!(
                    mail.id = %claim.mailing_id, error = &error as &dyn std::error::Error,
                    "an outcome was not written down"
                ),
            }
        });
        rows.await.ok()
    }

    /// From here on the mail is in the ledger, so that every failure has an answer.
    async fn send_now(
        self: &Arc<Self>,
        mailing: Arc<Mailing>,
        claim: Claim,
        stored_at: i64,
        deadline: Instant,
    ) -> Answer {
        let queued = |queued_at| Answer::Queued {
            id: mailing.id,
            email_id: mailing.envelope.ids.email_id.clone(),
            accepted: 1,
            queued_at,
        };
        let claim = Arc::new(claim);
        let called = self.call_for_single(&mailing, &claim, deadline).await;
        let (outcomes, probing) = called.unwrap_or_else(|error| {
            tracing::error!(
                mail.id = %mailing.id, error = &error as &dyn std::error::Error,
                "the ledger failed before the call, the mail waits"
            );
            (Vec::new(), false)
        });
        let Some((_, outcome)) = outcomes.first().cloned() else {
            self.let_go(claim);
            return queued(stored_at);
        };
        let recipient = claim.recipients[0].recipient.clone();
        let rest = deadline.saturating_duration_since(Instant::now());
        let recording = self.record_and_tell(&mailing, claim, outcomes, probing);
        let recorded = tokio::time::timeout(rest, recording).await;
        let row = if let Ok(Some(rows)) = recorded {
            rows.into_iter().next()
        } else {
            tracing::error!(mail.id = %mailing.id, "the outcome is known but not written yet");
            None
        };
        let ids = &mailing.envelope.ids;
        match outcome {
            Outcome::Accepted { message_id } => Answer::Sent {
                id: mailing.id,
                email_id: ids.email_id.clone(),
                email_recipient_id: recipient
                    .email_recipient_id
                    .or_else(|| ids.email_recipient_id.clone()),
                recipient: Some(recipient.mail.as_str().to_owned()),
                message_id,
                sent_at: row
                    .and_then(|row: Model| row.sent_at)
                    // Only where the ledger could not be asked any more.
                    .unwrap_or_else(timestamp::now),
            },
            Outcome::Refused(reason) => Answer::Rejected {
                id: mailing.id,
                reason: reason.text,
            },
            Outcome::NotAccepted { .. } => {
                queued(row.and_then(|row| row.queued_at).unwrap_or(stored_at))
            }
            Outcome::Unknown(_) => Answer::Unconfirmed {
                id: mailing.id,
                email_id: ids.email_id.clone(),
            },
        }
    }
}
