//! The loop that both programs share: it takes wake-ups, claims due recipients and delivers their mail.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    fail_point,
    ledger::{Claim, Health, WokenBefore},
    mailing::Mailing,
    queue::{Queue, Received},
    service::Service,
    telemetry,
    wake_up::{Range, WakeUp},
};

/// The number of wake-ups that are worked on concurrently.
pub(crate) const CONCURRENCY: usize = 4;
/// The interval at which the ledger is asked for due recipients that the queue has no wake-up for.
const POLL: Duration = Duration::from_secs(1);
/// The longest time that a slot of this process waits for a distant turn.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// The shortest and the longest pause before a message that failed is received again.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// The minimum number of recipients of a claim, so that transports with small calls do not need a claim for each call.
const SMALLEST_CLAIM: usize = 10;

impl Service {
    /// Starts the loops; `finish` waits for their end.
    pub fn start_draining(self: &Arc<Self>) {
        match &self.queue {
            Queue::Local(_) => {
                for _ in 0..CONCURRENCY {
                    self.tasks.spawn(Arc::clone(self).keep_draining());
                }
                self.tasks.spawn(Arc::clone(self).keep_polling());
            }
            Queue::Sqs(_) => {
                self.tasks.spawn(Arc::clone(self).keep_receiving());
            }
        }
        self.start_receiving_events();
        self.start_receiving_outcomes();
        self.tasks.spawn(Arc::clone(self).keep_sweeping());
        self.tasks
            .spawn(Arc::clone(self).keep_sending_to_webhooks());
    }

    async fn keep_draining(self: Arc<Self>) {
        let Queue::Local(queue) = &self.queue else {
            return;
        };
        while let Some(taken) = self.stop.run_until_cancelled(queue.next()).await {
            let wake_up = taken.wake_up;
            if !self.work_safely(wake_up, None).await && self.pause().await {
                queue.push(vec![wake_up]);
            }
        }
    }

