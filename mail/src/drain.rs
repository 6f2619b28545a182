//! The loop that both programs share: takes wake-ups, claims what is due, delivers it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    fail_point,
    ledger::{Health, Mailing, Range, WokenBefore},
    queue::{Queue, Received},
    service::Service,
    telemetry,
    wake_up::WakeUp,
};

/// Wake-ups worked on at once.
const CONCURRENCY: usize = 4;
/// How often the ledger is asked for what the queue does not know of.
const POLL: Duration = Duration::from_secs(1);
/// How long a hand of this process may wait for a turn that is far.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Fewest recipients of a claim, so that transports with small calls do not claim for each.
const SMALLEST_CLAIM: usize = 10;

impl Service {
    /// Starts to work; `finish` waits for the end of it.
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
        self.tasks.spawn(Arc::clone(self).keep_sweeping());
    }

    async fn keep_draining(self: Arc<Self>) {
        let Queue::Local(queue) = &self.queue else {
            return;
        };
        while let Some(taken) = self.stop.run_until_cancelled(queue.next()).await {
            let range = taken.range;
            if !self.work_safely(range, None).await && self.pause().await {
                queue.push(vec![range]);
            }
        }
    }

    /// Finds what no wake-up is left for: after a restart, when a retry is due, or from another process.
    async fn keep_polling(self: Arc<Self>) {
        let Queue::Local(queue) = &self.queue else {
            return;
        };
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            let woken = if queue.is_idle() {
                WokenBefore::AnyTime
            } else {
                WokenBefore::Never
            };
            match self.ledger.wake_due(woken).await {
                Ok(ranges) => queue.push(ranges),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the ledger does not answer, mail waits"
                    );
                }
            }
        }
    }

    /// Takes messages of the queue as long as hands are free for them.
    async fn keep_receiving(self: Arc<Self>) {
        let Queue::Sqs(queue) = &self.queue else {
            return;
        };
        let hands = Arc::new(Semaphore::new(CONCURRENCY));
        while !self.stop.is_cancelled() {
            let Ok(hand) = Arc::clone(&hands).acquire_owned().await else {
                return;
            };
            let free = hands.available_permits() + 1;
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
            let mut hand = Some(hand);
            for message in messages {
                let hand = match hand.take() {
                    Some(hand) => hand,
                    None => match Arc::clone(&hands).acquire_owned().await {
                        Ok(hand) => hand,
                        Err(_) => return,
                    },
                };
                let service = Arc::clone(&self);
                self.tasks.spawn(async move {
                    if service.take(&message, None).await
                        && let Queue::Sqs(queue) = &service.queue
                    {
                        queue.delete(&message.receipt_handle).await;
                    }
                    drop(hand);
                });
            }
        }
    }

    /// Works on a message, and says whether it is done with: if not, it has to come again.
    pub async fn take(self: &Arc<Self>, message: &Received, until: Option<Instant>) -> bool {
        fail_point!("received");
        let range = match WakeUp::parse(&message.body) {
            Ok(range) => range,
            Err(error) => {
                tracing::error!(
                    sqs.message_id = message.id,
                    error = &error as &dyn std::error::Error,
                    "a message is malformed, it goes to the dead-letter queue"
                );
                self.queue.give_up_soon(&message.receipt_handle).await;
                return false;
            }
        };
        let done = self.work_safely(range, until).await;
        if done {
            fail_point!("done");
        }
        done
    }

    /// Waits a moment; whether the process goes on.
    async fn pause(&self) -> bool {
        let pause = tokio::time::sleep(POLL);
        self.stop.run_until_cancelled(pause).await.is_some()
    }

    /// Whether the work is done: if not, the wake-up has to come again.
    async fn work_safely(self: &Arc<Self>, range: Range, until: Option<Instant>) -> bool {
        // A task of its own: a panic ends that work and not the loop.
        let service = Arc::clone(self);
        let worked = tokio::spawn(async move { service.work(range, until).await }).await;
        match worked {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(
                    mail.id = %range.mailing_id,
                    error = &error as &dyn std::error::Error,
                    "a wake-up failed, it comes again"
                );
                false
            }
            Err(panic) => {
                tracing::error!(mail.id = %range.mailing_id, error = &panic as &dyn std::error::Error, "a wake-up panicked");
                true
            }
        }
    }

    /// Delivers whatever is due in a range, as long as there is time: what is left then is written as a new wake-up.
    async fn work(self: &Arc<Self>, range: Range, until: Option<Instant>) -> Result<()> {
        let Some(wait) = self.work_through(range, until).await? else {
            return Ok(());
        };
        if let Queue::Local(_) = self.queue {
            // It would come again at once.
            let wait = tokio::time::sleep(wait.min(LONGEST_WAIT));
            self.stop.run_until_cancelled(wait).await;
        }
        let left = self.queue.wake(vec![range], wait).await;
        if !left.is_empty() {
            return Err(Error::QueueAway);
        }
        fail_point!("handed-back");
        telemetry::woken(1);
        Ok(())
    }

    /// When it makes sense to go on, if something is left.
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
            let health = self.health().await?;
            let size = match health {
                Health::Held(wait) => return Ok(Some(wait)),
                Health::Probe => 1,
                Health::Well => self.recipients_per_claim().await?,
            };
            let claim = self.ledger.claim(range, size as u64).await?;
            self.tell(&claim.corrupt).await;
            if claim.recipients.is_empty() {
                if health == Health::Probe {
                    self.ledger.give_probe_back().await?;
                }
                return Ok(None);
            }
            fail_point!("claimed");
            if mailing.is_none() {
                mailing = self.legible_mailing(range.mailing_id).await?;
            }
            let Some(mailing) = &mailing else {
                let positions = claim.positions();
                let failed = self.ledger.fail_corrupt(&claim, &positions).await?;
                self.tell(&failed).await;
                if health == Health::Probe {
                    self.ledger.give_probe_back().await?;
                }
                continue;
            };
            let claim = Arc::new(claim);
            match self.deliver(mailing, &claim, health, until).await {
                Ok(None) => {}
                Ok(Some(wait)) => return Ok(Some(wait)),
                Err(error) => {
                    self.ledger.release(&claim).await?;
                    return Err(error);
                }
            }
        }
    }

    /// Nothing where it cannot be read any more.
    async fn legible_mailing(&self, id: Uuid) -> Result<Option<Mailing>> {
        match self.ledger.mailing(id).await {
            Err(error @ Error::Corrupt { .. }) => {
                tracing::error!(
                    mail.id = %id, error = &error as &dyn std::error::Error,
                    "a mailing cannot be read"
                );
                Ok(None)
            }
            other => other,
        }
    }

    async fn recipients_per_claim(&self) -> Result<usize> {
        let least = match self.rate().await? {
            None => SMALLEST_CLAIM,
            Some(_) => 1,
        };
        Ok(self.recipients_per_call().await?.max(least))
    }

    /// Tells the queue of recipients to look at. What it does not take the sweep finds.
    /// Whether it took all of them.
    pub(crate) async fn call(&self, ranges: Vec<Range>) -> bool {
        let called = ranges.len();
        let left = self.queue.wake(ranges, Duration::ZERO).await;
        telemetry::woken(called - left.len());
        if left.is_empty() {
            return true;
        }
        tracing::warn!(
            count = left.len(),
            "wake-ups were not written, the sweep writes them"
        );
        if let Err(error) = self.ledger.forget_woken(&left).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "they come a minute later"
            );
        }
        false
    }

    /// Tells the queue of recipients that are due after `wait`.
    pub(crate) async fn call_later(&self, range: Range, wait: Duration) {
        if let Queue::Sqs(queue) = &self.queue {
            // The queue counts in whole seconds, and whoever comes too early finds nothing.
            let wait = Duration::from_secs(wait.as_secs() + 1);
            let left = queue.push(vec![range], wait).await;
            telemetry::woken(1 - left.len());
        }
    }
}
