//! The claims of what is being sent: renewed during a call, and given back without one.

use std::{sync::Arc, time::Duration};

use tokio_util::task::AbortOnDropHandle;

use crate::{ledger::Claim, mailing::Mailing, service::Service, telemetry, wake_up::wake_ups};

impl Service {
    /// Renews the lease of what is being sent, until the returned handle is dropped. A row that was settled meanwhile
    /// stays as it is.
    pub(super) fn keep_lease(
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

    /// Gives recipients back that were marked and not sent. In the background: the ledger may be away for longer than a
    /// request waits.
    pub(super) fn take_back(self: &Arc<Self>, claim: &Arc<Claim>, positions: Vec<i32>) {
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

    /// Gives a single mail back that was not sent, so that it need not wait for the end of its lease.
    pub(super) async fn release_single(&self, mailing: &Mailing, claim: &Claim) {
        if let Err(error) = self.ledger.release(claim).await {
            tracing::warn!(
                mail.id = %claim.mailing_id, error = telemetry::causes(&error),
                "a claim was not given back, it ends with its lease"
            );
        }
        for wake_up in wake_ups(mailing.api_key_id, mailing.id, &[0]) {
            self.enqueue_later(wake_up, Duration::ZERO).await;
        }
    }
}
