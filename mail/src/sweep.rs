//! Comes for what nobody else comes for, at the start and every `SWEEP_SECONDS`.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    error::Result,
    ledger::{RETENTION_STEP, STEP, WAKE_SPAN, WokenBefore},
    queue::Queue,
    service::Service,
    telemetry,
};

/// A wake-up that was not acted on for so long is written again, where the queue holds no other.
const LOST_WAKE_UP: Duration = Duration::from_mins(1);
/// The same, where the queue still holds others: it may just be long.
const LATE_WAKE_UP: Duration = Duration::from_mins(5);
/// Past hours that one sweep counts at most.
const HOURS: usize = 24;
/// Fewest wake-ups that a whole step of recipients may need.
const FULL_STEP: u64 = STEP / WAKE_SPAN.unsigned_abs() as u64;

impl Service {
    /// Sweeps until the process is to end.
    pub(crate) async fn keep_sweeping(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.config.sweep_every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.sweep(None).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the sweep failed, the next one goes on"
                );
            }
        }
    }

    /// Ends at `until`, and the next one goes on.
    pub async fn sweep(&self, until: Option<Instant>) -> Result<()> {
        let ledger = &self.ledger;
        telemetry::oldest_due(ledger.oldest_due().await?);
        self.while_more(until, || async {
            let lost = ledger.settle_lost_leases().await?;
            self.tell(&lost).await;
            Ok(lost.len() as u64 == STEP)
        })
        .await?;
        self.while_more(until, || async {
            let expired = ledger.expire().await?;
            self.tell(&expired).await;
            Ok(expired.len() as u64 == STEP)
        })
        .await?;
        self.wake_up(until).await?;
        self.while_more(until, || self.tell_missed()).await?;
        self.while_more(until, || async { Ok(ledger.note_ended().await? == STEP) })
            .await?;
        let retention = self.config.retention;
        self.while_more(until, || async {
            Ok(ledger.drop_content(retention).await? == RETENTION_STEP)
        })
        .await?;
        self.while_more(until, || async {
            Ok(ledger.drop_addresses(retention).await? == RETENTION_STEP)
        })
        .await?;
        ledger.forget_expired().await?;
        let mut left = HOURS;
        self.while_more(until, || {
            left -= 1;
            async move { Ok(ledger.keep_hour().await? && left > 0) }
        })
        .await
    }

    /// Calls for what is due and nobody was called for, or in vain.
    async fn wake_up(&self, until: Option<Instant>) -> Result<()> {
        if let Queue::Sqs(_) = self.queue {
            // Without a process that polls the ledger nobody else finds these.
            self.while_more(until, || self.wake_some(WokenBefore::Never))
                .await?;
        }
        let longer_than = |time| WokenBefore::Ago(self.config.lease.max(time));
        if self.queue.is_idle().await {
            let lost = longer_than(LOST_WAKE_UP);
            return self.while_more(until, || self.wake_some(lost)).await;
        }
        // Once only, for it may be there still.
        self.wake_some(longer_than(LATE_WAKE_UP)).await?;
        Ok(())
    }

    /// Whether there may be more, and a queue to tell of it.
    async fn wake_some(&self, woken: WokenBefore) -> Result<bool> {
        let ranges = self.ledger.wake_due(woken).await?;
        let more = ranges.len() as u64 >= FULL_STEP;
        Ok(self.call(ranges).await && more)
    }

    /// Repeats a step while it says that there is more.
    async fn while_more<F: Future<Output = Result<bool>>>(
        &self,
        until: Option<Instant>,
        mut step: impl FnMut() -> F,
    ) -> Result<()> {
        let in_time = || until.is_none_or(|until| Instant::now() < until);
        while !self.stop.is_cancelled() && in_time() && step().await? {}
        Ok(())
    }
}
