//! A single mail: sent at once, while the caller waits for what becomes of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entity::recipient::Model;
use tokio::{
    sync::oneshot,
    time::{timeout, timeout_at},
};

use crate::{
    deliver::TO_RECORD,
    error::Result,
    ledger::{Claim, Health},
    mailer::Call,
    mailing::Mailing,
    outcome::Outcome,
    pace::Permission,
    service::Service,
    submit::Answer,
    telemetry, timestamp,
    wake_up::wake_ups,
};

/// What becomes of a mail, as its call goes on.
struct Reports {
    /// What the transport answered; nothing where no call was made.
    outcome: oneshot::Sender<Outcome>,
    /// The row, once the outcome is written down.
    row: oneshot::Sender<Model>,
}

/// The other ends, of the one that waits.
struct Waiting {
    outcome: oneshot::Receiver<Outcome>,
    row: oneshot::Receiver<Model>,
}

fn reports() -> (Reports, Waiting) {
    let (outcome, outcome_reported) = oneshot::channel();
    let (row, row_reported) = oneshot::channel();
    let waiting = Waiting {
        outcome: outcome_reported,
        row: row_reported,
    };
    (Reports { outcome, row }, waiting)
}

impl Service {
    /// Answers by the deadline. A call that is still under way then goes on, and what comes of it is written down. From
    /// here on the mail is in the ledger, so that every failure has an answer.
    pub(crate) async fn send_now(
        self: &Arc<Self>,
        mailing: Arc<Mailing>,
        claim: Claim,
        stored_at: i64,
        deadline: Instant,
    ) -> Answer {
        // Of an instance that is frozen after its answer nothing goes on.
        let call = self.new_call(self.config.is_function.then_some(deadline));
        let recipient = claim.recipients[0].recipient.clone();
        let (reports, waiting) = reports();
        let sending = Arc::clone(self).send_single(
            Arc::clone(&mailing),
            Arc::new(claim),
            call.clone(),
            deadline,
            reports,
        );
        self.tasks.spawn(sending);

        let ids = &mailing.envelope.ids;
        let queued = |queued_at| Answer::Queued {
            id: mailing.id,
            email_id: ids.email_id.clone(),
            accepted: 1,
            queued_at,
        };
        let unconfirmed = || Answer::Unconfirmed {
            id: mailing.id,
            email_id: ids.email_id.clone(),
        };
        let answer_by = deadline.checked_sub(TO_RECORD).unwrap_or(deadline);
        let outcome = match timeout_at(answer_by.into(), waiting.outcome).await {
            Ok(Ok(outcome)) => outcome,
            // It is still under way, or has panicked.
            _ if call.is_handed_over() => return unconfirmed(),
            _ => return queued(stored_at),
        };
        let rest = deadline.saturating_duration_since(Instant::now());
        let row = timeout(rest, waiting.row).await.ok().and_then(Result::ok);
        if row.is_none() {
            tracing::error!(mail.id = %mailing.id, "the outcome is known but not written yet");
        }
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
            Outcome::Unknown(_) => unconfirmed(),
        }
    }

    /// Goes on to its end even if nobody waits for it any more.
    async fn send_single(
        self: Arc<Self>,
        mailing: Arc<Mailing>,
        claim: Arc<Claim>,
        call: Call,
        deadline: Instant,
        reports: Reports,
    ) {
        let called = self
            .call_for_single(&mailing, &claim, &call, deadline)
            .await;
        let (outcomes, probing) = called.unwrap_or_else(|error| {
            tracing::error!(
                mail.id = %mailing.id, error = telemetry::causes(&error),
                "the ledger failed before the call, the mail waits"
            );
            (Vec::new(), false)
        });
        let Some((_, outcome)) = outcomes.first() else {
            drop(reports);
            return self.let_go(&mailing, &claim).await;
        };
        let _ = reports.outcome.send(outcome.clone());
        match self.record(&claim, &outcomes, probing).await {
            Ok(rows) => {
                if let Some(row) = rows.first() {
                    let _ = reports.row.send(row.clone());
                }
                self.tell_of(&mailing, &rows).await;
                self.wake_again(&mailing, &outcomes).await;
            }
            Err(error) => tracing::error!(
                mail.id = %claim.mailing_id, error = telemetry::causes(&error),
                "an outcome was not written down"
            ),
        }
    }

    /// Makes the call when its turn has come; there is no outcome where it does not come in time. The second part says
    /// whether the call probed the transport.
    async fn call_for_single(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
        call: &Call,
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
                self.transmit(mailing, claim, &claim.recipients, call)
                    .await?
            }
            Permission::NotFor(_) => Vec::new(),
        };
        if outcomes.is_empty() && probing {
            self.ledger.give_probe_back().await?;
        }
        Ok((outcomes, probing))
    }

    /// What was not begun need not wait for the end of its lease.
    async fn let_go(&self, mailing: &Mailing, claim: &Claim) {
        if let Err(error) = self.ledger.release(claim).await {
            tracing::warn!(
                mail.id = %claim.mailing_id, error = telemetry::causes(&error),
                "a claim was not given back, it ends with its lease"
            );
        }
        for wake_up in wake_ups(mailing.api_key_id, mailing.id, &[0]) {
            self.call_later(wake_up, Duration::ZERO).await;
        }
    }
}
