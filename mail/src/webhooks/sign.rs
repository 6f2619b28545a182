//! Signs a delivery: each try anew, because a signature is good for five minutes.

use entity::webhook::Model;
use standardwebhooks::Webhook as Signer;
use webhook::SignedMessage;

use super::{body::body_of, secret::WebhookSecret};
use crate::{
    error::{Error, Result},
    hash_secret::HashSecret,
    ledger::ClaimedDelivery,
};

/// Returns the message of a delivery, with a signature of the webhook's secret and, for a day after a rotation, one of
/// the secret before.
pub fn signed(
    webhook: &Model,
    delivery: &ClaimedDelivery,
    sealed_with: &HashSecret,
) -> Result<SignedMessage> {
    let body = body_of(delivery).map_err(|source| Error::Corrupt {
        what: "event",
        source,
    })?;
    let id = delivery.event_id.to_string();
    let seconds = delivery.claimed_at / 1000;
    let previous = webhook.previous_secret.as_ref().filter(|_| {
        webhook
            .previous_until
            .is_some_and(|until| until > delivery.claimed_at)
    });
    let mut signatures = Vec::new();
    for sealed in [Some(&webhook.secret), previous].into_iter().flatten() {
        let secret = WebhookSecret::open(sealed, sealed_with).ok_or(Error::HashSecret)?;
        let signer = Signer::from_bytes(secret.bytes().to_vec()).map_err(|_| Error::HashSecret)?;
        let signature = signer.sign(&id, seconds, body.as_bytes());
        signatures.push(signature.map_err(|_| Error::HashSecret)?);
    }
    Ok(SignedMessage {
        url: webhook.url.clone(),
        headers: [
            (standardwebhooks::HEADER_WEBHOOK_ID.to_owned(), id),
            (
                standardwebhooks::HEADER_WEBHOOK_TIMESTAMP.to_owned(),
                seconds.to_string(),
            ),
            (
                standardwebhooks::HEADER_WEBHOOK_SIGNATURE.to_owned(),
                signatures.join(" "),
            ),
        ]
        .into(),
        body,
    })
}
