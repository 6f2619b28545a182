//! One call to the transport: mark, send, write down. In this order, always.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entity::recipient::Model;

use crate::{
    error::Result,
    ledger::{Claim, ClaimedRecipient, Mailing, Outcome, Reason},
    service::Service,
    telemetry,
};

/// Kept free of an answer's time for writing down what the transport said.
const TO_RECORD: Duration = Duration::from_secs(4);

impl Service {
    /// Sends to everybody in the claim, call by call, and gives back what the process's end leaves.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
    ) -> Result<()> {
        // What has expired meanwhile is the sweep's, as soon as nobody holds it.
        let mut left_out = false;
        for recipients in claim.recipients.chunks(self.mailer.recipients_per_call()) {
            if self.stop.is_cancelled() {
                return self.ledger.release(claim).await;
            }
            let outcomes = self.transmit(mailing, claim, recipients, None).await?;
            left_out |= outcomes.len() < recipients.len();
            if !outcomes.is_empty() {
                self.record(claim, &outcomes).await?;
            }
        }
        if left_out {
            self.ledger.release(claim).await?;
        }
        Ok(())
    }

    /// Marks the recipients as `sending` and makes the call, if there is time for it before the deadline and the
    /// end of the lease. Whoever was cancelled meanwhile is left out.
    pub(crate) async fn transmit(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
        recipients: &[ClaimedRecipient],
        deadline: Option<Instant>,
    ) -> Result<Vec<(i32, Outcome)>> {
        let started = Instant::now();
        let positions: Vec<i32> = recipients
            .iter()
            .map(|recipient| recipient.position)
            .collect();
        let begun = match self.ledger.begin_sending(claim, &positions).await {
            Ok(begun) => begun,
            Err(error) => {
                self.take_back(claim, positions);
                return Err(error);
            }
        };
        if begun.is_empty() {
            return Ok(Vec::new());
        }
        let Some(limit) = self.time_to_send(started, deadline) else {
            self.take_back(claim, begun);
            return Ok(Vec::new());
        };
        let recipients: Vec<ClaimedRecipient> = recipients
            .iter()
            .filter(|recipient| begun.binary_search(&recipient.position).is_ok())
            .cloned()
            .collect();
        let called = Instant::now();
        let outcomes = self.mailer.send(mailing, &recipients, limit).await;
        telemetry::call_made(mailing.id, recipients.len(), called.elapsed());
        Ok(recipients
            .iter()
            .zip(outcomes)
            .map(|(recipient, outcome)| {
                (
                    recipient.position,
                    self.unless_exhausted(recipient, outcome),
                )
            })
            .collect())
    }

    /// How long a call may take. The lease was renewed after `started`; a third of it is for the call, another for
    /// writing down what came of it.
    fn time_to_send(&self, started: Instant, deadline: Option<Instant>) -> Option<Duration> {
        let limit = self.config.send_timeout();
        if started.elapsed() > self.config.lease / 3 {
            return None;
        }
        let Some(deadline) = deadline else {
            return Some(limit);
        };
        let left = deadline.saturating_duration_since(Instant::now() + TO_RECORD);
        let limit = limit.min(left);
        (!limit.is_zero()).then_some(limit)
    }

    /// In the background: the ledger may be away for longer than anybody waits.
    fn take_back(self: &Arc<Self>, claim: &Arc<Claim>, positions: Vec<i32>) {
        let (service, claim) = (Arc::clone(self), Arc::clone(claim));
        self.tasks.spawn(async move {
            if let Err(error) = service.ledger.take_back(&claim, &positions).await {
                tracing::error!(
                    mail.id = %claim.mailing_id, error = &error as &dyn std::error::Error,
                    "mail that was not sent could not be given back"
                );
            }
        });
    }

    /// Writes the outcomes down and tells of those that are an end.
    pub(crate) async fn record(
        &self,
        claim: &Claim,
        outcomes: &[(i32, Outcome)],
    ) -> Result<Vec<Model>> {
        let rows = self.ledger.record(claim, outcomes).await?;
        rows.iter().for_each(telemetry::recipient_moved);
        Ok(rows)
    }

    /// What has been tried often enough fails instead of being tried once more.
    fn unless_exhausted(&self, recipient: &ClaimedRecipient, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::NotAccepted { reason, fault, .. }
                if fault.counts() && recipient.attempts + 1 >= self.config.max_attempts =>
            {
                Outcome::Refused(Reason {
                    code: "attempts_exhausted",
                    text: reason.text,
                })
            }
            other => other,
        }
    }
}
