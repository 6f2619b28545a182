//! Mail addresses as SES accepts them: an ASCII local part at a domain that may be internationalised.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest address, in octets (RFC 5321, 4.5.3.1.3, without the angle brackets).
const MAX_LENGTH: usize = 254;
/// The longest local part, in octets (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// A mail address, kept as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidAddress {
    #[error("must be an address with one @")]
    NotOneAt,
    #[error("must have no blank and no line end before or after the address")]
    Padded,
    #[error(
        "must be the address alone, such as joe@example.com, without a name and without < and >"
    )]
    WithName,
    #[error(
        "must have a local part of 1 to 64 ASCII characters, dots only between others, no spaces"
    )]
    LocalPart,
    #[error("must not have =? in its local part: mail programs would decode it")]
    Encoded,
    #[error("must have a valid domain after the @")]
    Domain,
    #[error("must have at most 254 characters")]
    TooLong,
}

impl Address {
    pub fn parse(written: &str) -> Result<Self, InvalidAddress> {
        if written.trim() != written {
            return Err(InvalidAddress::Padded);
        }
        if written.ends_with('>') {
            return Err(InvalidAddress::WithName);
        }
        let (local, domain) = written.split_once('@').ok_or(InvalidAddress::NotOneAt)?;
        if domain.contains('@') {
            return Err(InvalidAddress::NotOneAt);
        }
        if !is_dot_atom(local) || local.len() > MAX_LOCAL_PART {
            return Err(InvalidAddress::LocalPart);
        }
        if local.contains("=?") {
            return Err(InvalidAddress::Encoded);
        }
        let ascii = ascii_domain(domain).ok_or(InvalidAddress::Domain)?;
        if local.len() + 1 + ascii.len() > MAX_LENGTH || written.chars().count() > MAX_LENGTH {
            return Err(InvalidAddress::TooLong);
        }
        Ok(Self(written.to_owned()))
    }

    /// Returns a placeholder for an address that is no longer in the ledger; no domain can have this name (RFC 2606,
    /// 2).
    pub(crate) fn unreadable() -> Self {
        Self("unreadable@mmms.invalid".to_owned())
    }

    /// Returns the address as the caller wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the address as it is transmitted: the domain as punycode (RFC 5891).
    pub fn to_ascii(&self) -> String {
        let (local, domain) = self.parts();
        let domain = ascii_domain(domain).unwrap_or_else(|| domain.to_owned());
        format!("{local}@{domain}")
    }

    /// Returns the normalised address, which is the same for two spellings of one mailbox. Local parts differ in case
    /// only in theory.
    pub fn key(&self) -> String {
        self.to_ascii().to_ascii_lowercase()
    }

    /// Returns the domain as punycode, in lower case.
    pub fn domain(&self) -> String {
        let (_, domain) = self.parts();
        ascii_domain(domain).unwrap_or_else(|| domain.to_ascii_lowercase())
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or((&self.0, ""))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns a domain as punycode in lower case, or `None` if it is not valid.
pub fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = Uts46::new()
        // Registries forbid hyphens in the third and fourth place; in subdomains, names such as `my--app` are in use.
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()?;
    let labels = ascii.split('.').count();
    let numeric_end = ascii
        .rsplit('.')
        .next()
        .is_none_or(|last| last.bytes().all(|b| b.is_ascii_digit()));
    (labels >= 2 && !numeric_end && !ascii.ends_with('.')).then(|| ascii.into_owned())
}

/// Returns whether a text is a dot-atom (RFC 5322, 3.2.3).
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_international_addresses_are_taken() {
        for written in [
            "john@example.com",
            "a.b+c@sub.example.co.uk",
            "x@müller.example",
            "o'neil@example.org",
            "joe@my--app.example.com",
            "joe@a-b--c-d.example",
        ] {
            assert!(Address::parse(written).is_ok(), "{written}");
        }
    }

    #[test]
    fn an_international_domain_goes_out_as_punycode() {
        let address = Address::parse("Info@Müller.example").unwrap();
        assert_eq!(address.to_ascii(), "Info@xn--mller-kva.example");
        assert_eq!(address.key(), "info@xn--mller-kva.example");
        assert_eq!(address.as_str(), "Info@Müller.example");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (written, reason) in [
            ("john", InvalidAddress::NotOneAt),
            ("a@b@example.com", InvalidAddress::NotOneAt),
            ("@example.com", InvalidAddress::LocalPart),
            ("jörg@example.com", InvalidAddress::LocalPart),
            ("a..b@example.com", InvalidAddress::LocalPart),
            ("a b@example.com", InvalidAddress::LocalPart),
            ("a\r\nBcc:x@example.com", InvalidAddress::LocalPart),
            ("=?utf-8?q?x?=@example.com", InvalidAddress::Encoded),
            ("a=?b@example.com", InvalidAddress::Encoded),
            ("a@", InvalidAddress::Domain),
            ("a@localhost", InvalidAddress::Domain),
            ("a@-x.example", InvalidAddress::Domain),
            ("a@ex ample.com", InvalidAddress::Domain),
            ("a@example.com\r\n", InvalidAddress::Padded),
            (" a@example.com", InvalidAddress::Padded),
            ("a@example.com\u{a0}", InvalidAddress::Padded),
            ("Joe <joe@example.com>", InvalidAddress::WithName),
            ("<joe@example.com>", InvalidAddress::WithName),
            ("a@xn--a.example", InvalidAddress::Domain),
            ("a@x-.example", InvalidAddress::Domain),
            ("a@a_b.example", InvalidAddress::Domain),
            ("a@127.0.0.1", InvalidAddress::Domain),
        ] {
            assert_eq!(Address::parse(written), Err(reason), "{written:?}");
        }
        let long = format!("a@{}.example", "x.".repeat(150).trim_end_matches('.'));
        assert!(Address::parse(&long).is_err());
        // Punycode drops soft hyphens.
        let padded = format!("a@{}x.example", "\u{ad}".repeat(250));
        assert_eq!(Address::parse(&padded), Err(InvalidAddress::TooLong));
    }
}
