//! The parts of a mail's body and how they are nested (RFC 2046, RFC 2387).

use lettre::message::{
    Attachment as AttachedPart, Body, MultiPart, SinglePart,
    header::{ContentTransferEncoding, ContentType},
};

use super::{Content, NotComposed};
use crate::{message::Attachment, template::one_line};

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

/// Starts with the header fields that describe it.
pub fn body(content: &Content, attachments: &[Attachment]) -> Result<Vec<u8>, NotComposed> {
    let has_html = content.html.is_some();
    let (inline, attached): (Vec<_>, Vec<_>) = attachments
        .iter()
        .partition(|attachment| has_html && attachment.content_id.is_some());
    let html = match &content.html {
        Some(html) => Some(related(html, &inline)?),
        None => None,
    };
    let text = content
        .text
        .as_ref()
        .map(|text| Part::Single(SinglePart::plain(line_feeds(text))));
    let shown = match (text, html) {
        // What shows most comes last (RFC 2046, 5.1.4).
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
        mixed = mixed.singlepart(part(attachment)?);
    }
    Ok(mixed.formatted())
}

/// lettre turns them into CRLF, and leaves a CR that stands alone: no line end that servers agree on.
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
        related = related.singlepart(part(attachment)?);
    }
    Ok(Part::Multi(related))
}

fn part(attachment: &Attachment) -> Result<SinglePart, NotComposed> {
    let content_type = ContentType::parse(&attachment.content_type)
        .ok()
        .filter(|_| !is_multipart(&attachment.content_type))
        .ok_or(NotComposed(
            "an attachment has a content type that cannot be used",
        ))?;
    // Always base64: text would arrive with other line ends than it had.
    let body = Body::new_with_encoding(attachment.content.clone(), ContentTransferEncoding::Base64)
        .map_err(|_| NotComposed("an attachment cannot be encoded"))?;
    let filename = one_line(&attachment.filename);
    let part = match &attachment.content_id {
        Some(id) => AttachedPart::new_inline_with_name(content_id(id)?, filename),
        None => AttachedPart::new(filename),
    };
    Ok(part.body(body, content_type))
}

/// Its content would be taken for parts of the mail.
fn is_multipart(content_type: &str) -> bool {
    content_type
        .get(..10)
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

/// As HTML names it after `cid:`, also where the caller wrote the header's brackets.
pub fn content_id(written: &str) -> Result<String, NotComposed> {
    let id = written.trim_start_matches('<').trim_end_matches('>');
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(NotComposed("an attachment has a content id that is none"));
    }
    Ok(id.to_owned())
}
