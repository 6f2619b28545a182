//! The caller's second thoughts.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    Status,
    address::Address,
    api_key::ApiKey,
    error::Result,
    ledger::{Erased, Resent},
    mailer::Mailer,
    service::Service,
};

impl Service {
    /// What is still queued becomes cancelled; how many that were.
    pub async fn cancel(self: &Arc<Self>, mailing_id: Uuid) -> Result<usize> {
        let cancelled = self.ledger.cancel(mailing_id).await?;
        let count = cancelled.len();
        self.tell_behind(cancelled);
        Ok(count)
    }

    /// Effective at once. It may be repeated to cancel what is queued still.
    pub async fn revoke_key(
        self: &Arc<Self>,
        id: Uuid,
        cancel_queued: bool,
    ) -> Result<Option<ApiKey>> {
        let key = self.ledger.revoke_key(id).await?;
        if cancel_queued {
            self.cancel_all_of_key(id).await?;
        }
        Ok(key)
    }

    async fn cancel_all_of_key(self: &Arc<Self>, id: Uuid) -> Result<()> {
        loop {
            let cancelled = self.ledger.cancel_some_of_key(id).await?;
            if cancelled.is_empty() {
                return Ok(());
            }
            self.tell_behind(cancelled);
        }
    }

    /// Queues those recipients again that ended in `status`.
    pub async fn resend(&self, mailing_id: Uuid, status: Status) -> Result<Resent> {
        let resent = self.ledger.resend(mailing_id, status).await?;
        if let Resent::Queued { wake_ups, .. } = &resent {
            self.call(wake_ups.clone()).await;
        }
        Ok(resent)
    }

    /// Removes an address from what has ended, captured mail included.
    pub async fn erase(&self, address: &Address) -> Result<Erased> {
        let erased = self.ledger.erase(address).await?;
        if let Mailer::Mailbox(mailbox) = &self.mailer {
            mailbox.erase(address).await?;
        }
        Ok(erased)
    }
}
