//! Answers again what was answered under an `Idempotency-Key`, or would have been.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    Status,
    error::Result,
    ledger::{IdempotencyRequest, Lookup, RecipientView, Scope},
    service::Service,
    submit::{Answer, Submission},
    telemetry,
};

impl Service {
    /// Looks up the answer to a request with this idempotency key; none for a key that is new.
    pub async fn replay(
        &self,
        api_key_id: Uuid,
        request: &IdempotencyRequest,
    ) -> Result<Option<Submission>> {
        Ok(Some(
            match self.ledger.look_up_idempotency(api_key_id, request).await? {
                Lookup::Nothing => return Ok(None),
                Lookup::OtherRequest => Submission::KeyOfOtherRequest,
                Lookup::Running { left, mailing_id } => {
                    let known = self.answer_from_ledger(mailing_id).await?;
                    if matches!(known, Submission::InProgress(_)) {
                        Submission::InProgress(left)
                    } else {
                        known
                    }
                }
                Lookup::Answered { answer, mailing_id } => match serde_json::from_value(answer) {
                    Ok(answer) => Submission::Replayed(answer),
                    // Another version has written it, or it is damaged; the mailing tells the same.
                    Err(_) => self.answer_from_ledger(mailing_id).await?,
                },
                Lookup::Unanswered(id) => self.answer_from_ledger(id).await?,
            },
        ))
    }

    /// Stores the answer for replays. That a mail is sent need not be stored: the ledger says the same for as long as the
    /// key is remembered, because nothing comes after `sent`.
    pub(crate) async fn store_answer(
        &self,
        api_key_id: Uuid,
        request: &IdempotencyRequest,
        answer: &Answer,
    ) {
        let stored = match serde_json::to_value(answer) {
            Ok(answer) => {
                self.ledger
                    .store_answer(api_key_id, &request.key, answer)
                    .await
            }
            Err(source) => Err(crate::Error::Corrupt {
                what: "answer",
                source,
            }),
        };
        if let Err(error) = stored {
            tracing::warn!(
                error = telemetry::causes(&error),
                "the answer of an idempotency key was not stored"
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
        let has_copies = mailing.envelope.copies().next().is_some();
        let suppressed_copies = if has_copies {
            self.ledger.left_out_copies(id).await?
        } else {
            Vec::new()
        };
        let queued = |accepted, queued_at| Answer::Queued {
            id,
            email_id: email_id.clone(),
            accepted,
            queued_at,
            suppressed_copies: suppressed_copies.clone(),
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
        // Since when it is queued changes with a resend.
        if only.queued_at.is_some() {
            return Ok(Submission::Replayed(queued(1, mailing.created_at)));
        }
        if let Some(left) = still_at_work(&only, now) {
            return Ok(Submission::InProgress(left));
        }
        // What was learned after the mail was sent does not change what was answered.
        if let (Some(sent_at), Some(message_id)) = (only.sent_at, only.message_id.clone()) {
            return Ok(Submission::Replayed(Answer::Sent {
                suppressed_copies,
                id,
                email_id,
                email_recipient_id: only.email_recipient_id,
                recipient: only.recipient,
                message_id,
                sent_at,
            }));
        }
        Ok(Submission::Replayed(match only.status {
            Status::Failed => Answer::Rejected {
                id,
                reason: only.last_error.unwrap_or_default(),
            },
            Status::Suppressed => Answer::Suppressed {
                id,
                reason: suppression_of(only.status_detail.as_deref()),
            },
            // Its lease is over: the sweep will find the same.
            Status::Sending | Status::Unconfirmed => Answer::Unconfirmed {
                id,
                email_id,
                suppressed_copies,
            },
            Status::Queued
            | Status::Cancelled
            | Status::Sent
            | Status::Delivered
            | Status::Bounced
            | Status::Complained => queued(1, mailing.created_at),
        }))
    }
}

fn suppression_of(detail: Option<&str>) -> String {
    let detail = detail.unwrap_or_default();
    detail
        .strip_prefix("suppressed_")
        .unwrap_or(detail)
        .to_owned()
}

/// The rest of the lease under which the recipient may be being sent.
fn still_at_work(recipient: &RecipientView, now: i64) -> Option<Duration> {
    let left = recipient
        .lease_until
        .filter(|_| recipient.status.is_open())?
        - now;
    (left > 0).then(|| Duration::from_millis(left.unsigned_abs()))
}
