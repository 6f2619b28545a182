//! Maintenance statements of the sweep, at the start and every `SWEEP_SECONDS`.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    error::Result,
    ledger::{RETENTION_STEP, STEP, WokenBefore},
    queue::Queue,
    service::Service,
    telemetry,
    wake_up::WAKE_SPAN,
};

/// The age at which a wake-up without effect is enqueued again, in addition to the time that the queue needs for its
/// other wake-ups.
const LOST_WAKE_UP: Duration = Duration::from_mins(1);
/// The longest such age, however long the queue is: some of it may be duplicates.
const LATE_WAKE_UP: Duration = Duration::from_mins(5);
/// The assumed rate of a transport without a limit, in recipients a second.
pub(crate) const UNLIMITED_RATE: f64 = 50.0;
/// The maximum number of steps of recipients with a late wake-up that one sweep wakes again.
const MOST_LATE_STEPS: u32 = 100;
/// The longest time that one sweep spends on an erasure.
const ERASING: Duration = Duration::from_secs(10);
/// The longest time that one sweep spends on the removal of old mailings, and on that of old events: a backlog of years
/// takes many sweeps, and holds up none of their other steps.
const REMOVING: Duration = Duration::from_secs(10);
/// The maximum number of past hours that one sweep counts.
const HOURS: usize = 24;
/// The smallest number of wake-ups that a full step of recipients can lead to.
const FULL_STEP: u64 = STEP / WAKE_SPAN.unsigned_abs() as u64;

impl Service {
    /// Sweeps until the process stops.
    pub(crate) async fn keep_sweeping(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.config.sweep_every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            // Each step has logged its own failure, and the next sweep repeats it.
            let _ = self.sweep(None).await;
        }
    }

    /// Sweeps once. The sweep ends at `until`, and the next one continues. A step that fails does not prevent the later
    /// ones.
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
            ("counters of keys", self.forget_usage(until).await),
            ("revoked keys", self.cancel_of_revoked_keys(until).await),
            ("erasures", self.go_on_erasing(until).await),
            ("hours", self.keep_hours(until).await),
            (
                "old hours",
                self.ledger.remove_old_reports(self.config.keep).await,
            ),
            ("old mailings", self.remove_old(until).await),
            ("feed", self.look_at_feed().await),
            ("old events", self.remove_old_events(until).await),
            ("webhooks", self.remove_of_webhooks(until).await),
        ];
        let mut swept = Ok(());
        for (step, done) in steps {
            if let Err(error) = done {
                tracing::error!(
                    step,
                    error = telemetry::causes(&error),
                    "the sweep failed, the next one goes on"
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

    async fn look_at_feed(&self) -> Result<()> {
        telemetry::feed_delay(self.ledger.feed_delay().await?);
        Ok(())
    }

    async fn remove_old_events(&self, until: Option<Instant>) -> Result<()> {
        let longest = Instant::now() + REMOVING;
        let until = Some(until.map_or(longest, |until| until.min(longest)));
        self.while_more(until, || {
            self.ledger.remove_old_events(self.config.keep_events)
        })
        .await
    }

    /// Removes what is left of webhooks that are disabled or deleted, and old entries of their history.
    async fn remove_of_webhooks(&self, until: Option<Instant>) -> Result<()> {
        let longest = Instant::now() + REMOVING;
        let until = Some(until.map_or(longest, |until| until.min(longest)));
        self.while_more(until, || self.ledger.remove_undeliverable())
            .await?;
        self.while_more(until, || {
            self.ledger.remove_old_history(self.config.keep_events)
        })
        .await
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

    async fn forget_usage(&self, until: Option<Instant>) -> Result<()> {
        self.while_more(until, || async {
            Ok(self.ledger.forget_usage().await? == STEP)
        })
        .await
    }

    /// Cancels recipients that a revocation was to cancel and has left queued.
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

    /// Continues erasures that were not finished within their request.
    async fn go_on_erasing(&self, until: Option<Instant>) -> Result<()> {
        for key in self.ledger.erasures().await? {
            let longest = Instant::now() + ERASING;
            let until = until.map_or(longest, |until| until.min(longest));
            if self.ledger.erase_key(&key, until).await?.remaining == 0 {
                // A bounce, or a recipient who unsubscribed, may have put the address on the list meanwhile.
                self.ledger.forget_suppressed(&key).await?;
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

    /// Removes mailings that ended longer ago than they are kept.
    async fn remove_old(&self, until: Option<Instant>) -> Result<()> {
        let longest = Instant::now() + REMOVING;
        let until = Some(until.map_or(longest, |until| until.min(longest)));
        let mut after = Uuid::nil();
        while self.may_go_on(until) {
            let Some(last) = self.ledger.remove_old(self.config.keep, after).await? else {
                break;
            };
            after = last;
        }
        Ok(())
    }

    /// Enqueues wake-ups for due recipients that have none, or whose wake-up had no effect.
    async fn wake_up(&self, until: Option<Instant>) -> Result<()> {
        if let Queue::Sqs(_) = self.queue {
            // No process polls the ledger, so only the sweep finds these.
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
        // Their wake-ups may still be in the queue, so no more are woken than can be sent to until the next sweep.
        let mut steps = self.steps_until_next_sweep().await?;
        self.while_more(until, || {
            steps -= 1;
            let more = steps > 0;
            async move { Ok(self.wake_some(late).await? && more) }
        })
        .await
    }

    /// Returns the longest time that sending to the recipients of these wake-ups takes.
    async fn time_for(&self, wake_ups: u64) -> Result<Duration> {
        let rate = self.pace.rate().await?.unwrap_or(UNLIMITED_RATE);
        let recipients = wake_ups.saturating_mul(WAKE_SPAN.unsigned_abs().into());
        // A larger number makes no difference, because the result is limited by `LATE_WAKE_UP`.
        let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        Ok(Duration::from_secs_f64(f64::from(recipients) / rate))
    }

    /// Returns the number of steps of recipients that can be sent until the next sweep, at least one.
    async fn steps_until_next_sweep(&self) -> Result<u32> {
        let Some(rate) = self.pace.rate().await? else {
            return Ok(MOST_LATE_STEPS);
        };
        let recipients =
            Duration::from_secs_f64(rate).as_secs() * self.config.sweep_every.as_secs();
        let steps = u32::try_from(recipients / STEP).unwrap_or(MOST_LATE_STEPS);
        Ok(steps.clamp(1, MOST_LATE_STEPS))
    }

    /// Wakes one step of recipients. Returns whether there may be more, and the queue took all wake-ups.
    async fn wake_some(&self, woken: WokenBefore) -> Result<bool> {
        let wake_ups = self.ledger.wake_due(woken).await?;
        let more = wake_ups.len() as u64 >= FULL_STEP;
        Ok(self.enqueue_wake_ups(wake_ups).await && more)
    }

    /// Repeats a step as long as it returns that there is more, the time is not up and the process is not stopping.
    async fn while_more<F: Future<Output = Result<bool>>>(
        &self,
        until: Option<Instant>,
        mut step: impl FnMut() -> F,
    ) -> Result<()> {
        while self.may_go_on(until) && step().await? {}
        Ok(())
    }

    fn may_go_on(&self, until: Option<Instant>) -> bool {
        !self.stop.is_cancelled() && until.is_none_or(|until| Instant::now() < until)
    }
}
