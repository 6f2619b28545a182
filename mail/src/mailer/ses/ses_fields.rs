//! The parts of a mail in the SDK's types, the same for single and bulk calls.

use std::collections::BTreeMap;

use aws_sdk_sesv2::{
    primitives::Blob,
    types::{
        Attachment, AttachmentContentDisposition, AttachmentContentTransferEncoding, Destination,
        MessageHeader, MessageTag,
    },
};

use crate::{
    address::Address,
    mailer::compose::{
        NotComposed,
        fields::{filename_text, named, named_each},
        mime_parts::{Coding, coded, content_id},
    },
    mailing::{ClaimedRecipient, Mailing},
    template::one_line,
};

/// The tags of every mail that identify its recipient in SES's events. A caller's own tags have other names.
pub const MAILING_TAG: &str = "mmms-mailing-id";
pub const RECIPIENT_TAG: &str = "mmms-recipient-index";
pub const ATTEMPT_TAG: &str = "mmms-attempt";

pub fn sender(mailing: &Mailing, name: &str) -> String {
    named(Some(name), &mailing.envelope.sender_email)
}

pub fn reply_to(mailing: &Mailing) -> Option<Vec<String>> {
    let envelope = &mailing.envelope;
    some(named_each(&envelope.reply_to, &envelope.reply_to_names))
}

pub fn destination(mailing: &Mailing, claimed: &ClaimedRecipient) -> Destination {
    let recipient = &claimed.recipient;
    let copies = mailing.copies(&recipient.mail);
    let open = named_each(copies.open, &mailing.envelope.cc_names);
    let hidden = copies.hidden.into_iter().map(Address::to_ascii).collect();
    Destination::builder()
        .to_addresses(named(recipient.name.as_deref(), &recipient.mail))
        .set_cc_addresses(some(open))
        .set_bcc_addresses(some(hidden))
        .build()
}

pub fn tags(mailing: &Mailing, claimed: &ClaimedRecipient) -> Result<Vec<MessageTag>, NotComposed> {
    let own = mailing.body.tags.iter();
    own.map(|tag| (tag.name.clone(), tag.value.clone()))
        .chain([
            (MAILING_TAG.to_owned(), mailing.id.to_string()),
            (RECIPIENT_TAG.to_owned(), claimed.position.to_string()),
            (ATTEMPT_TAG.to_owned(), claimed.attempt.to_string()),
        ])
        .map(|(name, value)| {
            let tag = MessageTag::builder().name(name).value(value).build();
            tag.map_err(|_| NotComposed("a tag is not complete"))
        })
        .collect()
}

pub fn headers(
    filled: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<MessageHeader>, NotComposed> {
    let filled = filled.into_iter().map(|(name, value)| {
        let header = MessageHeader::builder().name(name).value(value).build();
        header.map_err(|_| NotComposed("a header has a name that cannot be used"))
    });
    filled.collect()
}

/// Returns the mailing's header fields without placeholders, as they are sent to every recipient that has no own field
/// of that name.
pub fn constant_headers(mailing: &Mailing) -> BTreeMap<String, String> {
    let headers = mailing.templates.headers.iter();
    let constant = headers.filter(|(_, value)| !value.has_placeholders());
    let written = constant.filter_map(|(name, _)| mailing.body.headers.get_key_value(name));
    let written = written.map(|(name, value)| (name.clone(), one_line(value).trim().to_owned()));
    written.filter(|(_, value)| !value.is_empty()).collect()
}

/// Returns the attachments, inline if the HTML shows them
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Attachment.html>).
pub fn attachments(mailing: &Mailing) -> Result<Vec<Attachment>, NotComposed> {
    let attachments = mailing.attachments.iter();
    attachments
        .map(|attachment| {
            let id = attachment
                .content_id
                .as_deref()
                .filter(|_| mailing.shows(attachment))
                .map(content_id)
                .transpose()?;
            let coded = coded(attachment);
            let disposition = if id.is_some() {
                AttachmentContentDisposition::Inline
            } else {
                AttachmentContentDisposition::Attachment
            };
            Attachment::builder()
                .file_name(filename_text(&attachment.filename))
                .content_type(coded.content_type)
                .content_disposition(disposition)
                .content_transfer_encoding(match coded.coding {
                    Coding::Base64 => AttachmentContentTransferEncoding::Base64,
                    Coding::SevenBit => AttachmentContentTransferEncoding::SevenBit,
                })
                .set_content_id(id)
                .raw_content(Blob::new(coded.content.into_owned()))
                .build()
                .map_err(|_| NotComposed("an attachment is not complete"))
        })
        .collect()
}

/// Returns `None` for an empty list.
pub fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}
