//! The loop that both programs share: takes wake-ups, claims what is due, delivers it.

use std::{sync::Arc, time::Duration};

use crate::{
    error::Result,
    ledger::{Mailing, Range, WokenBefore},
    queue::Queue,
    service::Service,
};

/// Wake-ups worked on at once.
const CONCURRENCY: usize = 4;
/// How often the ledger is asked for what the queue does not know of.
const POLL: Duration = Duration::from_secs(1);
/// Fewest recipients of a claim, so that transports with small calls do not claim for each.
const SMALLEST_CLAIM: usize = 10;

impl Service {
    /// Starts to work; `finish` waits for the end of it.
    pub fn start_draining(self: &Arc<Self>) {
        for _ in 0..CONCURRENCY {
            self.tasks.spawn(Arc::clone(self).keep_draining());
        }
        self.tasks.spawn(Arc::clone(self).keep_polling());
        self.tasks.spawn(Arc::clone(self).keep_sweeping());
    }

    async fn keep_draining(self: Arc<Self>) {
        let Queue::Local(queue) = &self.queue;
        while let Some(taken) = self.stop.run_until_cancelled(queue.next()).await {
            let range = taken.range;
            // A task of its own: a panic ends that work and not this loop.
            let service = Arc::clone(&self);
            let worked = tokio::spawn(async move { service.work(range).await }).await;
            let failed = match worked {
                Ok(Ok(())) => false,
                Ok(Err(error)) => {
                    tracing::error!(
                        mail.id = %range.mailing_id,
                        error = &error as &dyn std::error::Error,
                        "a wake-up failed, it comes again"
                    );
                    true
                }
                Err(panic) => {
                    tracing::error!(mail.id = %range.mailing_id, error = &panic as &dyn std::error::Error, "a wake-up panicked");
                    false
                }
            };
            if failed
                && self
                    .stop
                    .run_until_cancelled(tokio::time::sleep(POLL))
                    .await
                    .is_some()
            {
                queue.push(vec![range]);
            }
        }
    }

    /// Finds what no wake-up is left for: after a restart, when a retry is due, or from another process.
    async fn keep_polling(self: Arc<Self>) {
        let Queue::Local(queue) = &self.queue;
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

    /// Delivers whatever is due in a range.
    pub(crate) async fn work(self: &Arc<Self>, range: Range) -> Result<()> {
        let size = self.mailer.recipients_per_call().max(SMALLEST_CLAIM);
        let mut mailing: Option<Mailing> = None;
        while !self.stop.is_cancelled() {
            let claim = self.ledger.claim(range, size as u64).await?;
            if claim.recipients.is_empty() {
                break;
            }
            if mailing.is_none() {
                mailing = self.ledger.mailing(range.mailing_id).await?;
            }
            let Some(mailing) = &mailing else {
                tracing::error!(mail.id = %range.mailing_id, "recipients wait for a mailing without content");
                return self.ledger.release(&claim).await;
            };
            let claim = Arc::new(claim);
            if let Err(error) = self.deliver(mailing, &claim).await {
                self.ledger.release(&claim).await?;
                return Err(error);
            }
        }
        Ok(())
    }
}
