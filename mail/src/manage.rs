//! Management of accepted mail: cancel, resend, revoke a key, erase an address.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    Status,
    address::Address,
    api_key::ApiKey,
    error::Result,
    ledger::{Erased, Resent, Scope},
    mailer::Mailer,
    service::Service,
};

/// The longest that a request works on many rows; the sweep does the rest.
const WITHIN_REQUEST: Duration = Duration::from_secs(5);

impl Service {
    /// Recipients of a mailing that are still queued become `cancelled`. Returns how many these were; none where there is
    /// no such mailing in the scope.
    pub async fn cancel(self: &Arc<Self>, scope: Scope, mailing_id: Uuid) -> Result<Option<usize>> {
        let Some(cancelled) = self.ledger.cancel(scope, mailing_id).await? else {
            return Ok(None);
        };
        let count = cancelled.len();
        self.publisher.publish_in_background(cancelled);
        Ok(Some(count))
    }

    /// Effective at once. Besides, whether the sweep still has to cancel some of what is queued.
    pub async fn revoke_key(
        self: &Arc<Self>,
        id: Uuid,
        cancel_queued: bool,
    ) -> Result<Option<(ApiKey, bool)>> {
        let Some(key) = self.ledger.revoke_key(id, cancel_queued).await? else {
            return Ok(None);
        };
        let cancelling = cancel_queued && !self.cancel_of_key(id).await?;
        Ok(Some((key, cancelling)))
    }

    /// Cancels as long as there is time. Returns whether all of it is cancelled.
    async fn cancel_of_key(self: &Arc<Self>, id: Uuid) -> Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < WITHIN_REQUEST {
            let cancelled = self.ledger.cancel_some_of_key(id).await?;
            if cancelled.is_empty() {
                return self.ledger.end_cancelling(id).await;
            }
            self.publisher.publish_in_background(cancelled);
        }
        Ok(false)
    }

    /// Queues those recipients again that ended in `status`.
    pub async fn resend(&self, scope: Scope, mailing_id: Uuid, status: Status) -> Result<Resent> {
        let resent = self.ledger.resend(scope, mailing_id, status).await?;
        if let Resent::Queued { wake_ups, .. } = &resent {
            self.enqueue_wake_ups(wake_ups.clone()).await;
        }
        Ok(resent)
    }

    /// Removes an address from what has ended, captured mail included. What there is no time for the sweep does.
    pub async fn erase(&self, address: &Address) -> Result<Erased> {
        let key = address.key();
        let erased = self
            .ledger
            .erase_key(&key, Instant::now() + WITHIN_REQUEST)
            .await?;
        if erased.remaining > 0 {
            self.ledger.note_erasure(&key).await?;
        }
        self.ledger.forget_suppressed(&key).await?;
        if let Mailer::Mailbox(mailbox) = &*self.mailer {
            mailbox.erase(address).await?;
        }
        Ok(erased)
    }
}
