//! Links by which recipients unsubscribe from a list (RFC 2369), also with one click (RFC 8058).
//!
//! The token of a link is sealed with the secret of the deployment and holds all that is needed. It is therefore valid
//! for as long as the secret is, also after the mail and its recipient have been removed from the ledger. Each mailing has
//! a key of its own, because AES-GCM with random nonces is good for 2^32 messages of one key (NIST SP 800-38D).

use std::{borrow::Cow, fmt, sync::Arc};

use strum::{Display, EnumIter, EnumString, IntoStaticStr};
use url::Url;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    hash_secret::{HASH, HashSecret},
    mailing::Mailing,
    message::{Envelope, List, Recipient},
    service::Service,
    template::{Template, Values},
};

/// The form of what is sealed.
const FORM: u8 = 2;
/// The path of the links, below the public URL.
const PATH: &str = "/v1/unsubscribe/";
/// The number of bytes that are sealed before the name of the list.
const FIXED: usize = 1 + 1 + 16 + 4 + HASH;
/// The length of the id of a mailing in hexadecimal, with which its tokens begin.
const ID: usize = uuid::fmt::Simple::LENGTH;

/// A language of the page that a link leads to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Default, Display, EnumIter, EnumString, IntoStaticStr,
)]
#[strum(serialize_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    De,
    Nl,
}

impl Language {
    /// Returns the language of a tag such as `nl-BE` (RFC 5646), English if the page is not written in it.
    fn of_tag(tag: &str) -> Self {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        primary.to_ascii_lowercase().parse().unwrap_or_default()
    }

    /// Returns the language that a mail gives: the attribute `lang` of the element `html`, with its placeholders
    /// replaced.
    fn of_html(html: &str, values: &Values<'_>) -> Self {
        let tag = lang(html).map(|tag| Template::parse(tag).text(values));
        tag.map_or_else(Self::default, |tag| Self::of_tag(&tag))
    }

    fn to_byte(self) -> u8 {
        match self {
            Self::En => 0,
            Self::De => 1,
            Self::Nl => 2,
        }
    }

    fn of_byte(byte: u8) -> Self {
        match byte {
            1 => Self::De,
            2 => Self::Nl,
            _ => Self::En,
        }
    }
}

/// Returns the attribute `lang` of the element `html` at the start of a document.
fn lang(html: &str) -> Option<&str> {
    // Only a doctype and comments stand before it.
    let start = &html[..html.floor_char_boundary(2_000)];
    // Lower case changes no place in ASCII.
    let lower = start.to_ascii_lowercase();
    let tag = lower.find("<html")?;
    let end = tag + lower[tag..].find('>')?;
    let name = lower[tag..end]
        .match_indices("lang")
        .map(|(at, _)| tag + at)
        .find(|at| lower.as_bytes()[at - 1].is_ascii_whitespace())?;
    let value = start[name + 4..end].trim_start().strip_prefix('=')?;
    let value = value.trim_start();
    match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next(),
        _ => value.split_ascii_whitespace().next(),
    }
}

/// What a link is about: an address and a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub list: List,
    /// The keyed hash of the normalised address.
    pub mail_hash: [u8; HASH],
    /// The mail that the link stands in.
    pub mailing_id: Uuid,
    pub position: i32,
    pub language: Language,
}

impl Subscription {
    pub fn seal(&self, secret: &HashSecret) -> Result<String> {
        let mut plain = Vec::with_capacity(FIXED + self.list.name.len());
        plain.extend([FORM, self.language.to_byte()]);
        plain.extend(self.list.api_key_id.as_bytes());
        plain.extend(self.position.to_be_bytes());
        plain.extend(self.mail_hash);
        plain.extend(self.list.name.as_bytes());
        let sealed = secret.seal(&purpose(self.mailing_id), &plain)?;
        Ok(format!("{}{sealed}", self.mailing_id.simple()))
    }

