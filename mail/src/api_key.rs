//! API keys: their secrets, the senders they may use, the recipients they may write to, and the browser origins they
//! are bound to.

use std::fmt;

use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;
use uuid::Uuid;

use crate::{
    address::{Address, ascii_domain},
    limits::Limits,
};

/// The prefix by which people and secret scanners recognise a key.
const PREFIX: &str = "mmms_";
/// The minimum number of characters of an imported key.
pub const MIN_LENGTH: usize = 20;
/// The maximum number of characters of a key, so that it fits into a header.
pub const MAX_LENGTH: usize = 255;

/// The secret of a key, as its user has it. It is shown once and never stored.
#[derive(Clone)]
pub struct ApiKeySecret(String);

impl ApiKeySecret {
    /// Generates a secret of 256 random bits, in hexadecimal after the prefix.
    pub fn generate() -> Self {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        Self(format!("{PREFIX}{}", hex::encode(bytes)))
    }

    /// Imports a secret that is already used elsewhere: 20 to 255 printable ASCII characters without spaces.
    pub fn import(text: &str) -> Option<Self> {
        let fits = (MIN_LENGTH..=MAX_LENGTH).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(…)")
    }
}

/// Returns the hash by which the ledger looks up a secret. Keys are random, so a plain SHA-256 is enough.
pub fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: Option<String>,
    pub browser: bool,
    pub origins: Vec<Origin>,
    pub senders: Vec<AddressRule>,
    /// The recipients that the key may write to; an empty list allows any.
    pub recipients: Vec<AddressRule>,
    pub limits: Limits,
    pub created_at: i64,
    /// The last use that was noted: at most once a minute.
    pub last_used_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub revoked_at: Option<i64>,
    /// The key whose lists the key uses; `None` if it has lists of its own.
    pub lists_of: Option<Uuid>,
}

impl ApiKey {
    /// Returns the key that the lists of this one belong to.
    pub fn list_key_id(&self) -> Uuid {
        self.lists_of.unwrap_or(self.id)
    }

    pub fn may_send_from(&self, sender: &Address) -> bool {
        let key = sender.key();
        self.senders.is_empty() || self.senders.iter().any(|rule| rule.allows(&key))
    }

    pub fn may_write_to(&self, recipient: &Address) -> bool {
        if self.recipients.is_empty() {
            return true;
        }
        let key = recipient.key();
        self.recipients.iter().any(|rule| rule.allows(&key))
    }

    pub fn allows_origin(&self, origin: &Origin) -> bool {
        self.origins.iter().any(|allowed| allowed.covers(origin))
    }
}

/// A rule that allows an address, or all of one domain (`@example.com`, not its subdomains).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressRule(String);

impl AddressRule {
    pub fn parse(text: &str) -> Option<Self> {
        // A `*` is valid in an address, but in a rule it would be meant as a wildcard.
        if text.contains('*') {
            return None;
        }
        match text.strip_prefix('@') {
            Some(domain) => ascii_domain(domain).map(|domain| Self(format!("@{domain}"))),
            None => Address::parse(text).ok().map(|address| Self(address.key())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes an address in its normalised form, [`Address::key`].
    fn allows(&self, key: &str) -> bool {
        if self.0.starts_with('@') {
            key.find('@').is_some_and(|at| key[at..] == self.0)
        } else {
            key == self.0
        }
    }
}

/// A browser origin (RFC 6454), or `https://*.example.com` for one label before a domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(String);

#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidOrigin {
    #[error("must be an origin such as https://app.example.com, without a path")]
    Malformed,
    #[error(
        "must not be a wildcard over a public suffix (https://publicsuffix.org): name the page's own domain"
    )]
    PublicSuffix,
}

impl Origin {
    /// Parses and normalises an origin: host in lower case and as punycode, no default port, `https://` before a bare
    /// host.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.trim();
        let full = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let (scheme, rest) = full.split_once("://").ok_or(InvalidOrigin::Malformed)?;
        let (wildcard, host) = match rest.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, rest),
        };
        if text == "null"
            || host.contains(['*', '/', '?', '#', '@', '\\', '%'])
            || host.starts_with('.')
            || host.contains("..")
            || host.ends_with(':')
        {
            return Err(InvalidOrigin::Malformed);
        }
        let url =
            Url::parse(&format!("{scheme}://{host}")).map_err(|_| InvalidOrigin::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidOrigin::Malformed);
        }
        let host = url.host_str().ok_or(InvalidOrigin::Malformed)?;
        if wildcard {
            if !matches!(url.host(), Some(url::Host::Domain(_))) || !host.contains('.') {
                return Err(InvalidOrigin::Malformed);
            }
            if is_public_suffix(host) {
                return Err(InvalidOrigin::PublicSuffix);
            }
        }
        let wildcard = if wildcard { "*." } else { "" };
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        Ok(Self(format!("{}://{wildcard}{host}{port}", url.scheme())))
    }

    /// Parses an origin as a browser sends it: a single origin, never a wildcard.
    pub fn of_request(header: &str) -> Result<Self, InvalidOrigin> {
        if header.contains('*') {
            return Err(InvalidOrigin::Malformed);
        }
        Self::parse(header)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the stored forms that allow this origin: the origin itself, and the wildcard in place of its first
    /// label.
    pub fn stored_forms(&self) -> Vec<String> {
        let wildcard = self.0.split_once("://").and_then(|(scheme, host)| {
            let (_, parent) = host.split_once('.')?;
            Some(format!("{scheme}://*.{parent}"))
        });
        std::iter::once(self.0.clone()).chain(wildcard).collect()
    }

    fn covers(&self, origin: &Self) -> bool {
        origin.stored_forms().contains(&self.0)
    }
}

