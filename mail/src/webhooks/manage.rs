//! Management of webhooks, as far as it touches their secrets.

use ::url::Url;
use uuid::Uuid;

use super::{NewWebhook, Webhook, WebhookSecret};
use crate::{
    error::Result,
    event::EventKind,
    ledger::{Created, Replay},
    service::Service,
};

impl Service {
    /// Creates a webhook with a new secret.
    pub async fn create_webhook(
        &self,
        url: Url,
        statuses: Option<Vec<EventKind>>,
        api_key_id: Option<Uuid>,
    ) -> Result<(Created, WebhookSecret)> {
        let secret = WebhookSecret::generate();
        let new = NewWebhook {
            url,
            statuses,
            api_key_id,
            sealed_secret: secret.seal(self.ledger.hash_secret().await?)?,
        };
        let created = self.ledger.create_webhook(new).await?;
        self.webhooks.look();
        Ok((created, secret))
    }

    /// Replaces the secret of a webhook. Returns `None` if there is no such webhook.
    pub async fn rotate_webhook(&self, id: Uuid) -> Result<Option<(Webhook, WebhookSecret)>> {
        let secret = WebhookSecret::generate();
        let sealed = secret.seal(self.ledger.hash_secret().await?)?;
        let rotated = self.ledger.rotate_webhook(id, sealed).await?;
        Ok(rotated.map(|webhook| (webhook, secret)))
    }

    /// Sends a ping in the background, and returns the id that it will have.
    pub async fn test_webhook(&self, id: Uuid) -> Result<(Replay, Uuid)> {
        let ping = Uuid::now_v7();
        let begun = self.ledger.ping_webhook(id, ping).await?;
        self.send_soon(id).await;
        Ok((begun, ping))
    }

    pub async fn replay_webhook_event(&self, id: Uuid, event_id: Uuid) -> Result<Replay> {
        let begun = self.ledger.replay_event(id, event_id).await?;
        self.send_soon(id).await;
        Ok(begun)
    }

    pub async fn replay_webhook_since(&self, id: Uuid, since: i64) -> Result<Replay> {
        let begun = self.ledger.replay_since(id, since).await?;
        self.send_soon(id).await;
        Ok(begun)
    }

    /// Sends what has become due. A function that answers requests is frozen afterwards, so that it hands over at once.
    async fn send_soon(&self, id: Uuid) {
        if self.webhook_queues.is_some() {
            self.hand_over_to([id], None).await;
        } else {
            self.webhooks.look();
        }
    }
}
