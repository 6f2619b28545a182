//! Turns a body into a mailing, or into all that is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use mail::{
    address::Address,
    message::{Attachment, Body, CallerIds, Envelope, NewMailing, Recipient, Tag},
    template::Template,
};

use crate::{
    problem::Problem,
    request::{Node, ObjectNode, parse, values},
    v1::types::parse_time,
};

pub(super) const MAX_RECIPIENTS: usize = 10_000;
/// Addresses of one mail (SES: `Destination`).
const MAX_ADDRESSES: usize = 50;
/// RFC 5322, 2.1.1.
const MAX_SUBJECT: usize = 998;
const MAX_NAME: usize = 320;
/// Decoded, in bytes: 2.5 MiB.
const MAX_ATTACHED: usize = 2_621_440;
const MAX_ATTACHMENTS: usize = 100;
/// SES: `MessageHeader`.
const MAX_HEADER_NAME: usize = 126;
const MAX_HEADER_VALUE: usize = 870;
/// SES: `MessageTag`.
const MAX_TAG: usize = 256;
const MAX_TAGS: usize = 48;

/// Header fields that the service or SES writes itself.
const RESERVED_HEADERS: [&str; 17] = [
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
    "resent-bcc",
    "resent-from",
    "resent-to",
    "return-path",
    "sender",
    "subject",
    "to",
];
const RESERVED_PREFIXES: [&str; 4] = ["content-", "x-ses-", "x-amz-", "arc-"];

pub fn mailing(body: &[u8]) -> Result<NewMailing, Problem> {
    parse(body, |object| {
        let recipients = object.required("recipients", |node| {
            node.entries(1..=MAX_RECIPIENTS, recipient)
        });
        let sender_email = object.required("sender_email", values::address);
        let sender_name = object.required("sender_name", |node| node.line(MAX_NAME));
        let sender_organisation_name =
            object.optional("sender_organisation_name", |node| node.text(usize::MAX));
        let subject = object.required("subject", |node| node.line(MAX_SUBJECT));
        let has_template = object.has("html_template") || object.has("text_template");
        let html = object.optional("html_template", |node| node.text(usize::MAX));
        let text = object.optional("text_template", |node| node.text(usize::MAX));
        let reply_to = addresses(object, "reply_to", MAX_ADDRESSES);
        let cc = addresses(object, "cc", MAX_ADDRESSES - 1);
        let bcc = addresses(object, "bcc", MAX_ADDRESSES - 1);
        let attachments = object
            .optional("attachments", |node| {
                node.list(0..=MAX_ATTACHMENTS, attachment)
            })
            .unwrap_or_default();
        let headers = object.optional("headers", headers).unwrap_or_default();
        let tags = object
            .optional("tags", |node| node.list(0..=MAX_TAGS, tag))
            .unwrap_or_default();
        let expires_at = object.optional("expires_at", |node| node.parsed(100, in_future));
        let ids = caller_ids(object);
        check_together(
            object,
            recipients.as_deref(),
            &cc,
            &bcc,
            &attachments,
            &tags,
        );
        if !has_template {
            object.fault(
                "html_template",
                "is required where there is no text_template",
            );
        }
        for (field, template) in [
            ("subject", &subject),
            ("html_template", &html),
            ("text_template", &text),
        ] {
            if let (Some(template), Some(recipients)) = (template, &recipients) {
                check_placeholders(object, field, template, recipients);
            }
        }
        Some(NewMailing {
            envelope: Envelope {
                sender_email: sender_email?,
                sender_name: sender_name?,
                sender_organisation_name,
                subject: subject?,
                reply_to,
                cc,
                bcc,
                ids,
            },
            body: Body {
                html,
                text,
                headers,
                tags,
            },
            attachments,
            recipients: recipients?.into_iter().collect::<Option<_>>()?,
            expires_at,
        })
    })
}

fn recipient(node: Node<'_>) -> Option<Recipient> {
    node.object(|object| {
        let mail = object.required("mail", values::address);
        Some(Recipient {
            name: object.optional("name", name),
            company: object.optional("company", |node| node.text(usize::MAX)),
            email_recipient_id: object.optional("emailRecipientId", values::caller_id),
            variables: object
                .optional("variables", values::variables)
                .unwrap_or_default(),
            mail: mail?,
        })
    })
}

/// Shown beside an address, so it goes into a header; it may be empty.
fn name(node: Node<'_>) -> Option<String> {
    node.parsed(usize::MAX, |text| {
        if text.contains(['\r', '\n']) {
            Err("must not contain CR or LF")
        } else {
            Ok(text.to_owned())
        }
    })
}

fn addresses(object: &mut ObjectNode<'_>, name: &str, most: usize) -> Vec<Address> {
    object
        .optional(name, |node| node.list(0..=most, values::address))
        .unwrap_or_default()
}

