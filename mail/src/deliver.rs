//! One call to the transport: mark, send, write down. In this order, always.

use std::time::{Duration, Instant};

use entity::recipient::Model;

use crate::{
    error::Result,
    ledger::{Claim, ClaimedRecipient, Mailing, Outcome, Reason},
    service::Service,
    telemetry,
};

impl Service {
    /// Sends to everybody in the claim, call by call, and gives back what the process's end leaves.
    pub(crate) async fn deliver(&self, mailing: &Mailing, claim: &Claim) -> Result<()> {
        for recipients in claim.recipients.chunks(self.mailer.recipients_per_call()) {
            if self.stop.is_cancelled() {
                return self.ledger.release(claim).await;
            }
            let outcomes = self
                .transmit(mailing, claim, recipients, self.config.send_timeout())
                .await?;
            self.record(claim, &outcomes).await?;
        }
        Ok(())
    }

    /// Marks the recipients as `sending` and makes the call. Whoever was cancelled meanwhile is left out.
    pub(crate) async fn transmit(
        &self,
        mailing: &Mailing,
        claim: &Claim,
        recipients: &[ClaimedRecipient],
        limit: Duration,
    ) -> Result<Vec<(i32, Outcome)>> {
        let positions: Vec<i32> = recipients
            .iter()
            .map(|recipient| recipient.position)
            .collect();
        let begun = self.ledger.begin_sending(claim, &positions).await?;
        let recipients: Vec<ClaimedRecipient> = recipients
            .iter()
            .filter(|recipient| begun.binary_search(&recipient.position).is_ok())
            .cloned()
            .collect();
        if recipients.is_empty() {
            return Ok(Vec::new());
        }
        let started = Instant::now();
        let outcomes = self.mailer.send(mailing, &recipients, limit).await;
        telemetry::call_made(mailing.id, recipients.len(), started.elapsed());
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
            Outcome::NotAccepted {
                reason,
                counts: true,
                ..
            } if recipient.attempts + 1 >= self.config.max_attempts => Outcome::Refused(Reason {
                code: "attempts_exhausted",
                text: reason.text,
            }),
            other => other,
        }
    }
}
