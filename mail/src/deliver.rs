//! One call to the transport: turn, transmit, record, publish, wake. In this order, always.

mod lease;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};

use crate::{
    error::Result,
    fail_point,
    ledger::{Claim, Health, Start},
    mailer::Call,
    mailing::{ClaimedRecipient, Mailing},
    outcome::{Outcome, Reason, StatusDetail},
    pace::{Permission, single_patience},
    recipient_update::RecipientUpdate,
    service::Service,
    telemetry,
};

/// Kept free of an answer's time for writing down what the transport said.
pub(crate) const TO_RECORD: Duration = Duration::from_secs(4);
/// The number of outcomes that are written down at once.
const MOST_AT_ONCE: usize = 50;

/// The place that a call takes among all calls: single mails go before mailings.
#[derive(Clone, Copy, Debug)]
enum Priority {
    /// A mailing's call waits for its turn as long as there is time before `until`.
    Mailing { until: Option<Instant> },
    /// A single mail's caller waits for an answer by the deadline. Its turn may have been taken when it was stored.
    Single {
        deadline: Instant,
        turn_in: Option<Duration>,
    },
}

/// The parts that the calls for one claim share.
#[derive(Clone, Copy)]
struct Delivery<'a> {
    mailing: &'a Mailing,
    claim: &'a Arc<Claim>,
    priority: Priority,
    /// The state of the transport when the claim was made.
    health: Health,
}

/// The end of one round of `deliver_once`.
enum Delivered {
    /// The call was made, or had nothing to send. Recipients that were left out are still claimed.
    Called { left_out: usize },
    /// No call was made; it makes sense to try again after this long.
    Later(Duration),
}

/// Tells the request that waits for a single mail how its call goes on.
#[derive(Debug)]
pub(crate) struct Reports {
    /// The transport's answer; dropped where no call was made.
    pub outcome: oneshot::Sender<Outcome>,
    /// The recipient, once the outcome is written down.
    pub update: oneshot::Sender<RecipientUpdate>,
}

