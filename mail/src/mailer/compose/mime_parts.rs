//! The parts of a mail's body and how they are nested (RFC 2046, RFC 2387).

use std::borrow::Cow;

use lettre::message::{
    Attachment as AttachedPart, Body, MultiPart, SinglePart,
    header::{ContentId, ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Content, MAX_LINE, NotComposed};
use crate::{mailing::Mailing, message::Attachment, template::one_line};

enum Part {
    Single(SinglePart),
    Multi(MultiPart),
}

impl Part {
    fn within(self, outer: MultiPart) -> MultiPart {
        match self {
            Self::Single(part) => outer.singlepart(part),
            Self::Multi(part) => outer.multipart(part),
        }
    }

    fn formatted(&self) -> Vec<u8> {
        match self {
            Self::Single(part) => part.formatted(),
            Self::Multi(part) => part.formatted(),
        }
    }
}

/// Returns the body, beginning with the header fields that describe it.
pub fn body(content: &Content, mailing: &Mailing) -> Result<Vec<u8>, NotComposed> {
    let (inline, attached): (Vec<_>, Vec<_>) = mailing
        .attachments
        .iter()
        .partition(|attachment| mailing.shows(attachment));
    let html = match &content.html {
        Some(html) => Some(related(html, &inline)?),
        None => None,
    };
    let text = content
        .text
        .as_ref()
        .map(|text| Part::Single(SinglePart::plain(line_feeds(text))));
    let shown = match (text, html) {
        // The richest part comes last (RFC 2046, 5.1.4).
        (Some(text), Some(html)) => {
            Part::Multi(html.within(text.within(MultiPart::alternative().build())))
        }
        (Some(part), None) | (None, Some(part)) => part,
        (None, None) => return Err(NotComposed("there is neither a text nor an HTML body")),
    };
    if attached.is_empty() {
        return Ok(shown.formatted());
    }
    let mut mixed = shown.within(MultiPart::mixed().build());
    for attachment in attached {
        mixed = mixed.singlepart(part(attachment, None)?);
    }
    Ok(mixed.formatted())
}

/// Replaces line ends by LF. lettre turns LF into CRLF, and leaves a lone CR, which servers do not treat alike.
fn line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn related(html: &str, inline: &[&Attachment]) -> Result<Part, NotComposed> {
    let html = SinglePart::html(line_feeds(html));
    if inline.is_empty() {
        return Ok(Part::Single(html));
    }
    let mut related = MultiPart::related().singlepart(html);
    for attachment in inline {
        related = related.singlepart(part(attachment, attachment.content_id.as_deref())?);
    }
    Ok(Part::Multi(related))
}

fn part(attachment: &Attachment, shown_as: Option<&str>) -> Result<SinglePart, NotComposed> {
    let coded = coded(attachment);
    let content_type = ContentType::parse(coded.content_type)
        .ok()
        .filter(|_| !is_multipart(coded.content_type))
        .ok_or(NotComposed(
            "an attachment has a content type that cannot be used",
        ))?;
    let coding = match coded.coding {
        Coding::Base64 => ContentTransferEncoding::Base64,
        Coding::SevenBit => ContentTransferEncoding::SevenBit,
    };
    let body = Body::new_with_encoding(coded.content.into_owned(), coding)
        .map_err(|_| NotComposed("an attachment cannot be encoded"))?;
    let filename = one_line(&attachment.filename);
    if looks_encoded(&filename) {
        let disposition = Disposition::new(shown_as.is_some(), &filename);
        let mut builder = SinglePart::builder();
        if let Some(id) = shown_as {
            builder = builder.header(ContentId::from(format!("<{}>", content_id(id)?)));
        }
        let builder = builder.header(disposition).header(content_type);
        return Ok(builder.body(body));
    }
    let part = match shown_as {
        Some(id) => AttachedPart::new_inline_with_name(content_id(id)?, filename),
        None => AttachedPart::new(filename),
    };
    Ok(part.body(body, content_type))
}

/// Returns whether readers would take the file name for an encoded word. A name that is not ASCII is encoded in any
/// case.
fn looks_encoded(filename: &str) -> bool {
    filename.is_ascii() && filename.contains("=?")
}

/// A `Content-Disposition` whose file name readers would take for an encoded word, so it is written in another way (RFC
/// 2231, 4).
#[derive(Clone)]
struct Disposition(HeaderValue);

impl Disposition {
    fn new(inline: bool, filename: &str) -> Self {
        let kind = if inline { "inline" } else { "attachment" };
        let encoded = utf8_percent_encode(filename, NON_ALPHANUMERIC);
        let written = format!("{kind};\r\n filename*=utf-8''{encoded}");
        let value = HeaderValue::dangerous_new_pre_encoded(Self::name(), written.clone(), written);
        Self(value)
    }
}

impl Header for Disposition {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Disposition")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Err("it is only written".into())
    }

    fn display(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// The transfer encoding of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Preserves the content octet by octet; in another encoding the line ends of a text would change.
    Base64,
    SevenBit,
}

/// An attachment as it is sent.
pub struct Coded<'a> {
    pub content_type: &'a str,
    pub coding: Coding,
    pub content: Cow<'a, [u8]>,
}

/// Returns an attachment with its encoding. A message within a message must not be base64 (RFC 2046, 5.2.1): it is sent
/// as it is, or as a plain file if it does not fit into the lines of a mail.
pub fn coded(attachment: &Attachment) -> Coded<'_> {
    let is_message = attachment
        .content_type
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("message/"));
    if !is_message {
        return Coded {
            content_type: &attachment.content_type,
            coding: Coding::Base64,
            content: Cow::Borrowed(&attachment.content),
        };
    }
    match seven_bit(&attachment.content) {
        Some(content) => Coded {
            content_type: &attachment.content_type,
            coding: Coding::SevenBit,
            content: Cow::Owned(content.into_bytes()),
        },
        None => Coded {
            content_type: "application/octet-stream",
            coding: Coding::Base64,
            content: Cow::Borrowed(&attachment.content),
        },
    }
}

/// Returns the content with the line ends of mail, or `None` if it is not text that a mail can carry unencoded (RFC
/// 2045, 2.7).
fn seven_bit(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok().filter(|text| {
        text.is_ascii() && !text.contains('\0') && text.lines().all(|line| line.len() <= MAX_LINE)
    })?;
    Some(line_feeds(text).replace('\n', "\r\n"))
}

/// Returns whether the type is `multipart`, whose content would be taken for parts of the mail.
fn is_multipart(content_type: &str) -> bool {
    content_type
        .get(..10)
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

/// Returns the content id as HTML names it after `cid:`, even if the caller wrote the brackets of the header.
pub fn content_id(written: &str) -> Result<String, NotComposed> {
    let id = written.trim_start_matches('<').trim_end_matches('>');
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(NotComposed("an attachment has a content id that is none"));
    }
    Ok(id.to_owned())
}