    /// Returns `None` for anything that `seal` has not made with this secret.
    pub fn open(token: &str, secret: &HashSecret) -> Option<Self> {
        let (mailing, sealed) = token.split_at_checked(ID)?;
        let mailing_id = Uuid::try_parse(mailing).ok()?;
        let plain = secret.open(&purpose(mailing_id), sealed)?;
        let (&[FORM, language], rest) = plain.split_first_chunk::<2>()? else {
            return None;
        };
        let (key, rest) = rest.split_first_chunk::<16>()?;
        let (position, rest) = rest.split_first_chunk::<4>()?;
        let (mail_hash, name) = rest.split_first_chunk::<HASH>()?;
        Some(Self {
            list: List {
                name: String::from_utf8(name.to_vec()).ok()?,
                api_key_id: Uuid::from_bytes(*key),
            },
            mail_hash: *mail_hash,
            mailing_id,
            position: i32::from_be_bytes(*position),
            language: Language::of_byte(language),
        })
    }
}

/// Returns what the tokens of a mailing are sealed for.
fn purpose(mailing_id: Uuid) -> String {
    format!("unsubscribe/{mailing_id}")
}

/// What the links of a mailing are made with.
#[derive(Clone)]
pub struct UnsubscribeLinks {
    list: List,
    public_url: Url,
    secret: HashSecret,
    is_sample: bool,
}

impl UnsubscribeLinks {
    pub fn new(list: List, public_url: Url, secret: HashSecret) -> Self {
        Self {
            list,
            public_url,
            secret,
            is_sample: false,
        }
    }

    /// Makes links of the same length that lead to nothing: whoever is shown a mail must not unsubscribe its recipient.
    fn for_preview(&self) -> Self {
        Self {
            is_sample: true,
            ..self.clone()
        }
    }

    /// Returns the link of one recipient. `None` if it cannot be sealed, which happens only if the system has no random
    /// numbers.
    fn link(&self, mailing: &Mailing, position: i32, values: &Values<'_>) -> Option<String> {
        if self.is_sample {
            return Some(link_of_same_length(&self.public_url, &self.list.name));
        }
        let html = mailing.body.html.as_deref();
        let language = html.map(|html| Language::of_html(html, values));
        let subscription = Subscription {
            list: self.list.clone(),
            mail_hash: self.secret.address(&values.recipient.mail.key()),
            mailing_id: mailing.id,
            position,
            language: language.unwrap_or_default(),
        };
        let token = subscription.seal(&self.secret).ok()?;
        Some(link(&self.public_url, &token))
    }
}

impl fmt::Debug for UnsubscribeLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsubscribeLinks").finish_non_exhaustive()
    }
}

fn link(public_url: &Url, token: &str) -> String {
    let base = public_url.as_str().trim_end_matches('/');
    format!("{base}{PATH}{token}")
}

/// Returns a text of the length of each link of a list, for checks that render nothing.
pub fn link_of_same_length(public_url: &Url, list: &str) -> String {
    let token = ID + HashSecret::sealed_length(FIXED + list.len());
    link(public_url, &"x".repeat(token))
}

impl Mailing {
    /// Returns the values of a recipient's placeholders.
    pub fn values<'a>(&'a self, position: i32, recipient: &'a Recipient) -> Values<'a> {
        let values = Values::new(&self.envelope, recipient);
        let links = self.links.as_ref();
        let link = links.and_then(|links| links.link(self, position, &values));
        values.with_unsubscribe_url(link.map(Cow::Owned))
    }
}

impl Service {
    /// Returns what the links of a mailing are made with; `None` if its mails have none. Mail that was accepted with links
    /// waits for a process that knows their address.
    pub async fn unsubscribe_links(
        &self,
        envelope: &Envelope,
    ) -> Result<Option<Arc<UnsubscribeLinks>>> {
        let (Some(list), Some(url)) = (&envelope.list, &self.config.public_url) else {
            return if envelope.needs_links {
                Err(Error::NoPublicUrl)
            } else {
                Ok(None)
            };
        };
        let secret = self.ledger.hash_secret().await?;
        let links = UnsubscribeLinks::new(list.clone(), url.clone(), secret.clone());
        Ok(Some(Arc::new(links)))
    }