impl Service {
    /// Delivers to all recipients of a mailing's claim, call by call, as long as there is time. Gives the others back, and
    /// returns when it makes sense to go on with them.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        mailing: &Mailing,
        claim: &Arc<Claim>,
        health: Health,
        until: Option<Instant>,
    ) -> Result<Option<Duration>> {
        // The sweep ends what has expired meanwhile, as soon as no claim holds it.
        let mut left_out = 0;
        let delivery = Delivery {
            mailing,
            claim,
            priority: Priority::Mailing { until },
            health,
        };
        let per_call = if claim.begun {
            claim.recipients.len()
        } else {
            self.pace.recipients_per_call().await?
        };
        for recipients in claim.recipients.chunks(per_call) {
            let call = || self.new_call(until);
            let delivered = self.deliver_once(delivery, recipients, call, None).await?;
            match delivered {
                Delivered::Called { left_out: some } => left_out += some,
                Delivered::Later(wait) => {
                    self.ledger.release(claim).await?;
                    return Ok(Some(wait));
                }
            }
        }
        if left_out > 0 {
            self.ledger.release(claim).await?;
        }
        Ok(None)
    }

    /// Delivers a single mail, also after its caller has stopped waiting. Where no call is made the mail stays queued.
    pub(crate) async fn deliver_single(
        self: Arc<Self>,
        mailing: Arc<Mailing>,
        claim: Arc<Claim>,
        call: Call,
        start: Start,
        deadline: Instant,
        reports: Reports,
    ) {
        let delivered = async {
            let (health, turn_in) = match start {
                Start::Now => (Health::Well, None),
                Start::In(wait) => (Health::Well, Some(wait)),
                Start::NotDecided => (self.health.check().await?, None),
            };
            let delivery = Delivery {
                mailing: &mailing,
                claim: &claim,
                priority: Priority::Single { deadline, turn_in },
                health,
            };
            self.deliver_once(delivery, &claim.recipients, || call, Some(reports))
                .await
        };
        match delivered.await {
            Ok(Delivered::Called { left_out: 0 }) => return,
            Ok(Delivered::Called { .. } | Delivered::Later(_)) => {}
            Err(error) => tracing::error!(
                mail.id = %mailing.id, error = telemetry::causes(&error),
                "a single mail was not delivered to its end"
            ),
        }
        self.release_single(&mailing, &claim).await;
    }

    /// One call for these recipients of a claim: waits for its turn, marks them, sends, writes the outcomes down,
    /// publishes the ends and enqueues the retries.
    async fn deliver_once(
        self: &Arc<Self>,
        delivery: Delivery<'_>,
        recipients: &[ClaimedRecipient],
        call: impl FnOnce() -> Call,
        reports: Option<Reports>,
    ) -> Result<Delivered> {
        let (turn, probing) = if delivery.claim.begun {
            (Permission::Go, false)
        } else {
            self.wait_for_turn(delivery, recipients.len()).await?
        };
        let settled = match turn {
            Permission::Go => {
                fail_point!("turn");
                let (told, outcomes) = mpsc::unbounded_channel();
                let (transmitted, settled) = tokio::join!(
                    Box::pin(self.transmit(delivery, recipients, call(), told)),
                    Box::pin(self.record_as_told(delivery, probing, outcomes, reports))
                );
                transmitted?;
                settled?
            }
            Permission::NotFor(_) => 0,
        };
        if settled == 0 && probing {
            self.health.give_probe_back().await?;
        }
        if let Permission::NotFor(wait) = turn {
            return Ok(Delivered::Later(wait));
        }
        let left_out = recipients.len() - settled;
        Ok(Delivered::Called { left_out })
    }

    /// Writes outcomes down as they are told, those together that came meanwhile, publishes the ends and enqueues the
    /// retries. Returns their number.
    async fn record_as_told(
        self: &Arc<Self>,
        Delivery { mailing, claim, .. }: Delivery<'_>,
        probing: bool,
        mut told: UnboundedReceiver<(i32, Outcome)>,
        mut reports: Option<Reports>,
    ) -> Result<usize> {
        let mut settled = 0;
        let mut outcomes = Vec::new();
        let mut failed = None;
        while told.recv_many(&mut outcomes, MOST_AT_ONCE).await > 0 {
            // Only a single mail is waited for, and it has one outcome.
            let update_report = reports.take().map(|reports| {
                let _ = reports.outcome.send(outcomes[0].1.clone());
                reports.update
            });
            let updates = match self.ledger.record(claim, &outcomes).await {
                Ok(updates) => updates,
                Err(error) => {
                    failed = Some(error);
                    outcomes.clear();
                    continue;
                }
            };
            fail_point!("recorded");
            self.health.learn(&outcomes, probing).await;
            if let Some(report) = update_report {
                let update = match updates.first() {
                    Some(update) => Some(update.clone()),
                    None => self.ledger.settled_before(claim, outcomes[0].0).await?,
                };
                if let Some(update) = update {
                    let _ = report.send(update);
                }
            }
            self.publisher.publish_of(mailing, &updates).await;
            self.simulate_reports(claim, &updates);
            self.enqueue_retries(mailing, &outcomes).await;
            settled += outcomes.len();
            outcomes.clear();
        }
        failed.map_or(Ok(settled), Err)
    }

    /// Waits until the call may be made, and returns besides whether it probes the transport.
    async fn wait_for_turn(
        &self,
        delivery: Delivery<'_>,
        recipients: usize,
    ) -> Result<(Permission, bool)> {
        let mut health = delivery.health;
        if let Health::Held(wait) = health {
            return Ok((Permission::NotFor(wait), false));
        }
        let mut turn = match delivery.priority {
            Priority::Mailing { until } => match self.patience(until) {
                Some(patience) => self.pace.wait_for_turn(recipients, patience).await?,
                None => Permission::NotFor(Duration::ZERO),
            },
            Priority::Single {
                turn_in: Some(wait),
                ..
            } => {
                tokio::time::sleep(wait).await;
                Permission::Go
            }
            Priority::Single { deadline, .. } => {
                let patience = single_patience(deadline);
                self.pace.wait_for_single_turn(patience).await?
            }
        };
        if turn == Permission::Go && health == Health::Well {
            // The call before this one may have found that the transport serves none.
            health = self.health.check().await?;
            if let Health::Held(wait) = health {
                turn = Permission::NotFor(wait);
            }
        }
        Ok((turn, health == Health::Probe))
    }

    /// The longest that a call may wait for its turn; none where there is no time for the call. No longer than a third
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

    /// A call that is over early enough to write down by then what came of it.
    pub(crate) fn new_call(&self, until: Option<Instant>) -> Call {
        let longest = self.config.longest_call();
        let limit = until.map_or(longest, |until| {
            longest.min(until.saturating_duration_since(Instant::now() + TO_RECORD))
        });
        Call::new(limit, self.stop.clone())
    }

    /// Marks the recipients as `sending` and makes the call, if there is time for it before its deadline and the
    /// end of the lease. Recipients that were cancelled meanwhile are left out. Tells each outcome as it is known.
    async fn transmit(
        self: &Arc<Self>,
        Delivery { mailing, claim, .. }: Delivery<'_>,
        recipients: &[ClaimedRecipient],
        call: Call,
        told: UnboundedSender<(i32, Outcome)>,
    ) -> Result<()> {
        let mut started = Instant::now();
        let mut begun: Vec<i32> = recipients
            .iter()
            .map(|recipient| recipient.position)
            .collect();
        if claim.begun {
            started = claim.claimed_at;
        } else {
            begun = match self.ledger.begin_sending(claim, &begun).await {
                Ok(begun) => begun,
                Err(error) => {
                    self.take_back(claim, begun);
                    return Err(error);
                }
            };
        }
        if begun.is_empty() {
            return Ok(());
        }
        let recipients: Vec<ClaimedRecipient> = recipients
            .iter()
            .filter(|recipient| begun.binary_search(&recipient.position).is_ok())
            .cloned()
            .collect();
        if let Err(error) = self.note_suppressed_copies(mailing, &recipients).await {
            self.take_back(claim, begun);
            return Err(error);
        }
        // The lease was renewed after `started`; a part of it is for writing down what came of the call.
        if started.elapsed() > self.config.lease / 3 || call.left().is_zero() {
            self.take_back(claim, begun);
            return Ok(());
        }
        fail_point!("sending");
        let called = Instant::now();
        let renewing = self.keep_lease(claim, begun);
        let tell = |recipient: &ClaimedRecipient, outcome| {
            let outcome = self.unless_exhausted(recipient, outcome);
            let _ = told.send((recipient.position, outcome));
        };
        self.mailer.send(mailing, &recipients, &call, tell).await;
        drop(renewing);
        fail_point!("called");
        telemetry::call_made(mailing.id, recipients.len(), called.elapsed());
        Ok(())
    }

    /// Notes which copies are left out of the mail, before it is sent.
    async fn note_suppressed_copies(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
    ) -> Result<()> {
        let copies = &mailing.suppressed_copies;
        if copies.is_empty() {
            return Ok(());
        }
        // A mail with copies has one recipient.
        for recipient in recipients {
            self.ledger
                .note_suppressed_copies(mailing.id, recipient.position, copies)
                .await?;
        }
        Ok(())
    }

    /// A recipient that has been tried often enough fails instead of being tried once more.
    fn unless_exhausted(&self, recipient: &ClaimedRecipient, outcome: Outcome) -> Outcome {
        if let Outcome::NotAccepted { reason, fault, .. } = &outcome
            && fault.counts()
            && recipient.attempts + 1 >= self.config.max_attempts
        {
            return Outcome::Refused(Reason {
                code: StatusDetail::AttemptsExhausted,
                text: reason.text.clone(),
            });
        }
        outcome
    }
}
