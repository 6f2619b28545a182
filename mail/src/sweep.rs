//! Comes for what nobody else comes for, at the start and every `SWEEP_SECONDS`.

use std::{future::Future, sync::Arc, time::Duration};

use entity::recipient::Model;

use crate::{
    error::Result,
    ledger::{RETENTION_STEP, STEP, WokenBefore},
    service::Service,
    telemetry,
};

/// A wake-up that was not acted on for so long is written again.
const LOST_WAKE_UP: Duration = Duration::from_mins(1);

impl Service {
    /// Sweeps until the process is to end.
    pub(crate) async fn keep_sweeping(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.config.sweep_every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.stop.run_until_cancelled(ticks.tick()).await.is_some() {
            if let Err(error) = self.sweep().await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the sweep failed, the next one goes on"
                );
            }
        }
    }

    pub async fn sweep(&self) -> Result<()> {
        let ledger = &self.ledger;
        self.while_full(STEP, || async {
            Ok(told(&ledger.settle_lost_leases().await?))
        })
        .await?;
        self.while_full(STEP, || async { Ok(told(&ledger.expire().await?)) })
            .await?;
        let lost = self.config.lease.max(LOST_WAKE_UP);
        self.queue
            .wake(ledger.wake_due(WokenBefore::Ago(lost)).await?);
        self.while_full(STEP, || ledger.note_ended()).await?;
        let retention = self.config.retention;
        self.while_full(RETENTION_STEP, || ledger.drop_content(retention))
            .await?;
        self.while_full(RETENTION_STEP, || ledger.drop_addresses(retention))
            .await?;
        ledger.forget_expired().await
    }

    /// Repeats a step while it finds as much as it takes at once.
    async fn while_full<F: Future<Output = Result<u64>>>(
        &self,
        full: u64,
        mut step: impl FnMut() -> F,
    ) -> Result<()> {
        while !self.stop.is_cancelled() && step().await? >= full {}
        Ok(())
    }
}

fn told(rows: &[Model]) -> u64 {
    rows.iter().for_each(telemetry::recipient_moved);
    rows.len() as u64
}
