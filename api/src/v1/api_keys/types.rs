//! Requests and answers of the operations on keys.

use mail::api_key::{ApiKey, ApiKeySecret};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::v1::{
    text::{self, Plain, Text},
    types::Timestamp,
};

pub type KeyName = Text<Plain, 200>;

/// A new API key. With `origins` it is a browser key: it can only send mail, only from pages of these origins, and must
/// have `senders`.
#[derive(Clone, Debug, Object)]
pub struct ApiKeyRequest {
    pub name: Option<KeyName>,
    /// The origins of the pages that may use the key, such as `https://app.example.com`. `https://*.example.com` stands
    /// for all names with one label before the domain.
    #[oai(validator(max_items = 100))]
    pub origins: Option<Vec<Text<text::Origin>>>,
    /// The addresses that the key may send as; `@example.com` stands for all addresses of that domain, without its
    /// subdomains. Without an entry, the key may send as any address.
    #[oai(validator(max_items = 100))]
    pub senders: Option<Vec<Text<text::Sender>>>,
    /// An existing secret to import instead of a generated one: 20 to 255 printable ASCII characters without spaces.
    pub api_key: Option<Text<text::ApiKeySecret>>,
}

/// The origins to add to an API key.
#[derive(Clone, Debug, Object)]
pub struct OriginsRequest {
    #[oai(validator(max_items = 100))]
    pub origins: Vec<Text<text::Origin>>,
}

/// Options of a rotation.
#[derive(Clone, Debug, Object)]
pub struct RotateRequest {
    /// The time for which the old secret stays valid, in seconds, at most 30 days; 0 if absent.
    #[oai(validator(minimum(value = "0"), maximum(value = "2592000")))]
    pub grace_seconds: Option<i64>,
}

/// The kind of an API key. A `server` key may send, look up its own mailings, cancel and resend. A key that has or had
/// an origin is a `browser` key: it may only send, and only from pages of its origins, because every visitor of the
/// page can read it.
#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename = "ApiKeyKind", rename_all = "lowercase")]
pub enum KindOut {
    Server,
    Browser,
}

/// An API key, without its secret.
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

/// A revoked API key.
#[derive(Clone, Debug, Object)]
pub struct RevokedApiKey {
    pub id: Uuid,
    pub name: Option<String>,
    pub kind: KindOut,
    pub origins: Vec<String>,
    pub senders: Vec<String>,
    pub created_at: Timestamp,
    pub revoked_at: Timestamp,
    /// `true` if some queued recipients of the key are not cancelled yet: they are cancelled in the background, within
    /// minutes. Absent otherwise.
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

/// An API key with its secret, which is shown only once.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ApiKeyWithSecret")]
pub struct SecretOut {
    pub id: Uuid,
    /// The secret, for the header `x-api-key`. Only a hash of it is stored, so it cannot be shown again.
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
