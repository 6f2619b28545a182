//! The secret of a webhook: it signs messages, so it must be readable, and is sealed in the ledger.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{error::Result, hash_secret::HashSecret};

/// The prefix by which people and secret scanners recognise a secret.
const PREFIX: &str = "whsec_";
/// What the secrets are sealed for.
const PURPOSE: &str = "webhook secret";

/// 256 random bits.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    pub fn generate() -> Self {
        Self(rand::random::<[u8; 32]>().to_vec())
    }

    /// Returns the secret as the receiver needs it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn seal(&self, with: &HashSecret) -> Result<String> {
        with.seal(PURPOSE, &self.0)
    }

    /// Returns `None` if it was sealed with another secret of the deployment.
    pub(super) fn open(sealed: &str, with: &HashSecret) -> Option<Self> {
        with.open(PURPOSE, sealed).map(Self)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}