fn caller_ids(object: &mut ObjectNode<'_>) -> CallerIds {
    CallerIds {
        client_env_id: object.optional("client_env_id", values::caller_id),
        email_id: object.optional("email_id", values::caller_id),
        email_recipient_id: object.optional("emailRecipientId", values::caller_id),
        project_id: object.optional("projectId", values::caller_id),
        closure_id: object.optional("closureId", values::caller_id),
    }
}

fn attachment(node: Node<'_>) -> Option<Attachment> {
    node.object(|object| {
        let filename = object.required("filename", |node| node.line(255));
        let content = object.required("content", |node| {
            node.parsed(usize::MAX, |text| {
                STANDARD.decode(text).map_err(|_| "must be base64")
            })
        });
        let content_type = object.optional("content_type", |node| {
            node.parsed(255, |text| {
                text.parse::<mime::Mime>()
                    .ok()
                    .filter(|_| text.is_ascii() && !text.chars().any(char::is_control))
                    .map(|_| text.to_owned())
                    .ok_or("must be a media type such as image/png")
            })
        });
        let content_id = object.optional("content_id", |node| {
            node.parsed(128, |text| {
                let fits = !text.is_empty()
                    && text
                        .bytes()
                        .all(|b| b.is_ascii_graphic() && !b"<>\"()".contains(&b));
                if fits {
                    Ok(text.to_owned())
                } else {
                    Err("must be printable ASCII without spaces, quotes and brackets")
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

fn headers(node: Node<'_>) -> Option<BTreeMap<String, String>> {
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
        if RESERVED_HEADERS.contains(&lower.as_str())
            || RESERVED_PREFIXES
                .iter()
                .any(|prefix| lower.starts_with(prefix))
        {
            return node.fault("is set by the service or by SES");
        }
        if !seen.insert(lower) {
            return node.fault("is there twice");
        }
        node.parsed(MAX_HEADER_VALUE, |value| {
            if !value.is_empty() && value.bytes().all(|b| (b' '..=b'~').contains(&b)) {
                Ok(value.to_owned())
            } else {
                Err("must be printable ASCII, without CR or LF")
            }
        })
    })
}

fn tag(node: Node<'_>) -> Option<Tag> {
    let part = |node: Node<'_>| {
        node.parsed(MAX_TAG, |text| {
            let fits = !text.is_empty()
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
            if fits {
                Ok(text.to_owned())
            } else {
                Err("must be ASCII letters, digits, _ and -")
            }
        })
    };
    node.object(|object| {
        let name = object.required("name", part);
        let value = object.required("value", part);
        Some(Tag {
            name: name?,
            value: value?,
        })
    })
}

fn in_future(text: &str) -> Result<i64, &'static str> {
    let time = parse_time(text)?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    if u128::try_from(time).is_ok_and(|time| time > now.as_millis()) {
        Ok(time)
    } else {
        Err("must be in the future")
    }
}

fn check_together(
    object: &ObjectNode<'_>,
    recipients: Option<&[Option<Recipient>]>,
    cc: &[Address],
    bcc: &[Address],
    attachments: &[Attachment],
    tags: &[Tag],
) {
    let several = recipients.is_some_and(|recipients| recipients.len() > 1);
    for (field, list) in [("cc", cc), ("bcc", bcc)] {
        if several && !list.is_empty() {
            object.fault(field, "is allowed with one recipient only");
        }
    }
    let addresses = 1 + cc.len() + bcc.len();
    if addresses > MAX_ADDRESSES {
        object.fault(
            "bcc",
            format!("makes {addresses} addresses in all, at most {MAX_ADDRESSES} are allowed"),
        );
    }
    let attached: usize = attachments
        .iter()
        .map(|attachment| attachment.content.len())
        .sum();
    if attached > MAX_ATTACHED {
        object.fault(
            "attachments",
            format!("have {attached} bytes decoded, at most {MAX_ATTACHED} are allowed"),
        );
    }
    let names: BTreeSet<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    if names.len() < tags.len() {
        object.fault("tags", "must have different names");
    }
}

/// Every name that is no field must be a variable of every recipient.
fn check_placeholders(
    object: &ObjectNode<'_>,
    field: &str,
    template: &str,
    recipients: &[Option<Recipient>],
) {
    let template = Template::parse(template);
    for name in template.variables() {
        for (index, recipient) in (0..).zip(recipients) {
            let knows = |recipient: &Recipient| recipient.variables.contains_key(name);
            if !recipient.as_ref().is_none_or(knows) {
                let index: usize = index;
                object.fault(
                    &format!("recipients.{index}.variables"),
                    format!("has no \"{name}\", which {field} names"),
                );
            }
        }
    }
}
