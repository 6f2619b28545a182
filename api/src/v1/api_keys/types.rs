//! Requests and answers of the operations on keys.

use mail::{
    api_key::{AddressRule, ApiKey, ApiKeySecret, Origin},
    limits::Limits,
};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::v1::{
    text::{self, Plain, Text},
    types::Timestamp,
};

pub type KeyName = Text<Plain, 200>;
/// The largest limit of a window.
pub const MAX_LIMIT: i64 = 1_000_000_000;
/// The largest limit of recipients of one request, which has at most 10,000.
pub const MAX_RECIPIENTS_OF_REQUEST: i64 = 10_000;

/// A new API key. With `origins` it is a browser key: it can only send mail, only from pages of these origins, and must
/// have `senders`.
#[derive(Clone, Debug, Object)]
pub struct ApiKeyRequest {
    /// A name for people, such as that of the application.
    pub name: Option<KeyName>,
    /// The origins of the pages that may use the key, such as `https://app.example.com`. `https://*.example.com` stands
    /// for all names with one label before the domain.
    #[oai(validator(max_items = 100))]
    pub origins: Option<Vec<Text<text::Origin>>>,
    /// The addresses that the key may send as; `@example.com` stands for all addresses of that domain, without its
    /// subdomains. Without an entry, the key may send as any address.
    #[oai(validator(max_items = 100))]
    pub senders: Option<Vec<Text<text::Sender>>>,
    /// The addresses that the key may write to, also as copies; `@example.com` stands for all addresses of that domain,
    /// without its subdomains. Mail to others is answered 403. Without an entry, the key may write to any address.
    #[oai(validator(max_items = 100))]
    pub recipients: Option<Vec<Text<text::Sender>>>,
    /// The limits of the key; a limit that is `null` limits nothing, and `null` for all is no limit at all. What is not
    /// given is not limited, except that a browser key then has its defaults: 60 requests and 60 recipients a minute,
    /// 1,000 recipients a day, and 1 recipient a request. A key with an imported secret has no defaults.
    pub limits: Option<LimitsRequest>,
    /// The time from which the key is refused like an unknown one; it must be in the future.
    pub expires_at: Option<Timestamp>,
    /// The id of a revoked API key, whose lists the key takes over: who has unsubscribed from one of them stays
    /// unsubscribed, and links in earlier mail unsubscribe from the key's mail too.
    pub lists_of: Option<Uuid>,
    /// An existing secret to import instead of a generated one: 20 to 255 printable ASCII characters without spaces.
    pub api_key: Option<Text<text::ApiKeySecret>>,
}

/// Changes of an API key. A field that is absent changes nothing, and `null` removes the value.
#[derive(Clone, Debug, Object)]
pub struct ApiKeyChangeRequest {
    /// A new name for people.
    pub name: Option<KeyName>,
    /// The addresses that the key may send as, in place of all before. A browser key must have one.
    #[oai(validator(max_items = 100))]
    pub senders: Option<Vec<Text<text::Sender>>>,
    /// The addresses that the key may write to, in place of all before; `null` or no entry allows any address.
    #[oai(validator(max_items = 100))]
    pub recipients: Option<Vec<Text<text::Sender>>>,
    /// Changes of the limits; `null` removes all of them.
    pub limits: Option<LimitsRequest>,
    /// The time from which the key is refused like an unknown one; it must be in the future.
    pub expires_at: Option<Timestamp>,
}

/// Limits of an API key. A window is a minute or a day of UTC by the database's clock.
///
/// Each request to `POST /v1/mail` counts once, also if it is refused; replays of an `Idempotency-Key` do not count. The
/// recipients of a request count when it is stored, with those in `cc` and `bcc`.
#[derive(Clone, Debug, Object)]
pub struct LimitsRequest {
    /// The number of requests in a minute.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000")))]
    pub requests_per_minute: Option<i64>,
    /// The number of recipients in a minute.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000")))]
    pub recipients_per_minute: Option<i64>,
    /// The number of recipients in a day.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000000000")))]
    pub recipients_per_day: Option<i64>,
    /// The number of recipients of one request. A request with more is answered 400.
    #[oai(validator(minimum(value = "1"), maximum(value = "10000")))]
    pub recipients_per_request: Option<i64>,
}

/// The limits of an API key; one that is null limits nothing.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ApiKeyLimits")]
pub struct LimitsOut {
    /// The number of requests to `POST /v1/mail` in a minute.
    pub requests_per_minute: Option<i32>,
    /// The number of recipients in a minute.
    pub recipients_per_minute: Option<i32>,
    /// The number of recipients in a day of UTC.
    pub recipients_per_day: Option<i32>,
    /// The number of recipients of one request.
    pub recipients_per_request: Option<i32>,
}

impl LimitsOut {
    fn of(limits: Limits) -> Option<Self> {
        (limits != Limits::NONE).then_some(Self {
            requests_per_minute: limits.requests_per_minute,
            recipients_per_minute: limits.recipients_per_minute,
            recipients_per_day: limits.recipients_per_day,
            recipients_per_request: limits.recipients_per_request,
        })
    }
}

