//! Hands what is due over to the function that posts, by its queue, where there is one. The process that signs then needs
//! no way out of its network.

use std::time::{Duration, Instant};

use entity::webhook::Model;
use uuid::Uuid;
use webhook::Posting;

use super::sign::signed;
use crate::{
    error::Result,
    fail_point,
    hash_secret::HashSecret,
    ledger::{ClaimedDelivery, IN_FLIGHT, Route},
    queue::{self, Outgoing, Sent},
    service::Service,
    telemetry,
};

impl Service {
    /// Hands over what is due to all webhooks. It begins with no webhook after `until`; the sweep goes on with the rest.
    pub async fn hand_over_webhooks(&self, until: Instant) {
        if self.webhook_queues.is_none() || self.webhooks.knows_none() {
            return;
        }
        match self.ledger.due_webhooks().await {
            Ok((live, due)) => {
                self.webhooks.note_live(live);
                self.hand_over_to(due, Some(until)).await;
            }
            Err(error) => tracing::warn!(
                error = telemetry::causes(&error),
                "the ledger does not answer, webhooks wait"
            ),
        }
    }

    /// Hands over what is due to these webhooks.
    pub(super) async fn hand_over_to(
        &self,
        ids: impl IntoIterator<Item = Uuid>,
        until: Option<Instant>,
    ) {
        for id in ids {
            if until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
            if let Err(error) = self.hand_over_to_one(id).await {
                tracing::warn!(
                    webhook.id = %id, error = telemetry::causes(&error),
                    "events for a webhook cannot be read, they wait"
                );
            }
        }
    }

    async fn hand_over_to_one(&self, id: Uuid) -> Result<()> {
        let Some(queues) = &self.webhook_queues else {
            return Ok(());
        };
        // Before the claim: what is claimed and not handed over waits until the lease has ended.
        let secret = self.ledger.hash_secret().await?;
        let claimed = self.claim_for_webhook(id, IN_FLIGHT, Route::Queue).await?;
        let Some((webhook, claimed)) = claimed.filter(|(_, claimed)| !claimed.is_empty()) else {
            return Ok(());
        };
        fail_point!("webhook-claimed");
        let mut deliveries = Vec::with_capacity(claimed.len());
        let mut messages = Vec::with_capacity(claimed.len());
        for delivery in claimed {
            match outgoing(&webhook, &delivery, secret) {
                Ok(message) => {
                    deliveries.push(delivery);
                    messages.push(message);
                }
                // It is tried again when its lease has ended. The others do not wait for it.
                Err(error) => tracing::error!(
                    webhook.id = %id, event.id = %delivery.event_id, error = telemetry::causes(&error),
                    "an event cannot be signed for a webhook"
                ),
            }
        }
        let sent = queues.messages.send(messages, Duration::ZERO).await;
        fail_point!("webhook-handed-over");
        for (delivery, sent) in deliveries.iter().zip(sent) {
            if let Err(error) = self.note_handed_over(delivery, sent).await {
                tracing::warn!(
                    webhook.id = %id, event.id = %delivery.event_id, error = telemetry::causes(&error),
                    "an event that the queue did not take waits until its lease has ended"
                );
            }
        }
        Ok(())
    }

    /// Ends the claim of a delivery that the queue did not take, so that the next look hands it over.
    async fn note_handed_over(&self, delivery: &ClaimedDelivery, sent: Sent) -> Result<()> {
        match sent {
            Sent::Taken => Ok(()),
            Sent::NotNow => {
                let ClaimedDelivery {
                    webhook_id,
                    event_id,
                    token,
                    ..
                } = *delivery;
                self.ledger
                    .release_delivery(webhook_id, event_id, token)
                    .await
            }
            // It is tried again when its lease has ended.
            Sent::Refused(code) => {
                tracing::error!(
                    webhook.id = %delivery.webhook_id, event.id = %delivery.event_id, sqs.code = code,
                    "the queue of webhooks takes no such message"
                );
                Ok(())
            }
        }
    }
}

/// Returns the message for the function that posts.
fn outgoing(webhook: &Model, delivery: &ClaimedDelivery, secret: &HashSecret) -> Result<Outgoing> {
    let posting = Posting {
        attempt: delivery.attempt(),
        message: signed(webhook, delivery, secret)?,
    };
    Ok(Outgoing {
        body: queue::json(&posting)?,
        group: Some(delivery.webhook_id.to_string()),
    })
}