    /// Finds due recipients without a wake-up: after a restart, when a retry is due, or from another process.
    async fn keep_polling(self: Arc<Self>) {
        let Queue::Local(queue) = &self.queue else {
            return;
        };
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let begun = Instant::now();
        // `true` while there may be recipients whose wake-ups were in the queue of an earlier process.
        let mut inherits = true;
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let due = async {
                if queue.is_idle() {
                    return self.ledger.wake_due(WokenBefore::AnyTime).await;
                }
                let mut due = Vec::new();
                if inherits {
                    due = self
                        .ledger
                        .wake_due(WokenBefore::Ago(begun.elapsed()))
                        .await?;
                    // Recipients that the earlier process had claimed become due when their leases end.
                    inherits = !due.is_empty() || begun.elapsed() < self.config.lease;
                }
                due.extend(self.ledger.wake_due(WokenBefore::Never).await?);
                Ok(due)
            };
            match due.await {
                Ok(wake_ups) => queue.push(wake_ups),
                Err(error) => {
                    tracing::warn!(
                        error = telemetry::causes(&error),
                        "the ledger does not answer, mail waits"
                    );
                }
            }
        }
    }

    /// Receives messages as long as slots are free for them.
    async fn keep_receiving(self: Arc<Self>) {
        let Queue::Sqs(queue) = &self.queue else {
            return;
        };
        let slots = Arc::new(Semaphore::new(CONCURRENCY));
        while !self.stop.is_cancelled() {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                return;
            };
            let free = slots.available_permits() + 1;
            let receiving = Box::pin(queue.receive(free));
            let received = self.stop.run_until_cancelled(receiving).await;
            let messages = match received {
                None => return,
                Some(Ok(messages)) => messages,
                Some(Err(error)) => {
                    tracing::warn!(error, "the queue does not answer, mail waits");
                    self.pause().await;
                    continue;
                }
            };
            let mut slot = Some(slot);
            for message in messages {
                let slot = match slot.take() {
                    Some(slot) => slot,
                    None => match Arc::clone(&slots).acquire_owned().await {
                        Ok(slot) => slot,
                        Err(_) => return,
                    },
                };
                let service = Arc::clone(&self);
                self.tasks.spawn(async move {
                    if service.take(&message, None).await
                        && let Queue::Sqs(queue) = &service.queue
                    {
                        queue.delete(&[&message.receipt_handle]).await;
                    }
                    drop(slot);
                });
            }
        }
    }

    /// Works on a message, and returns whether it is done with: if not, the message must be received again.
    pub async fn take(self: &Arc<Self>, message: &Received, until: Option<Instant>) -> bool {
        fail_point!("received");
        let wake_up = match WakeUp::parse(&message.body, message.group.as_deref()) {
            Ok(wake_up) => wake_up,
            Err(error) => {
                tracing::error!(
                    sqs.message_id = message.id,
                    error = telemetry::causes(&error),
                    "a message is malformed, it goes to the dead-letter queue"
                );
                self.queue.change_visibility(message, Duration::ZERO).await;
                return false;
            }
        };
        let done = self.work_safely(wake_up, until).await;
        if done {
            fail_point!("done");
        } else {
            self.queue
                .change_visibility(message, pause_after(message.receives))
                .await;
        }
        done
    }

    /// Waits a moment, and returns whether the process goes on.
    pub(crate) async fn pause(&self) -> bool {
        let pause = tokio::time::sleep(POLL);
        self.stop.run_until_cancelled(pause).await.is_some()
    }

    /// Returns whether the work is done: if not, the wake-up must come again.
    async fn work_safely(self: &Arc<Self>, wake_up: WakeUp, until: Option<Instant>) -> bool {
        // The work is a task of its own, so that a panic does not end the loop.
        let service = Arc::clone(self);
        let worked = tokio::spawn(async move { service.work(wake_up, until).await }).await;
        let mailing_id = wake_up.range.mailing_id;
        match worked {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(
                    mail.id = %mailing_id,
                    error = telemetry::causes(&error),
                    "a wake-up failed, it is retried"
                );
                false
            }
            Err(_) => {
                tracing::error!(mail.id = %mailing_id, "a wake-up panicked");
                true
            }
        }
    }

    /// Delivers the due mail of a range until the time is up, and enqueues a new wake-up if some of it is left.
    async fn work(self: &Arc<Self>, wake_up: WakeUp, until: Option<Instant>) -> Result<()> {
        let Some(wait) = self.work_through(wake_up.range, until).await? else {
            return Ok(());
        };
        if let Queue::Local(_) = self.queue {
            // The local queue would hand out the wake-up again at once.
            let wait = tokio::time::sleep(wait.min(LONGEST_WAIT));
            self.stop.run_until_cancelled(wait).await;
        }
        let left = self.queue.enqueue(vec![wake_up], wait).await;
        if !left.is_empty() {
            return Err(Error::QueueAway);
        }
        fail_point!("handed-back");
        telemetry::woken(1);
        Ok(())
    }

    /// Works on a range. If something is left, returns the time after which it makes sense to go on.
    async fn work_through(
        self: &Arc<Self>,
        range: Range,
        until: Option<Instant>,
    ) -> Result<Option<Duration>> {
        let mut mailing: Option<Mailing> = None;
        loop {
            if self.patience(until).is_none() {
                return Ok(Some(Duration::ZERO));
            }
            let health = self.health.check().await?;
            let size = match health {
                Health::Held(wait) => return Ok(Some(wait)),
                Health::Probe => 1,
                Health::Well => self.recipients_per_claim().await?,
            };
            if mailing.is_none() {
                mailing = self.mailing_to_send(range.mailing_id).await?;
            }
            let claim = match (health, &mailing) {
                (Health::Well, Some(_)) => self.claim_for_one_call(range).await?,
                _ => self.ledger.claim(range, size as u64).await?,
            };
            self.publisher.publish(&claim.ended).await;
            if claim.recipients.is_empty() {
                if health == Health::Probe {
                    self.health.give_probe_back().await?;
                }
                return Ok(None);
            }
            fail_point!("claimed");
            let Some(mailing) = &mailing else {
                let positions = claim.positions();
                let failed = self.ledger.fail_corrupt(&claim, &positions).await?;
                self.publisher.publish(&failed).await;
                if health == Health::Probe {
                    self.health.give_probe_back().await?;
                }
                continue;
            };
            let claim = Arc::new(claim);
            match self.deliver(mailing, &claim, health, until).await {
                Ok(None) if claim.is_all_of(range) => return Ok(None),
                Ok(None) => {}
                Ok(Some(wait)) => return Ok(Some(wait)),
                Err(error) => {
                    self.ledger.release(&claim).await?;
                    return Err(error);
                }
            }
        }
    }

    /// Claims recipients that may be sent to at once; where there is no turn now, recipients that wait for theirs.
    async fn claim_for_one_call(&self, range: Range) -> Result<Claim> {
        let per_call = self.pace.recipients_per_call().await? as u64;
        let rate = self.pace.rate().await?;
        let claim = self.ledger.claim_and_begin(range, per_call, rate).await?;
        if rate.is_none() || !claim.recipients.is_empty() || !claim.ended.is_empty() {
            return Ok(claim);
        }
        let size = self.recipients_per_claim().await?;
        self.ledger.claim(range, size as u64).await
    }

    /// Returns a mailing with what its mails are made with; `None` if it cannot be read any more.
    async fn mailing_to_send(&self, id: Uuid) -> Result<Option<Mailing>> {
        let Some(mut mailing) = self.legible_mailing(id).await? else {
            return Ok(None);
        };
        let envelope = &mailing.envelope;
        mailing.suppressed_copies = self.ledger.suppressed_copies(envelope).await?;
        mailing.links = self.unsubscribe_links(envelope).await?;
        Ok(Some(mailing))
    }

    /// Returns `None` if the mailing cannot be read any more.
    pub(crate) async fn legible_mailing(&self, id: Uuid) -> Result<Option<Mailing>> {
        match self.ledger.mailing(id).await {
            Err(error @ Error::Corrupt { .. }) => {
                tracing::error!(
                    mail.id = %id, error = telemetry::causes(&error),
                    "a mailing cannot be read"
                );
                Ok(None)
            }
            other => other,
        }
    }

    async fn recipients_per_claim(&self) -> Result<usize> {
        let least = match self.pace.rate().await? {
            None => SMALLEST_CLAIM,
            Some(_) => 1,
        };
        Ok(self.pace.recipients_per_call().await?.max(least))
    }
}

/// Returns the pause before a message that failed is received again, four times as long after each receive.
pub(crate) fn pause_after(receives: u32) -> Duration {
    let factor = 4_u32.saturating_pow(receives.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_up_that_fails_again_comes_later() {
        let pauses = [0, 1, 2, 3, 4, 5, u32::MAX].map(|receives| pause_after(receives).as_secs());
        assert_eq!(pauses, [10, 10, 40, 160, 640, 900, 900]);
    }
}
