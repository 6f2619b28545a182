//! Header fields with text from outside.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use lettre::message::header::{HeaderName, HeaderValue, Headers};

use super::NotComposed;
use crate::{
    address::Address,
    message::Names,
    template::{Template, Values, one_line},
};

/// A longer word cannot be folded into lines that every server accepts.
const MAX_WORD: usize = 900;
/// Octets of text in one encoded word, so that even the first line has at most 76 characters (RFC 2047, 2).
const ENCODED_WORD: usize = 39;
/// The longest name of a field that lettre writes and folds.
const MAX_FOLDED_NAME: usize = 76;

/// The longest line that need not be longer (RFC 5322, 2.1.1).
const LINE: usize = 78;

/// Returns an address with its name (RFC 5322, 3.4), in ASCII and without line ends.
pub fn named(name: Option<&str>, address: &Address) -> String {
    let address = address.to_ascii();
    let name = name.map(one_line);
    match name.as_deref().map(str::trim) {
        None | Some("") => address,
        Some(name) => format!("{} <{address}>", phrase(name)),
    }
}

/// Returns each address with its name, if it has one.
pub fn named_each<'a>(
    addresses: impl IntoIterator<Item = &'a Address>,
    names: &Names,
) -> Vec<String> {
    let addresses = addresses.into_iter();
    addresses
        .map(|address| named(names.get(address.as_str()).map(String::as_str), address))
        .collect()
}

/// Writes a name as a quoted string, which spam filters do not penalise, and as encoded words only if necessary.
fn phrase(name: &str) -> String {
    if is_plain(name) {
        return format!("\"{}\"", name.replace('\\', r"\\").replace('"', "\\\""));
    }
    encoded_words(name).join(" ")
}

/// Returns whether the text is printable ASCII that no reader takes for an encoded word.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b)) && !text.contains("=?")
}

/// Returns a field of addresses as `named` writes them, folded after commas and between encoded words.
pub fn addresses(name: &'static str, addresses: &[String]) -> HeaderValue {
    let mut folded = String::new();
    let mut length = name.len() + 1;
    for (index, address) in addresses.iter().enumerate() {
        if index > 0 {
            folded.push(',');
            if length + address.len() + 2 > LINE {
                folded.push_str("\r\n ");
                length = 0;
            } else {
                folded.push(' ');
            }
        }
        let address = address.replace("?= ", "?=\r\n ");
        length = match address.rsplit_once("\r\n") {
            Some((_, last)) => last.len(),
            None => length + address.len() + 2,
        };
        folded.push_str(&address);
    }
    let field = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(field, addresses.join(", "), folded)
}

/// Returns the field `Subject`. A blank between two encoded words is not part of the text, nor is one at either end of
/// a line; therefore a text that is not plain is encoded as a whole, including its blanks.
pub fn subject(text: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("Subject");
    let is_whole = text.trim() == text && !text.contains("  ");
    if is_plain(text) && is_whole && text.split(' ').all(|word| word.len() <= MAX_WORD) {
        return HeaderValue::new(name, text.to_owned());
    }
    HeaderValue::dangerous_new_pre_encoded(name, text.to_owned(), encoded_words(text).join("\r\n "))
}

/// Returns the value of one of the caller's fields. A filled-in value may not be ASCII, or look like an encoded word,
/// and is then encoded; the text that the caller has written stays as it is.
pub fn custom(template: &Template, values: &Values<'_>) -> String {
    let text = template.header(values);
    let text = text.trim();
    if is_plain(text) || !template.has_placeholders() {
        text.to_owned()
    } else {
        encoded_words(text).join(" ")
    }
}

/// Returns a subject for a service that makes the field itself: as text, unless readers would take a part of it for an
/// encoded word, which could hold line ends.
pub fn subject_text(text: String) -> String {
    if text.contains("=?") {
        encoded_words(&text).join(" ")
    } else {
        text
    }
}

/// Returns a file name for a service that makes the field itself, without anything that readers would take for an
/// encoded word.
pub fn filename_text(name: &str) -> String {
    one_line(name).replace("=?", "=_")
}

/// Splits a text into encoded words (RFC 2047). A blank between two of them is not part of the text.
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

/// Adds the caller's own fields. They come after the fields of the service and replace none of them. The returned text
/// belongs after all other fields: it holds the fields whose names are too long for lettre, each on one line. SES's
/// limits keep these lines short enough.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_or_encoded() {
        let address = Address::parse("ann@bücher.example").unwrap();
        for (name, expected) in [
            (None, "ann@xn--bcher-kva.example"),
            (Some(" \r\n "), "ann@xn--bcher-kva.example"),
            (Some("Ann Lee"), "\"Ann Lee\" <ann@xn--bcher-kva.example>"),
            (
                Some("Lee, \"Ann\" \\ <x@y>"),
                "\"Lee, \\\"Ann\\\" \\\\ <x@y>\" <ann@xn--bcher-kva.example>",
            ),
            (
                Some("Ann\r\nBcc: x"),
                "\"Ann Bcc: x\" <ann@xn--bcher-kva.example>",
            ),
            (
                Some("Änn"),
                "=?utf-8?b?w4Rubg==?= <ann@xn--bcher-kva.example>",
            ),
            (
                Some("=?utf-8?q?x?="),
                "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <ann@xn--bcher-kva.example>",
            ),
        ] {
            assert_eq!(named(name, &address), expected);
        }
    }

    #[test]
    fn a_long_name_is_several_words_of_at_most_75_characters() {
        let encoded = phrase(&"ü".repeat(100));
        assert!(encoded.split(' ').count() > 1);
        assert!(encoded.split(' ').all(|word| word.len() <= 75), "{encoded}");
    }
}
