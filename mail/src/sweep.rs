//! Comes for what nobody else comes for, at the start and every `SWEEP_SECONDS`.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    error::Result,
    ledger::{RETENTION_STEP, STEP, WokenBefore},
    queue::Queue,
    service::Service,
    telemetry,
    wake_up::WAKE_SPAN,
};

/// A wake-up that was not acted on for so long is written again, and for as much longer as the queue needs for what it
/// holds.
const LOST_WAKE_UP: Duration = Duration::from_mins(1);
/// Longest that a wake-up may wait, however much the queue holds: some of it may be wake-ups that were written twice.
const LATE_WAKE_UP: Duration = Duration::from_mins(5);
/// What is assumed of a transport that nobody limits: recipients a second.
const UNLIMITED_RATE: f64 = 50.0;
/// Steps of recipients whose wake-up is late that one sweep wakes again at most.
const MOST_LATE_STEPS: u32 = 100;
/// How long one sweep goes on with an erasure.
const ERASING: Duration = Duration::from_secs(10);
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
                    error = telemetry::causes(&error),
                    "the sweep failed, the next one goes on"
                );
            }
        }
    }

    /// Ends at `until`, and the next one goes on. A step that fails does not keep the later ones from being taken.
    pub async fn sweep(&self, until: Option<Instant>) -> Result<()> {
        let steps = [
            ("how late mail is", self.look_at_oldest().await),
            ("lost leases", self.settle_lost_leases(until).await),
            ("expired mail", self.expire(until).await),
            ("wake-ups", self.wake_up(until).await),
            (
                "results",
                self.while_more(until, || self.publisher.publish_pending())
                    .await,
            ),
            ("ended mailings", self.note_ended(until).await),
            ("content", self.drop_content(until).await),
            ("addresses", self.drop_addresses(until).await),
            ("expired keys", self.forget_expired(until).await),
            ("revoked keys", self.cancel_of_revoked_keys(until).await),
            ("erasures", self.go_on_erasing(until).await),
            ("hours", self.keep_hours(until).await),
        ];
        let mut swept = Ok(());
        for (step, done) in steps {
            if let Err(error) = done {
                tracing::error!(
                    step,
                    error = telemetry::causes(&error),
                    "a step of the sweep failed"
                );
                swept = swept.and(Err(error));
            }
        }
        swept
    }

    async fn look_at_oldest(&self) -> Result<()> {
        telemetry::oldest_due(self.ledger.oldest_due().await?);
        Ok(())
    }

    async fn settle_lost_leases(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            let lost = self.ledger.settle_lost_leases().await?;
            self.publisher.publish(&lost).await;
            Ok(lost.len() as u64 == STEP)
        })
        .await
    }

    async fn expire(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            let expired = self.ledger.expire().await?;
            self.publisher.publish(&expired).await;
            Ok(expired.len() as u64 == STEP)
        })
        .await
    }

    async fn note_ended(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            Ok(self.ledger.note_ended().await? == STEP)
        })
        .await
    }

    async fn drop_content(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            let dropped = self.ledger.drop_content(self.config.retention).await?;
            Ok(dropped == RETENTION_STEP)
        })
        .await
    }

    async fn drop_addresses(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            let dropped = self.ledger.drop_addresses(self.config.retention).await?;
            Ok(dropped == RETENTION_STEP)
        })
        .await
    }

    async fn forget_expired(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            Ok(self.ledger.forget_expired().await? == STEP)
        })
        .await
    }

    /// What a revocation has left queued that was to cancel it.
    async fn cancel_of_revoked_keys(&self, until: Option<Instant>) -> Result<()> {
        for id in self.ledger.cancelling_keys().await? {
            self.while_more(until, || async {
                let cancelled = self.ledger.cancel_some_of_key(id).await?;
                self.publisher.publish(&cancelled).await;
                Ok(!cancelled.is_empty())
            })
            .await?;
            self.ledger.end_cancelling(id).await?;
        }
        Ok(())
    }

    /// What an erasure could not do within its request.
    async fn go_on_erasing(&self, until: Option<Instant>) -> Result<()> {
        for key in self.ledger.erasures().await? {
            let longest = Instant::now() + ERASING;
            let until = until.map_or(longest, |until| until.min(longest));
            if self.ledger.erase_key(&key, until).await?.remaining == 0 {
                self.ledger.end_erasure(&key).await?;
            }
        }
        Ok(())
    }

    async fn keep_hours(&self, until: Option<Instant>) -> Result<()> {
        let mut left = HOURS;
        self.while_more(until, || {
            left -= 1;
            async move { Ok(self.ledger.keep_hour().await? && left > 0) }
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
        let waiting = self.queue.length().await;
        let late = match waiting {
            Some(waiting) => LATE_WAKE_UP.min(LOST_WAKE_UP + self.time_for(waiting).await?),
            None => LATE_WAKE_UP,
        };
        let late = WokenBefore::Ago(self.config.lease.max(late));
        if waiting == Some(0) {
            return self.while_more(until, || self.wake_some(late)).await;
        }
        // They may be there still, so no more than can be sent until the next sweep.
        let mut steps = self.steps_until_next_sweep().await?;
        self.while_more(until, || {
            steps -= 1;
            let more = steps > 0;
            async move { Ok(self.wake_some(late).await? && more) }
        })
        .await
    }

    /// How long it takes to send to all that these wake-ups are for, at most.
    async fn time_for(&self, wake_ups: u64) -> Result<Duration> {
        let rate = self.pace.rate().await?.unwrap_or(UNLIMITED_RATE);
        let recipients = wake_ups.saturating_mul(WAKE_SPAN.unsigned_abs().into());
        // Nobody waits for longer than this.
        let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        Ok(Duration::from_secs_f64(f64::from(recipients) / rate))
    }

    /// How many steps of recipients can be sent until the next sweep, at least one.
    async fn steps_until_next_sweep(&self) -> Result<u32> {
        let Some(rate) = self.pace.rate().await? else {
            return Ok(MOST_LATE_STEPS);
        };
        let recipients =
            Duration::from_secs_f64(rate).as_secs() * self.config.sweep_every.as_secs();
        let steps = u32::try_from(recipients / STEP).unwrap_or(MOST_LATE_STEPS);
        Ok(steps.clamp(1, MOST_LATE_STEPS))
    }

    /// Whether there may be more, and a queue to tell of it.
    async fn wake_some(&self, woken: WokenBefore) -> Result<bool> {
        let wake_ups = self.ledger.wake_due(woken).await?;
        let more = wake_ups.len() as u64 >= FULL_STEP;
        Ok(self.enqueue_wake_ups(wake_ups).await && more)
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
