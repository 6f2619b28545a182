//! Attachments, custom header fields and tags.

use std::collections::HashSet;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use mail::{
    mailer::{ATTEMPT_TAG, MAILING_TAG, RECIPIENT_TAG},
    message::{Attachment, HeaderFields, Tag},
};

use crate::{
    request::Node,
    v1::{
        mail::schema::Filename,
        text::{Checked, ContentId, HeaderValue, MediaType, TagPart, Text},
    },
};

/// The maximum length of a header field's name (SES: `MessageHeader`).
const MAX_HEADER_NAME: usize = 126;

/// Header fields that the service or SES writes itself.
const RESERVED_HEADERS: [&str; 14] = [
    "bcc",
    "cc",
    "date",
    "dkim-signature",
    "feedback-id",
    "from",
    "message-id",
    "mime-version",
    "received",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
];
const RESERVED_PREFIXES: [&str; 5] = ["content-", "x-ses-", "x-amz-", "arc-", "x-mmms-"];
/// Header fields that mail servers and relays act on or take for their own trace: recipients, sender, route, templates
/// and filters.
const ORDERS: [&str; 24] = [
    "apparently-to",
    "authentication-results",
    "delivered-to",
    "envelope-from",
    "envelope-to",
    "errors-to",
    "received-spf",
    "return-receipt-to",
    "x-dkim-options",
    "x-envelope-from",
    "x-envelope-to",
    "x-envid",
    "x-failed-recipients",
    "x-job",
    "x-jobid",
    "x-mailertag",
    "x-msys-api",
    "x-original-to",
    "x-postmaster-msgtype",
    "x-smtpapi",
    "x-tenant",
    "x-virtual-mta",
    "x-virtualmta",
    "x-xclient",
];
/// Prefixes of the header fields that these services act on: Mandrill and Mailchimp, `SparkPost`, Mailgun, Mailjet,
/// Postmark, Brevo, Elastic Email, Postal, `SocketLabs`, Resend.
const ORDER_PREFIXES: [&str; 17] = [
    "resent-",
    "x-mc-",
    "x-msys-",
    "x-smtpapi-",
    "x-sg-",
    "x-sparkpost-",
    "x-mailgun-",
    "x-mj-",
    "x-mailjet-",
    "x-pm-",
    "x-sib-",
    "x-mailin-",
    "x-elasticemail-",
    "x-postal-",
    "x-xsmessageid",
    "x-resend-",
    "x-kumo",
];
/// Header fields of requests to this service: in a mail they would show a secret to each recipient.
const REQUEST_HEADERS: [&str; 7] = [
    "authorization",
    "cookie",
    "idempotency-key",
    "prefer",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
];

pub fn attachment(node: Node<'_>) -> Option<Attachment> {
    node.object(|object| {
        let filename = object.required("filename", Filename::read);
        let content = object.required("content", |node| node.parsed(usize::MAX, base64));
        let content_type = object.optional("content_type", |node| {
            Text::<MediaType>::checked(node, |text| {
                text.parse::<mime::Mime>()
                    .ok()
                    .filter(|_| text.is_ascii() && !text.chars().any(char::is_control))
                    // The content would be taken for parts of the mail.
                    .filter(|media_type| media_type.type_() != mime::MULTIPART)
                    // These types refer to content that is stored elsewhere.
                    .filter(|media_type| {
                        !["message/partial", "message/external-body"]
                            .contains(&media_type.essence_str())
                    })
                    .map(drop)
                    .ok_or("must be a media type such as image/png; not multipart, message/partial or message/external-body")
            })
        });
        let content_id = object.optional("content_id", |node| {
            Text::<ContentId>::checked(node, |text| {
                if text.starts_with("cid:") {
                    Err("must be the id alone, without the cid: that stands before it in the HTML")
                } else {
                    ContentId::check(text)
                }
            })
        });
        let filename = filename?;
        Some(Attachment {
            content_type: content_type.unwrap_or_else(|| {
                mime_guess::from_path(&filename)
                    .first_or_octet_stream()
                    .to_string()
            }),
            filename,
            content_id,
            content: content?,
        })
    })
}

/// Decodes base64 with or without padding, in the standard alphabet or the one for URLs (RFC 4648, 4 and 5), also in
/// lines as in mail (RFC 2045, 6.8).
fn base64(text: &str) -> Result<Vec<u8>, &'static str> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    if text.starts_with("data:") {
        return Err("must be base64 alone: leave out `data:` and all up to the comma");
    }
    let text: String = text.split_ascii_whitespace().collect();
    let alphabet = if text.contains(['-', '_']) {
        &alphabet::URL_SAFE
    } else {
        &alphabet::STANDARD
    };
    let decoded = GeneralPurpose::new(alphabet, LENIENT).decode(text);
    decoded.map_err(|_| "must be base64")
}

pub fn headers(node: Node<'_>) -> Option<HeaderFields> {
    let mut seen = HashSet::new();
    node.map(|name, node| {
        let lower = name.to_ascii_lowercase();
        if name.is_empty()
            || name.len() > MAX_HEADER_NAME
            || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
        {
            return node
                .fault("must have a name of 1 to 126 printable ASCII characters without a colon");
        }
        if let Some(reason) = refusal(&lower) {
            return node.fault(reason);
        }
        if !seen.insert(lower) {
            return node.fault("is there twice");
        }
        Text::<HeaderValue>::read(node)
    })
}

/// The reason for which a mail must not have a field of this name, in lower case.
fn refusal(name: &str) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if RESERVED_HEADERS.contains(&name) || begins(&RESERVED_PREFIXES) {
        Some("is set by the service or by SES")
    } else if ORDERS.contains(&name) || begins(&ORDER_PREFIXES) {
        Some("is refused: mail servers act on it")
    } else if REQUEST_HEADERS.contains(&name) {
        Some("belongs to the request, not to the mail: every recipient could read it")
    } else {
        None
    }
}

pub fn tag(node: Node<'_>) -> Option<Tag> {
    node.object(|object| {
        let name = object.required("name", |node| {
            Text::<TagPart>::checked(node, |text| match text {
                ATTEMPT_TAG | MAILING_TAG | RECIPIENT_TAG => Err("is set by the service"),
                text => TagPart::check(text),
            })
        });
        let value = object.required("value", Text::<TagPart>::read);
        Some(Tag {
            name: name?,
            value: value?,
        })
    })
}