/// The origins to add to an API key.
#[derive(Clone, Debug, Object)]
pub struct OriginsRequest {
    /// At most 100 origins, such as `https://www.example.com`.
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
    /// The id of the key, which is no secret.
    pub id: Uuid,
    /// The name for people; null if it has none.
    pub name: Option<String>,
    /// `browser` if the key is tied to origins, else `server`.
    pub kind: KindOut,
    /// The origins of the pages that may use the key; empty for a server key.
    pub origins: Vec<String>,
    /// The addresses, and domains such as `@example.com`, that the key may send as; empty if it may send as any.
    pub senders: Vec<String>,
    /// The addresses that the key may write to; without an entry, any.
    pub recipients: Vec<String>,
    /// Null if the key has no limits.
    pub limits: Option<LimitsOut>,
    /// The revoked API key whose lists the key uses; null if it has lists of its own.
    pub lists_of: Option<Uuid>,
    /// The time at which the key was created.
    pub created_at: Timestamp,
    /// The time of the last use, to within a minute; null if the key was never used.
    pub last_used_at: Option<Timestamp>,
    /// The time from which the key is refused; null if it does not expire.
    pub expires_at: Option<Timestamp>,
}

/// A revoked API key.
#[derive(Clone, Debug, Object)]
pub struct RevokedApiKey {
    /// The id of the key.
    pub id: Uuid,
    /// The name for people; null if it has none.
    pub name: Option<String>,
    /// `browser` if the key is tied to origins, else `server`.
    pub kind: KindOut,
    /// The origins of the pages that may use the key; empty for a server key.
    pub origins: Vec<String>,
    /// The addresses, and domains such as `@example.com`, that the key may send as; empty if it may send as any.
    pub senders: Vec<String>,
    /// The addresses that the key may write to; without an entry, any.
    pub recipients: Vec<String>,
    /// Null if the key has no limits.
    pub limits: Option<LimitsOut>,
    /// The revoked API key whose lists the key uses; null if it has lists of its own.
    pub lists_of: Option<Uuid>,
    /// The time at which the key was created.
    pub created_at: Timestamp,
    /// The time of the last use, to within a minute; null if the key was never used.
    pub last_used_at: Option<Timestamp>,
    /// The time from which the key is refused; null if it does not expire.
    pub expires_at: Option<Timestamp>,
    /// The time at which the key was revoked.
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
            recipients: key.recipients,
            limits: key.limits,
            lists_of: key.lists_of,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
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
            origins: texts(&key.origins, Origin::as_str),
            senders: texts(&key.senders, AddressRule::as_str),
            recipients: texts(&key.recipients, AddressRule::as_str),
            limits: LimitsOut::of(key.limits),
            lists_of: key.lists_of,
            created_at: key.created_at.into(),
            last_used_at: key.last_used_at.map(Timestamp::from),
            expires_at: key.expires_at.map(Timestamp::from),
        }
    }
}

fn texts<T>(items: &[T], text: impl Fn(&T) -> &str) -> Vec<String> {
    items.iter().map(|item| text(item).to_owned()).collect()
}

/// An API key with its secret, which is shown only once.
#[derive(Clone, Debug, Object)]
#[oai(rename = "ApiKeyWithSecret")]
pub struct SecretOut {
    /// The id of the key, which is no secret.
    pub id: Uuid,
    /// The secret, for the header `x-api-key`. Only a hash of it is stored, so it cannot be shown again.
    pub api_key: String,
    /// The name for people; null if it has none.
    pub name: Option<String>,
    /// `browser` if the key is tied to origins, else `server`.
    pub kind: KindOut,
    /// The origins of the pages that may use the key; empty for a server key.
    pub origins: Vec<String>,
    /// The addresses, and domains such as `@example.com`, that the key may send as; empty if it may send as any.
    pub senders: Vec<String>,
    /// The addresses that the key may write to; without an entry, any.
    pub recipients: Vec<String>,
    /// Null if the key has no limits.
    pub limits: Option<LimitsOut>,
    /// The revoked API key whose lists the key uses; null if it has lists of its own.
    pub lists_of: Option<Uuid>,
    /// The time at which the key was created.
    pub created_at: Timestamp,
    /// The time from which the key is refused; null if it does not expire.
    pub expires_at: Option<Timestamp>,
}

impl SecretOut {
    pub fn new(key: ApiKey, secret: &ApiKeySecret) -> Self {
        let key = ApiKeyOut::from(key);
        Self {
            id: key.id,
            api_key: secret.expose().to_owned(),
            name: key.name,
            kind: key.kind,
            origins: key.origins,
            senders: key.senders,
            recipients: key.recipients,
            limits: key.limits,
            lists_of: key.lists_of,
            created_at: key.created_at,
            expires_at: key.expires_at,
        }
    }
}
