//! Parses captured mail.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use mail_parser::{
    ContentType, HeaderName, MessageParser, MessagePart, MimeHeaders, PartType,
    decoders::base64::base64_decode,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::summary::Captured;

/// A captured mail with all of its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    #[serde(flatten)]
    pub captured: Captured,
    pub headers: Vec<HeaderField>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<AttachmentInfo>,
}

/// A header field, decoded and on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeaderField {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttachmentInfo {
    pub index: usize,
    pub filename: String,
    /// The type and subtype only.
    pub content_type: String,
    pub content_id: Option<String>,
    /// `true` for a part of the HTML body, rather than a file to save.
    pub inline: bool,
    /// The size in octets, decoded.
    pub size: usize,
}

pub fn message(captured: Captured, bytes: &[u8]) -> Message {
    let mail = Mail::parse(bytes);
    Message {
        captured,
        headers: headers(bytes),
        text: mail.text(),
        html: mail.html(),
        attachments: mail
            .attachments()
            .map(|(attachment, _)| attachment)
            .collect(),
    }
}

pub fn attachment(bytes: &[u8], index: usize) -> Option<(AttachmentInfo, Vec<u8>)> {
    Mail::parse(bytes).attachments().nth(index)
}

/// Returns the HTML body. An image that the body names by its content id is embedded as a `data:` URI.
pub fn html(bytes: &[u8]) -> Option<String> {
    let mail = Mail::parse(bytes);
    let images: Vec<_> = mail
        .attachments()
        .filter(|(image, _)| image.content_type.starts_with("image/"))
        .filter_map(|(image, content)| Some((image.content_id?, image.content_type, content)))
        .collect();
    let html = mail.html()?;
    Some(with_images(&html, |id| {
        let (_, content_type, content) = images.iter().find(|(own, ..)| own == id)?;
        let content = BASE64_STANDARD.encode(content);
        Some(format!("data:{content_type};base64,{content}"))
    }))
}

/// Replaces each `cid:` URI for which `uri` returns another one (RFC 2392).
fn with_images(html: &str, uri: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = find_scheme(rest) {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        let end = reference
            .find(|c: char| c.is_whitespace() || "\"'<>()".contains(c))
            .unwrap_or(reference.len());
        let (reference, after) = reference.split_at(end);
        let written = html_escape::decode_html_entities(&reference["cid:".len()..]);
        let id = percent_decode_str(&written).decode_utf8_lossy();
        match uri(&id) {
            Some(uri) => out.push_str(&uri),
            None => out.push_str(reference),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn find_scheme(text: &str) -> Option<usize> {
    text.as_bytes()
        .windows(4)
        .position(|window| window.eq_ignore_ascii_case(b"cid:"))
}

fn headers(bytes: &[u8]) -> Vec<HeaderField> {
    // Unless a header is named here, the parser uses its defaults, which split addresses into their parts.
    let head = MessageParser::new()
        .header_text(HeaderName::Subject)
        .default_header_text()
        .parse_headers(bytes);
    let Some(head) = head else {
        return Vec::new();
    };
    head.headers()
        .iter()
        .map(|header| HeaderField {
            name: header.name().to_owned(),
            value: header.value().as_text().unwrap_or_default().to_owned(),
        })
        .collect()
}

/// A mail that this service has composed: parts with a `Content-Disposition` are attachments, the bodies have none.
struct Mail<'a> {
    bytes: &'a [u8],
    parts: Vec<MessagePart<'a>>,
}

impl<'a> Mail<'a> {
    fn parse(bytes: &'a [u8]) -> Self {
        let parsed = MessageParser::default().parse(bytes);
        Self {
            bytes,
            parts: parsed.map(|message| message.parts).unwrap_or_default(),
        }
    }

    fn bodies(&self) -> impl Iterator<Item = &MessagePart<'a>> {
        self.parts
            .iter()
            .filter(|part| part.content_disposition().is_none())
    }

    fn text(&self) -> Option<String> {
        self.bodies().find_map(|part| {
            let PartType::Text(text) = &part.body else {
                return None;
            };
            Some(text.to_string())
        })
    }

    fn html(&self) -> Option<String> {
        self.bodies().find_map(|part| {
            let PartType::Html(html) = &part.body else {
                return None;
            };
            Some(html.to_string())
        })
    }

    fn attachments(&self) -> impl Iterator<Item = (AttachmentInfo, Vec<u8>)> {
        self.parts
            .iter()
            .filter(|part| part.content_disposition().is_some())
            .enumerate()
            .map(|(index, part)| {
                let content = self.content(part);
                let info = AttachmentInfo {
                    index,
                    filename: part.attachment_name().unwrap_or_default().to_owned(),
                    content_type: content_type(part),
                    content_id: part.content_id().map(ToOwned::to_owned),
                    inline: part
                        .content_disposition()
                        .is_some_and(ContentType::is_inline),
                    size: content.len(),
                };
                (info, content)
            })
    }

    /// Returns the attachment's original content: the parser converts text to UTF-8, and parses messages.
    fn content(&self, part: &MessagePart<'_>) -> Vec<u8> {
        let encoded = part.raw_body_offset() as usize..part.raw_end_offset() as usize;
        self.bytes
            .get(encoded)
            .and_then(base64_decode)
            .unwrap_or_else(|| part.contents().to_vec())
    }
}

fn content_type(part: &MessagePart<'_>) -> String {
    let mut name = String::new();
    if let Some(content_type) = part.content_type() {
        name.push_str(content_type.ctype());
        if let Some(subtype) = content_type.subtype() {
            write!(name, "/{subtype}").ok();
        }
    }
    if name.is_empty() {
        name.push_str("application/octet-stream");
    }
    name.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_images_are_replaced_and_nothing_else() {
        let uri = |id: &str| {
            ["logo@x", "a&b", "ü"]
                .contains(&id)
                .then(|| format!("<{id}>"))
        };
        for (html, expected) in [
            ("<img src=\"cid:logo@x\">", "<img src=\"<logo@x>\">"),
            ("<img src='CID:logo%40x'>", "<img src='<logo@x>'>"),
            ("<img src=cid:logo@x>", "<img src=<logo@x>>"),
            ("url(cid:logo@x) cid:a&amp;b", "url(<logo@x>) <a&b>"),
            ("cid:unknown cid:", "cid:unknown cid:"),
            ("über cid:ü", "über <ü>"),
            ("no images", "no images"),
        ] {
            assert_eq!(with_images(html, uri), expected);
        }
    }
}