/// Returns whether a host is a public suffix, under which anyone can register a name, such as `co.uk` or `netlify.app`.
/// The list is as old as the crate.
fn is_public_suffix(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    psl::suffix_str(host) == Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_recognisable_random_and_not_shown_by_debug() {
        let (a, b) = (ApiKeySecret::generate(), ApiKeySecret::generate());
        assert!(a.expose().starts_with("mmms_") && a.expose().len() == 5 + 64);
        assert_ne!(a.expose(), b.expose());
        assert!(!format!("{a:?}").contains(&a.expose()[5..]));
    }

    #[test]
    fn a_key_that_is_brought_in_has_at_least_twenty_characters() {
        assert!(ApiKeySecret::import(&"k".repeat(20)).is_some());
        assert!(ApiKeySecret::import(&"k".repeat(19)).is_none());
        assert!(ApiKeySecret::import(&"k".repeat(256)).is_none());
        assert!(ApiKeySecret::import(&format!("{} ", "k".repeat(20))).is_none());
    }

    #[test]
    fn origins_are_normalised() {
        for (written, stored) in [
            ("https://App.Example.com", "https://app.example.com"),
            ("https://app.example.com:443", "https://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("app.example.com", "https://app.example.com"),
            ("app.example.com:8443", "https://app.example.com:8443"),
            ("https://*.Example.com", "https://*.example.com"),
            ("*.example.com", "https://*.example.com"),
            ("https://müller.example", "https://xn--mller-kva.example"),
            ("http://127.0.0.1:80", "http://127.0.0.1"),
        ] {
            assert_eq!(Origin::parse(written).unwrap().as_str(), stored);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for written in [
            "",
            "*",
            "null",
            "https://",
            "https://*",
            "https://*.com",
            "https://*.ck",
            "https://a.example/",
            "https://a.example/x",
            "https://a.*.example",
            "https://*.*.example.com",
            "ftp://a.example",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example:",
            "https://.example.com",
            "https://a..example.com",
            "javascript:alert(1)",
            "https://*.127.0.0.1",
            "https://a b.example",
        ] {
            let refused = Err(InvalidOrigin::Malformed);
            assert_eq!(Origin::parse(written), refused, "{written:?}");
        }
    }

    #[test]
    fn a_wildcard_is_not_over_a_domain_in_which_anybody_can_have_a_name() {
        for written in [
            "https://*.co.uk",
            "*.netlify.app",
            "https://*.GitHub.io:8443",
            "https://*.vercel.app",
            "https://*.pages.dev",
            "https://*.s3.amazonaws.com",
            "https://*.公司.cn",
            "https://*.co.uk.",
            // `*.ck` is a public suffix.
            "https://*.anything.ck",
        ] {
            let refused = Err(InvalidOrigin::PublicSuffix);
            assert_eq!(Origin::parse(written), refused, "{written:?}");
        }
        for written in [
            "https://*.example.co.uk",
            "https://*.shop.netlify.app",
            "https://*.example.internal",
            "https://co.uk",
            "https://shop.netlify.app",
            "http://*.app.localhost:3000",
        ] {
            assert!(Origin::parse(written).is_ok(), "{written:?}");
        }
    }

    #[test]
    fn a_wildcard_stands_for_one_label() {
        let wildcard = Origin::parse("https://*.example.com").unwrap();
        let covers = |origin: &str| wildcard.covers(&Origin::parse(origin).unwrap());
        assert!(covers("https://a.example.com"));
        assert!(!covers("https://example.com"));
        assert!(!covers("https://a.b.example.com"));
        assert!(!covers("http://a.example.com"));
        assert!(!covers("https://a.example.com:444"));
    }

    #[test]
    fn a_rule_is_an_address_or_exactly_one_domain() {
        let allows = |rule: &str, address: &str| {
            AddressRule::parse(rule)
                .unwrap()
                .allows(&Address::parse(address).unwrap().key())
        };
        assert!(allows("Team@Example.com", "team@example.com"));
        assert!(!allows("team@example.com", "other@example.com"));
        assert!(allows("@Example.com", "any@example.com"));
        assert!(!allows("@example.com", "any@sub.example.com"));
        assert!(AddressRule::parse("example.com").is_none());
        assert!(AddressRule::parse("@").is_none());
        assert!(AddressRule::parse("*@example.com").is_none());
    }
}
