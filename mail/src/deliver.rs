//! One call to the transport: mark, send, write down. In this order, always.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entity::recipient::Model;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    error::Result,
    fail_point,
    ledger::{Claim, Health},
    mailer::Call,
    mailing::{ClaimedRecipient, Mailing},
    outcome::{Outcome, Reason, StatusDetail},
    pace::Permission,
    service::Service,
    telemetry,
    wake_up::{Range, WakeUp},
};

/// Kept free of an answer's time for writing down what the transport said.
pub(crate) const TO_RECORD: Duration = Duration::from_secs(4);

impl Service {
    /// Sends to everybody in the claim, call by call, as long as there is time. Gives the rest back, and says when
    /// it makes sense to go on with it.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
        health: Health,
        until: Option<Instant>,
    ) -> Result<Option<Duration>> {
        // What has expired meanwhile is the sweep's, as soon as nobody holds it.
        let mut left_out = false;
        let per_call = self.recipients_per_call().await?;
        for recipients in claim.recipients.chunks(per_call) {
            let turn = match self.patience(until) {
                Some(patience) => self.wait_for_turn(recipients.len(), patience).await?,
                None => Permission::NotFor(Duration::ZERO),
            };
            // The call before may have found that the transport serves nobody.
            let health = match (turn, health) {
                (Permission::Go, Health::Well | Health::Held(_)) => self.health().await?,
                (_, health) => health,
            };
            let turn = match (turn, health) {
                (Permission::Go, Health::Held(wait)) => Permission::NotFor(wait),
                (turn, _) => turn,
            };
            let probing = health == Health::Probe;
            if let Permission::NotFor(wait) = turn {
                self.ledger.release(claim).await?;
                if probing {
                    self.ledger.give_probe_back().await?;
                }
                return Ok(Some(wait));
            }
            fail_point!("turn");
            let call = self.new_call(until);
            let outcomes = self.transmit(mailing, claim, recipients, &call).await?;
            left_out |= outcomes.len() < recipients.len();
            if outcomes.is_empty() && probing {
                self.ledger.give_probe_back().await?;
            }
            if !outcomes.is_empty() {
                let rows = self.record(claim, &outcomes, probing).await?;
                self.tell_of(mailing, &rows).await;
                self.wake_again(mailing, &outcomes).await;
            }
        }
        if left_out {
            self.ledger.release(claim).await?;
        }
        Ok(None)
    }

    /// How long a call may wait for its turn; nothing where there is no time for it any more. No longer than a third
    /// of the lease: the others are for the call and for writing down what came of it.
    pub(crate) fn patience(&self, until: Option<Instant>) -> Option<Duration> {
        if self.stop.is_cancelled() {
            return None;
        }
        let patience = self.config.lease / 3;
        let Some(until) = until else {
            return Some(patience);
        };
        let for_call = self.config.send_timeout() + TO_RECORD;
        let left = until.checked_duration_since(Instant::now() + for_call)?;
        Some(patience.min(left))
    }

    /// Has the queue call for what is to be tried again; a process that looks into the ledger finds it by itself.
    pub(crate) async fn wake_again(&self, mailing: &Mailing, outcomes: &[(i32, Outcome)]) {
        let again = outcomes.iter().filter_map(|(position, outcome)| {
            let Outcome::NotAccepted { again_in, .. } = outcome else {
                return None;
            };
            Some((*position, *again_in))
        });
        let (positions, waits): (Vec<i32>, Vec<Duration>) = again.unzip();
        let (Some(first), Some(last), Some(wait)) = (
            positions.iter().min(),
            positions.iter().max(),
            waits.into_iter().max(),
        ) else {
            return;
        };
        let range = Range {
            mailing_id: mailing.id,
            first: *first,
            last: *last,
        };
        let wake_up = WakeUp {
            range,
            api_key_id: mailing.api_key_id,
        };
        self.call_later(wake_up, wait).await;
    }

    /// A call that is over early enough to write down by then what came of it.
    pub(crate) fn new_call(&self, until: Option<Instant>) -> Call {
        let longest = self.config.longest_call();
        let limit = until.map_or(longest, |until| {
            longest.min(until.saturating_duration_since(Instant::now() + TO_RECORD))
        });
        Call::new(limit, self.stop.clone())
    }

    /// Marks the recipients as `sending` and makes the call, if there is time for it before its deadline and the
    /// end of the lease. Whoever was cancelled meanwhile is left out.
    pub(crate) async fn transmit(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
        recipients: &[ClaimedRecipient],
        call: &Call,
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
        // The lease was renewed after `started`; a part of it is for writing down what came of the call.
        if started.elapsed() > self.config.lease / 3 || call.left().is_zero() {
            self.take_back(claim, begun);
            return Ok(Vec::new());
        }
        let recipients: Vec<ClaimedRecipient> = recipients
            .iter()
            .filter(|recipient| begun.binary_search(&recipient.position).is_ok())
            .cloned()
            .collect();
        fail_point!("sending");
        let called = Instant::now();
        let renewing = self.keep_lease(claim, begun);
        let outcomes = self.mailer.send(mailing, &recipients, call).await;
        drop(renewing);
        fail_point!("called");
        telemetry::call_made(mailing.id, recipients.len(), called.elapsed());
        let outcomes: Vec<_> = recipients
            .iter()
            .zip(outcomes)
            .map(|(recipient, outcome)| {
                (
                    recipient.position,
                    self.unless_exhausted(recipient, outcome),
                )
            })
            .collect();
        Ok(outcomes)
    }

    /// Renews the lease of what is being sent, until the returned handle is dropped. A row that was settled meanwhile
    /// stays as it is.
    fn keep_lease(
        self: &Arc<Self>,
        claim: &Arc<Claim>,
        positions: Vec<i32>,
    ) -> AbortOnDropHandle<()> {
        let (service, claim) = (Arc::clone(self), Arc::clone(claim));
        let every = self.config.lease / 3;
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                if let Err(error) = service.ledger.renew_lease(&claim, &positions).await {
                    tracing::warn!(
                        mail.id = %claim.mailing_id, error = telemetry::causes(&error),
                        "the lease of a call that is under way was not renewed"
                    );
                }
            }
        }))
    }

    /// In the background: the ledger may be away for longer than anybody waits.
    fn take_back(self: &Arc<Self>, claim: &Arc<Claim>, positions: Vec<i32>) {
        let (service, claim) = (Arc::clone(self), Arc::clone(claim));
        self.tasks.spawn(async move {
            if let Err(error) = service.ledger.take_back(&claim, &positions).await {
                tracing::error!(
                    mail.id = %claim.mailing_id, error = telemetry::causes(&error),
                    "mail that was not sent could not be given back"
                );
            }
        });
    }

    /// Writes the outcomes down, and holds the others back where they say so.
    pub(crate) async fn record(
        &self,
        claim: &Claim,
        outcomes: &[(i32, Outcome)],
        probing: bool,
    ) -> Result<Vec<Model>> {
        let rows = self.ledger.record(claim, outcomes).await?;
        fail_point!("recorded");
        self.learn_health(outcomes, probing).await;
        Ok(rows)
    }

    /// What has been tried often enough fails instead of being tried once more.
    fn unless_exhausted(&self, recipient: &ClaimedRecipient, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::NotAccepted { reason, fault, .. }
                if fault.counts() && recipient.attempts + 1 >= self.config.max_attempts =>
            {
                Outcome::Refused(Reason {
                    code: StatusDetail::AttemptsExhausted,
                    text: reason.text,
                })
            }
            other => other,
        }
    }
}