    /// Returns what the links of a mail that is only shown are made with.
    pub async fn preview_links(
        &self,
        envelope: &Envelope,
    ) -> Result<Option<Arc<UnsubscribeLinks>>> {
        if self.config.public_url.is_none() {
            return Ok(None);
        }
        let links = self.unsubscribe_links(envelope).await?;
        Ok(links.map(|links| Arc::new(links.for_preview())))
    }

    /// Returns what a link is about; `None` if the token is none of this deployment's.
    pub async fn subscription(&self, token: &str) -> Result<Option<Subscription>> {
        let secret = self.ledger.hash_secret().await?;
        Ok(Subscription::open(token, secret))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{envelope, recipient},
        message::Variable,
    };

    fn subscription() -> Subscription {
        Subscription {
            list: List {
                name: "newsletter".to_owned(),
                api_key_id: Uuid::now_v7(),
            },
            mail_hash: [7; HASH],
            mailing_id: Uuid::now_v7(),
            position: 9_999,
            language: Language::Nl,
        }
    }

    #[test]
    fn a_token_tells_what_it_is_about_to_the_same_secret_only() {
        let [secret, other] = ["one", "two"].map(HashSecret::new);
        let subscription = subscription();
        let token = subscription.seal(&secret).unwrap();
        assert_eq!(Subscription::open(&token, &secret), Some(subscription));
        assert_eq!(Subscription::open(&token, &other), None);
        let of_other = format!("{}{}", Uuid::now_v7().simple(), &token[ID..]);
        for text in ["", "x", &token[1..], &token[..token.len() - 1], &of_other] {
            assert_eq!(Subscription::open(text, &secret), None, "{text}");
        }
        // What was sealed for this purpose in another form is not taken for this one.
        let id = Uuid::now_v7();
        let sealed = secret.seal(&purpose(id), &[FORM + 1; 100]).unwrap();
        let token = format!("{}{sealed}", id.simple());
        assert_eq!(Subscription::open(&token, &secret), None);
    }

    #[test]
    fn the_length_of_a_link_is_known_before_it_is_made() {
        let url = Url::parse("https://mail.example.com/").unwrap();
        let secret = HashSecret::new("one");
        for name in ["a", "newsletter", &"x".repeat(64)] {
            let mut subscription = subscription();
            subscription.list.name = name.to_owned();
            let link = link(&url, &subscription.seal(&secret).unwrap());
            assert_eq!(link.len(), link_of_same_length(&url, name).len());
            assert!(link.starts_with("https://mail.example.com/v1/unsubscribe/"));
        }
    }

    #[test]
    fn the_language_is_that_of_the_html() {
        let envelope = envelope();
        let recipient = Recipient {
            variables: [("lang".to_owned(), Variable::Text("nl".to_owned()))].into(),
            ..recipient("ann@example.org")
        };
        let values = Values::new(&envelope, &recipient);
        for (html, expected) in [
            ("<html lang=\"nl\"><body>", Language::Nl),
            (
                "<!DOCTYPE html>\n<HTML dir='ltr' LANG='de-AT'>",
                Language::De,
            ),
            ("<html lang=DE><p>", Language::De),
            ("<html\n  lang = \"{{ lang }}\">", Language::Nl),
            ("<html xml:lang=\"nl\">", Language::En),
            ("<html lang=\"fr\">", Language::En),
            ("<html lang=\"\">", Language::En),
            ("<html><p lang=\"nl\">", Language::En),
            ("<p lang=\"nl\">", Language::En),
            ("<html lang", Language::En),
            ("<html lang>", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::of_html(html, &values), expected, "{html}");
        }
    }
}
