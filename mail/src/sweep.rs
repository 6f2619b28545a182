//! Comes for what nobody else comes for, at the start and every `SWEEP_SECONDS`.

use std::{future::Future, sync::Arc};

use entity::recipient::Model;

use crate::{error::Result, ledger::STEP, service::Service, telemetry};

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
        self.while_full(|| async { Ok(told(&ledger.settle_lost_leases().await?)) })
            .await?;
        self.while_full(|| async { Ok(told(&ledger.expire().await?)) })
            .await?;
        self.while_full(|| ledger.note_ended()).await?;
        let retention = self.config.retention;
        self.while_full(|| ledger.drop_content(retention)).await?;
        self.while_full(|| ledger.drop_addresses(retention)).await?;
        ledger.forget_expired().await
    }

    /// Repeats a step while it finds as much as it takes at once.
    async fn while_full<F: Future<Output = Result<u64>>>(
        &self,
        mut step: impl FnMut() -> F,
    ) -> Result<()> {
        while !self.stop.is_cancelled() && step().await? >= STEP {}
        Ok(())
    }
}

fn told(rows: &[Model]) -> u64 {
    rows.iter().for_each(telemetry::recipient_moved);
    rows.len() as u64
}
