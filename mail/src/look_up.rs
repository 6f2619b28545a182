//! One recipient of a mailing: what became of it, and its mail.

use uuid::Uuid;

use crate::{
    error::Result,
    ledger::{RecipientDetails, Scope},
    mailer::{Rendered, rendered},
    message::Recipient,
    service::Service,
};

impl Service {
    /// Returns a recipient and its mail as it is rendered; no mail once the content was removed, or if it cannot be
    /// rendered. `None` if there is no such recipient in the scope.
    pub async fn recipient_details(
        &self,
        scope: Scope,
        mailing_id: Uuid,
        position: i32,
    ) -> Result<Option<(RecipientDetails, Option<Rendered>)>> {
        let details = self
            .ledger
            .recipient_details(scope, mailing_id, position)
            .await?;
        let Some(details) = details else {
            return Ok(None);
        };
        let mail = match &details.submitted {
            Some(recipient) => self.mail_of(mailing_id, position, recipient).await?,
            None => None,
        };
        Ok(Some((details, mail)))
    }

    async fn mail_of(
        &self,
        mailing_id: Uuid,
        position: i32,
        recipient: &Recipient,
    ) -> Result<Option<Rendered>> {
        let Some(mut mailing) = self.legible_mailing(mailing_id).await? else {
            return Ok(None);
        };
        mailing.links = self.preview_links(&mailing.envelope).await?;
        Ok(rendered(&mailing, position, recipient).await.ok())
    }
}
