//! What a mail consists of, as SES takes it, the same for one recipient and for many.

use aws_sdk_sesv2::{
    primitives::Blob,
    types::{
        Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding, Destination,
        MessageHeader, MessageTag,
    },
};

use crate::{
    address::Address,
    ledger::{ClaimedRecipient, Mailing},
    mailer::compose::{NotComposed, fields::encoded_words, parts::content_id},
    template::one_line,
};

/// Tags of every mail, by which events of SES find their recipient. A caller's own have other names.
pub const MAILING_TAG: &str = "mmms-mailing-id";
pub const RECIPIENT_TAG: &str = "mmms-recipient-index";

pub fn sender(mailing: &Mailing) -> String {
    named(
        Some(&mailing.envelope.sender_name),
        &mailing.envelope.sender_email,
    )
}

pub fn addresses(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(Address::to_ascii).collect()
}

pub fn destination(mailing: &Mailing, claimed: &ClaimedRecipient) -> Destination {
    let recipient = &claimed.recipient;
    Destination::builder()
        .to_addresses(named(recipient.name.as_deref(), &recipient.mail))
        .set_cc_addresses(some(addresses(&mailing.envelope.cc)))
        .set_bcc_addresses(some(addresses(&mailing.envelope.bcc)))
        .build()
}

pub fn tags(mailing: &Mailing, claimed: &ClaimedRecipient) -> Result<Vec<MessageTag>, NotComposed> {
    let own = mailing.body.tags.iter();
    own.map(|tag| (tag.name.clone(), tag.value.clone()))
        .chain([
            (MAILING_TAG.to_owned(), mailing.id.to_string()),
            (RECIPIENT_TAG.to_owned(), claimed.position.to_string()),
        ])
        .map(|(name, value)| {
            let tag = MessageTag::builder().name(name).value(value).build();
            tag.map_err(|_| NotComposed("a tag is not complete"))
        })
        .collect()
}

pub fn headers(mailing: &Mailing) -> Result<Vec<MessageHeader>, NotComposed> {
    let headers = mailing.body.headers.iter();
    headers
        .map(|(name, value)| {
            let header = MessageHeader::builder().name(name).value(one_line(value));
            let header = header.build();
            header.map_err(|_| NotComposed("a header has a name that cannot be used"))
        })
        .collect()
}

/// Inline where HTML can show them
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html>).
pub fn attachments(mailing: &Mailing) -> Result<Vec<Attachment>, NotComposed> {
    let attachments = mailing.attachments.iter();
    attachments
        .map(|attachment| {
            let id = attachment
                .content_id
                .as_deref()
                .map(content_id)
                .transpose()?;
            let disposition = if id.is_some() && mailing.html.is_some() {
                AttachmentContentDisposition::Inline
            } else {
                AttachmentContentDisposition::Attachment
            };
            Attachment::builder()
                .file_name(one_line(&attachment.filename))
                .content_type(&attachment.content_type)
                .content_disposition(disposition)
                .content_transfer_encoding(AttachmentContentTransferEncoding::Base64)
                .set_content_id(id)
                .raw_content(Blob::new(attachment.content.clone()))
                .build()
                .map_err(|_| NotComposed("an attachment is not complete"))
        })
        .collect()
}

/// An empty list is left out.
pub fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// RFC 5322, in ASCII: SES encodes no names
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#SES-SendEmail-request-FromEmailAddress>).
fn named(name: Option<&str>, address: &Address) -> String {
    let address = address.to_ascii();
    let name = name.map(one_line);
    match name.as_deref().map(str::trim) {
        None | Some("") => address,
        Some(name) => format!("{} <{address}>", phrase(name)),
    }
}

fn phrase(name: &str) -> String {
    let is_plain = name.bytes().all(|b| (b' '..=b'~').contains(&b));
    // What looks like an encoded word would be read as one.
    if is_plain && !name.contains("=?") {
        return format!("\"{}\"", name.replace('\\', r"\\").replace('"', "\\\""));
    }
    encoded_words(name).join(" ")
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
