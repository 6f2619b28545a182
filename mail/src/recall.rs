//! The caller's second thoughts.

use uuid::Uuid;

use crate::{
    Status,
    address::Address,
    error::Result,
    ledger::{Erased, Resent},
    mailer::Mailer,
    service::Service,
};

impl Service {
    /// Queues those recipients again that ended in `status`.
    pub async fn resend(&self, mailing_id: Uuid, status: Status) -> Result<Resent> {
        let resent = self.ledger.resend(mailing_id, status).await?;
        if let Resent::Queued { ranges, .. } = &resent {
            self.queue.wake(ranges.clone());
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
