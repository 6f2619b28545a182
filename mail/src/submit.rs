//! Takes a request in: first into the ledger, then out at once or through the queue.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use entity::recipient::{Model, Status};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::Result,
    ledger::{
        Claim, IdempotencyRequest, Kept, Mailing, NewEntry, Outcome, RecipientView, Scope,
        StoreOutcome, ranges,
    },
    message::{CallerId, NewMailing},
    service::Service,
};

/// By when a caller has an answer if the ledger cannot even store the mail.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24);
/// By when a caller has an answer once the mail is stored.
const ANSWER_WITHIN: Duration = Duration::from_secs(23);
/// Kept free for writing down what the transport said.
const TO_RECORD: Duration = Duration::from_secs(4);

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
}

impl Service {
    /// What a request under this idempotency key gets without being looked at; nothing for a new one.
    pub async fn replay(
        &self,
        api_key_id: Uuid,
        request: &IdempotencyRequest,
    ) -> Result<Option<Submission>> {
        Ok(Some(match self.ledger.kept(api_key_id, request).await? {
            Kept::Nothing => return Ok(None),
            Kept::OtherRequest => Submission::KeyOfOtherRequest,
            Kept::Running(left) => Submission::InProgress(left),
            Kept::Answered(answer) => match serde_json::from_value(answer) {
                Ok(answer) => Submission::Replayed(answer),
                Err(source) => {
                    return Err(crate::Error::Corrupt {
                        what: "answer",
                        source,
                    });
                }
            },
            Kept::Unanswered(id) => self.answer_from_ledger(id).await?,
        }))
    }

    /// Goes on to its end even if the caller hangs up.
    pub async fn submit(self: &Arc<Self>, new: NewSubmission) -> Result<Submission> {
        let service = Arc::clone(self);
        let task = self.tasks.spawn(async move { service.take_in(new).await });
        match tokio::time::timeout(GIVE_UP_AFTER, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(crate::Error::Overdue),
        }
    }

    async fn take_in(self: Arc<Self>, new: NewSubmission) -> Result<Submission> {
        let deadline = Instant::now() + ANSWER_WITHIN;
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
        let email_id = mailing.envelope.ids.email_id.clone();
        let id = mailing.id;
        let Some(claim) = claim else {
            let accepted = new.request.recipients.len();
            let positions: Vec<i32> = (0..).take(accepted).collect();
            self.queue.wake(ranges(id, &positions));
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
        if let Some(request) = &new.idempotency {
            self.keep(new.api_key_id, request, &answer).await;
        }
        Ok(Submission::Answered(answer))
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
        let left = deadline.saturating_duration_since(Instant::now() + TO_RECORD);
        let limit = left.min(self.config.send_timeout());
        let transmitted = self
            .transmit(&mailing, &claim, &claim.recipients, limit)
            .await;
        let outcomes = match transmitted {
            Ok(outcomes) => outcomes,
            Err(error) => {
                tracing::error!(
                    mail.id = %mailing.id, error = &error as &dyn std::error::Error,
                    "the ledger failed before the call, the mail waits"
                );
                return queued(stored_at);
            }
        };
        let Some((_, outcome)) = outcomes.first().cloned() else {
            return queued(stored_at);
        };
        let recipient = claim.recipients[0].recipient.clone();
        let service = Arc::clone(self);
        let recording = self
            .tasks
            .spawn(async move { service.record(&claim, &outcomes).await });
        let rest = deadline.saturating_duration_since(Instant::now());
        let row = match tokio::time::timeout(rest, recording).await {
            Ok(Ok(Ok(rows))) => rows.into_iter().next(),
            failed => {
                tracing::error!(mail.id = %mailing.id, ?failed, "the outcome is known but not written yet");
                None
            }
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
                    .unwrap_or_else(instance_clock),
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

    /// Without it the next asker is answered from the ledger.
    async fn keep(&self, api_key_id: Uuid, request: &IdempotencyRequest, answer: &Answer) {
        let kept = match serde_json::to_value(answer) {
            Ok(answer) => {
                self.ledger
                    .keep_answer(api_key_id, &request.key, answer)
                    .await
            }
            Err(source) => Err(crate::Error::Corrupt {
                what: "answer",
                source,
            }),
        };
        if let Err(error) = kept {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "an answer was not kept"
            );
        }
    }

    /// The first request died before it answered; what it did is in the ledger.
    async fn answer_from_ledger(&self, id: Uuid) -> Result<Submission> {
        let now = self.ledger.clock().await?;
        let Some(mailing) = self.ledger.mailing_summary(Scope::Everybody, id).await? else {
            return Ok(Submission::InProgress(Duration::from_secs(1)));
        };
        let email_id = mailing.envelope.ids.email_id.clone();
        let queued = |accepted, queued_at| Answer::Queued {
            id,
            email_id: email_id.clone(),
            accepted,
            queued_at,
        };
        let page = self
            .ledger
            .recipients(Scope::Everybody, id, None, None, 1)
            .await?;
        let only = page
            .filter(|page| page.next.is_none())
            .and_then(|page| page.items.into_iter().next());
        let Some(only) = only else {
            return Ok(Submission::Replayed(queued(
                mailing.counts.total(),
                mailing.created_at,
            )));
        };
        if let Some(queued_at) = only.queued_at {
            return Ok(Submission::Replayed(queued(1, queued_at)));
        }
        if let Some(left) = still_at_work(&only, now) {
            return Ok(Submission::InProgress(left));
        }
        Ok(Submission::Replayed(match (only.status, only.message_id) {
            (Status::Sent, Some(message_id)) => Answer::Sent {
                id,
                email_id,
                email_recipient_id: only.email_recipient_id,
                recipient: only.recipient,
                message_id,
                sent_at: only.sent_at.unwrap_or(mailing.created_at),
            },
            (Status::Failed, _) => Answer::Rejected {
                id,
                reason: only.last_error.unwrap_or_default(),
            },
            // Its lease is over: the sweep will find the same.
            (Status::Sending | Status::Unconfirmed, _) => Answer::Unconfirmed { id, email_id },
            _ => queued(1, mailing.created_at),
        }))
    }
}

/// How much longer somebody may be sending it.
fn still_at_work(recipient: &RecipientView, now: i64) -> Option<Duration> {
    let open = matches!(recipient.status, Status::Queued | Status::Sending);
    let left = recipient.lease_until.filter(|_| open)? - now;
    (left > 0).then(|| Duration::from_millis(left.unsigned_abs()))
}

/// Only where the ledger could not be asked any more.
fn instance_clock() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
