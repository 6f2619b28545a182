//! Requests and answers of the operations on keys.

use mail::api_key::{ApiKey, ApiKeySecret};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::v1::{
    text::{self, Plain, Text},
    types::Timestamp,
};

pub type KeyName = Text<Plain, 200>;

/// A new key. With `origins` it is a browser key: it can only send, only from there, and needs `senders`.
#[derive(Clone, Debug, Object)]
pub struct ApiKeyRequest {
    pub name: Option<KeyName>,
    /// `https://app.example.com`, or `https://*.example.com` for one label.
    #[oai(validator(max_items = 100))]
    pub origins: Option<Vec<Text<text::Origin>>>,
    /// Addresses, or `@example.com` for that domain. None: any sender.
    #[oai(validator(max_items = 100))]
    pub senders: Option<Vec<Text<text::Sender>>>,
    /// Brings in an existing key: printable ASCII without spaces.
    pub api_key: Option<Text<text::ApiKeySecret>>,
}

/// Origins to add.
#[derive(Clone, Debug, Object)]
pub struct OriginsRequest {
    #[oai(validator(max_items = 100))]
    pub origins: Vec<Text<text::Origin>>,
}

/// How to change the secret.
#[derive(Clone, Debug, Object)]
pub struct RotateRequest {
    /// How long the old secret still opens the key, at most 30 days; 0 unless given.
    #[oai(validator(minimum(value = "0"), maximum(value = "2592000")))]
    pub grace_seconds: Option<i64>,
}

/// What a key is for. It is a browser key once it has had an origin, also when none is left; it then works from web
/// pages alone, and only sends.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename = "ApiKeyKind", rename_all = "lowercase")]
pub enum KindOut {
    Server,
    Browser,
}

/// A key, without its secret.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ApiKey")]
pub struct ApiKeyOut {
    pub id: Uuid,
    pub name: Option<String>,
    pub kind: KindOut,
    pub origins: Vec<String>,
    pub senders: Vec<String>,
    pub created_at: Timestamp,
}

/// A key that opens nothing any more.
#[derive(Clone, Debug, Object)]
pub struct RevokedApiKey {
    pub id: Uuid,
    pub name: Option<String>,
    pub kind: KindOut,
    pub origins: Vec<String>,
    pub senders: Vec<String>,
    pub created_at: Timestamp,
    pub revoked_at: Timestamp,
    /// `true` where some of what the key had queued is still to be cancelled: that is done in the background, within
    /// minutes. Absent where there is none.
    #[oai(skip_serializing_if_is_none)]
    pub cancelling: Option<bool>,
}

impl RevokedApiKey {
    pub fn new(key: ApiKey, revoked_at: i64, cancelling: bool) -> Self {
        let key = ApiKeyOut::from(key);
        Self {
            id: key.id,
            name: key.name,
            kind: key.kind,
            origins: key.origins,
            senders: key.senders,
            created_at: key.created_at,
            revoked_at: revoked_at.into(),
            cancelling: cancelling.then_some(true),
        }
    }
}

impl From<ApiKey> for ApiKeyOut {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            kind: if key.browser {
                KindOut::Browser
            } else {
                KindOut::Server
            },
            origins: key
                .origins
                .iter()
                .map(|origin| origin.as_str().to_owned())
                .collect(),
            senders: key
                .senders
                .iter()
                .map(|rule| rule.as_str().to_owned())
                .collect(),
            created_at: key.created_at.into(),
        }
    }
}

/// A key with its secret, which is shown this once.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ApiKeyWithSecret")]
pub struct SecretOut {
    pub id: Uuid,
    /// For the header `x-api-key`. It is not stored and cannot be shown again.
    pub api_key: String,
    pub name: Option<String>,
    pub origins: Vec<String>,
    pub senders: Vec<String>,
    pub created_at: Timestamp,
}

impl SecretOut {
    pub fn new(key: ApiKey, secret: &ApiKeySecret) -> Self {
        let key = ApiKeyOut::from(key);
        Self {
            id: key.id,
            api_key: secret.expose().to_owned(),
            name: key.name,
            origins: key.origins,
            senders: key.senders,
            created_at: key.created_at,
        }
    }
}
