//! Accepts a request: stores it in the ledger, then sends it at once or enqueues wake-ups for it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::Result,
    fail_point,
    ledger::{IdempotencyRequest, NewEntry, StoreOutcome},
    limits::Meter,
    mailing::Templates,
    message::{CallerId, NewMailing},
    service::Service,
    telemetry,
    wake_up::wake_ups,
};

/// An answer may come this long after its deadline.
const LEEWAY: Duration = Duration::from_secs(1);

/// The answer to a caller.
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
        /// The places of the copies that were left out, because their addresses must not be mailed.
        #[serde(default)]
        suppressed_copies: Vec<String>,
    },
    Queued {
        id: Uuid,
        email_id: Option<CallerId>,
        accepted: u64,
        queued_at: i64,
        /// Those that the first attempt of a single mail left out.
        #[serde(default)]
        suppressed_copies: Vec<String>,
    },
    /// It cannot be known whether the mail went out.
    Unconfirmed {
        id: Uuid,
        email_id: Option<CallerId>,
        #[serde(default)]
        suppressed_copies: Vec<String>,
    },
    /// Refused for good.
    Rejected { id: Uuid, reason: String },
    /// The recipient must not be mailed; the reason is one of `SuppressionReason`.
    Suppressed { id: Uuid, reason: String },
}

impl Answer {
    /// Of the mailing.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Sent { id, .. }
            | Self::Queued { id, .. }
            | Self::Unconfirmed { id, .. }
            | Self::Rejected { id, .. }
            | Self::Suppressed { id, .. } => *id,
        }
    }
}

#[derive(Debug)]
pub enum Submission {
    Answered(Answer),
    /// The answer of the first request with this idempotency key.
    Replayed(Answer),
    KeyOfOtherRequest,
    /// The API key was revoked meanwhile; nothing was stored.
    Revoked,
    /// So many recipients exceed a limit of the API key; nothing was stored, and the request is counted.
    OverLimit {
        recipients: usize,
    },
    /// The time of `expires_at` has passed, or passes before `send_at`; nothing was stored.
    Expired,
    /// It is planned for more than 30 days ahead; nothing was stored.
    TooFarAhead,
    /// The first request is still at work, at most for this long.
    InProgress(Duration),
}

/// A valid request and what goes with it.
#[derive(Debug)]
pub struct NewSubmission {
    pub api_key_id: Uuid,
    /// That of the request.
    pub meter: Arc<Meter>,
    pub request: NewMailing,
    /// Those of the request.
    pub templates: Templates,
    pub idempotency: Option<IdempotencyRequest>,
    /// Queue it even for one recipient.
    pub respond_async: bool,
    /// By when the caller has an answer.
    pub deadline: Instant,
}

impl Service {
    /// Accepts a request, in a task that goes on to its end even if the caller hangs up.
    pub async fn submit(self: &Arc<Self>, new: NewSubmission) -> Result<Submission> {
        let deadline = new.deadline;
        let task = self.tasks.spawn(Box::pin(Arc::clone(self).accept(new)));
        let last = (deadline + LEEWAY).into();
        match tokio::time::timeout_at(last, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(crate::Error::Overdue),
        }
    }

    /// Publishes the end of a single mail that was stored with it, in the background.
    fn publish_end(self: &Arc<Self>, mailing_id: Uuid) {
        let service = Arc::clone(self);
        self.tasks.spawn(async move {
            match service.ledger.update_of(mailing_id, 0).await {
                Ok(update) => service.publisher.publish(update.as_slice()).await,
                Err(error) => tracing::warn!(
                    mail.id = %mailing_id, error = telemetry::causes(&error),
                    "an end was not published, the sweep publishes it"
                ),
            }
        });
    }

    async fn accept(self: Arc<Self>, mut new: NewSubmission) -> Result<Submission> {
        let deadline = new.deadline;
        let links = self.unsubscribe_links(&new.request.envelope).await?;
        new.request.envelope.needs_links = links.is_some();
        let entry = NewEntry {
            api_key_id: new.api_key_id,
            request: &new.request,
            claimed: new.request.recipients.len() == 1
                && !new.respond_async
                && new.request.send_at.is_none(),
            idempotency: new.idempotency.as_ref(),
            meter: Some(&new.meter),
        };
        let stored = if entry.claimed {
            self.pace.start_single(entry, deadline).await?
        } else {
            self.ledger.store(entry).await?
        };
        let stored = match stored {
            StoreOutcome::Stored(stored) => stored,
            StoreOutcome::Revoked => return Ok(Submission::Revoked),
            StoreOutcome::OverLimit => {
                self.ledger.count_request(&new.meter).await?;
                let recipients = new.request.addressees();
                return Ok(Submission::OverLimit { recipients });
            }
            outcome @ (StoreOutcome::Expired
            | StoreOutcome::TooFarAhead
            | StoreOutcome::KeyTaken) => {
                let replayed = match &new.idempotency {
                    Some(request) => self.replay(new.api_key_id, request).await?,
                    None => None,
                };
                return Ok(match (replayed, outcome) {
                    (Some(replayed), _) => replayed,
                    (None, StoreOutcome::Expired) => Submission::Expired,
                    (None, StoreOutcome::TooFarAhead) => Submission::TooFarAhead,
                    // The record expired in between: the next request with this key starts afresh.
                    (None, _) => Submission::InProgress(Duration::from_secs(1)),
                });
            }
        };
        fail_point!("stored");
        if let Some(reason) = stored.suppressed {
            self.publish_end(stored.id);
            return Ok(Submission::Answered(Answer::Suppressed {
                id: stored.id,
                reason: reason.as_str().to_owned(),
            }));
        }
        let email_id = new.request.envelope.ids.email_id.clone();
        let accepted = new.request.recipients.len();
        let planned = new.request.send_at > Some(stored.stored_at);
        let claim = stored.to_claim(new.api_key_id, new.request, new.templates, links);
        let Some((mailing, claim)) = claim else {
            // What is planned is woken when it is due.
            let to_wake = if planned { 0 } else { accepted };
            let positions: Vec<i32> = (0..).take(to_wake).collect();
            let wake_ups = wake_ups(new.api_key_id, stored.id, &positions);
            let service = Arc::clone(&self);
            let enqueuing = self
                .tasks
                .spawn(async move { service.enqueue_wake_ups(wake_ups).await });
            // The sweep enqueues what the queue does not take in time: it is stored.
            let _ = tokio::time::timeout_at(deadline.into(), enqueuing).await;
            fail_point!("woken");
            return Ok(Submission::Answered(Answer::Queued {
                id: stored.id,
                email_id,
                accepted: accepted as u64,
                queued_at: stored.stored_at,
                // They are looked up when the mail is sent.
                suppressed_copies: Vec::new(),
            }));
        };
        let answer = self
            .send_now(Arc::new(mailing), claim, stored, deadline)
            .await;
        if let Some(request) = new.idempotency
            && !matches!(answer, Answer::Sent { .. })
        {
            let (service, stored) = (Arc::clone(&self), answer.clone());
            let storing = self.tasks.spawn(async move {
                service
                    .store_answer(new.api_key_id, &request, &stored)
                    .await;
            });
            // A replay without a stored answer is answered from the mailing, so the caller waits no longer for it.
            let _ = tokio::time::timeout_at(deadline.into(), storing).await;
        }
        Ok(Submission::Answered(answer))
    }
}
