//! The header fields whose text comes from outside.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use lettre::message::{
    Mailbox, Mailboxes,
    header::{HeaderName, HeaderValue, Headers},
};

use super::NotComposed;
use crate::{address::Address, template::one_line};

/// A longer word cannot be folded into lines that any server takes.
const MAX_WORD: usize = 900;
/// Octets of text in one encoded word, so that the first line too has at most 76 characters (RFC 2047, 2).
const ENCODED_WORD: usize = 39;
/// Longest name of a field that lettre writes and folds.
const MAX_FOLDED_NAME: usize = 76;

pub fn named(name: Option<&str>, address: &Address) -> Result<Mailboxes, NotComposed> {
    let name = name
        .map(|name| one_line(name).trim().to_owned())
        .filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, ascii(address)?).into())
}

pub fn unnamed(addresses: &[Address]) -> Result<Mailboxes, NotComposed> {
    addresses
        .iter()
        .map(|address| ascii(address).map(Mailbox::from))
        .collect()
}

fn ascii(address: &Address) -> Result<lettre::Address, NotComposed> {
    address
        .to_ascii()
        .parse()
        .map_err(|_| NotComposed("an address cannot be written into a header"))
}

pub fn subject(text: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    if text.split(' ').all(|word| word.len() <= MAX_WORD) {
        return HeaderValue::new(name, text.to_owned());
    }
    HeaderValue::dangerous_new_pre_encoded(name, text.to_owned(), encoded_words(text).join("\r\n "))
}

/// RFC 2047. A blank between two of them is not part of the text.
pub fn encoded_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(ENCODED_WORD));
        words.push(format!("=?utf-8?b?{}?=", BASE64_STANDARD.encode(word)));
        rest = after;
    }
    words
}

/// The caller's own fields. They come after those of the service and replace none. What is returned comes after
/// the other fields: those whose names are too long for lettre, each on one line. SES's limits keep it short enough.
pub fn set_custom(
    headers: &mut Headers,
    custom: &BTreeMap<String, String>,
) -> Result<String, NotComposed> {
    let mut unfolded = String::new();
    for (name, value) in custom {
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        let describes_body = name
            .get(..8)
            .is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        if !is_name || describes_body || headers.get_raw(name).is_some() {
            return Err(NotComposed("a header has a name that cannot be used"));
        }
        if name.len() > MAX_FOLDED_NAME {
            unfolded.extend([name, ": ", &one_line(value), "\r\n"]);
            continue;
        }
        let name = HeaderName::new_from_ascii(name.clone())
            .map_err(|_| NotComposed("a header has a name that cannot be used"))?;
        headers.insert_raw(HeaderValue::new(name, one_line(value)));
    }
    Ok(unfolded)
}
