//! A single mail: sent at once, while the caller waits for what becomes of it.

use std::{sync::Arc, time::Instant};

use tokio::{
    sync::oneshot,
    time::{timeout, timeout_at},
};

use crate::{
    deliver::{Reports, TO_RECORD},
    ledger::{Claim, Stored},
    mailing::Mailing,
    message::Recipient,
    outcome::Outcome,
    recipient_update::RecipientUpdate,
    service::Service,
    submit::Answer,
    timestamp,
};

/// The other ends of [`Reports`], which the request reads.
struct Waiting {
    outcome: oneshot::Receiver<Outcome>,
    update: oneshot::Receiver<RecipientUpdate>,
}

fn reports() -> (Reports, Waiting) {
    let (outcome, reported_outcome) = oneshot::channel();
    let (update, reported_update) = oneshot::channel();
    let waiting = Waiting {
        outcome: reported_outcome,
        update: reported_update,
    };
    (Reports { outcome, update }, waiting)
}

impl Service {
    /// Answers by the deadline. A call that is still under way then goes on, and what comes of it is written down. From
    /// here on the mail is in the ledger, so that every failure has an answer.
    pub(crate) async fn send_now(
        self: &Arc<Self>,
        mailing: Arc<Mailing>,
        claim: Claim,
        stored: Stored,
        deadline: Instant,
    ) -> Answer {
        let stored_at = stored.stored_at;
        // Of an instance that is frozen after its answer nothing goes on.
        let call = self.new_call(self.config.is_function.then_some(deadline));
        let recipient = claim.recipients[0].recipient.clone();
        let (reports, waiting) = reports();
        let sending = Arc::clone(self).deliver_single(
            Arc::clone(&mailing),
            Arc::new(claim),
            call.clone(),
            stored.start,
            deadline,
            reports,
        );
        self.tasks.spawn(sending);

        let answer_by = deadline.checked_sub(TO_RECORD).unwrap_or(deadline);
        let outcome = match timeout_at(answer_by.into(), waiting.outcome).await {
            Ok(Ok(outcome)) => outcome,
            // It is still under way, or has panicked.
            _ if call.is_handed_over() => return unconfirmed(&mailing),
            _ => return queued(&mailing, stored_at),
        };
        let rest = deadline.saturating_duration_since(Instant::now());
        let update = timeout(rest, waiting.update)
            .await
            .ok()
            .and_then(Result::ok);
        if update.is_none() {
            tracing::error!(mail.id = %mailing.id, "the outcome is known but not written yet");
        }
        answer(&mailing, recipient, outcome, update, stored_at)
    }
}

/// The answer to the caller, from the transport's answer and, where it was written down in time, the recipient's row.
fn answer(
    mailing: &Mailing,
    recipient: Recipient,
    outcome: Outcome,
    update: Option<RecipientUpdate>,
    stored_at: i64,
) -> Answer {
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
            sent_at: update
                .and_then(|update| update.sent_at)
                // Only where the ledger did not answer in time.
                .unwrap_or_else(timestamp::now),
            suppressed_copies: mailing.suppressed_copies.clone(),
        },
        Outcome::Refused(reason) => Answer::Rejected {
            id: mailing.id,
            reason: reason.text,
        },
        Outcome::NotAccepted { .. } => {
            let queued_at = update.and_then(|update| update.queued_at);
            queued(mailing, queued_at.unwrap_or(stored_at))
        }
        Outcome::Unknown(_) => unconfirmed(mailing),
    }
}

fn queued(mailing: &Mailing, queued_at: i64) -> Answer {
    Answer::Queued {
        id: mailing.id,
        email_id: mailing.envelope.ids.email_id.clone(),
        accepted: 1,
        queued_at,
        suppressed_copies: mailing.suppressed_copies.clone(),
    }
}

fn unconfirmed(mailing: &Mailing) -> Answer {
    Answer::Unconfirmed {
        id: mailing.id,
        email_id: mailing.envelope.ids.email_id.clone(),
        suppressed_copies: mailing.suppressed_copies.clone(),
    }
}
