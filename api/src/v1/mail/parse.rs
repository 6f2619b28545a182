//! Turns a body into a mailing, or into a list of all of its faults.

mod fields;
mod links;
mod placeholders;

use std::collections::BTreeSet;

use mail::{
    address::Address,
    mailing,
    message::{Attachment, Body, CallerIds, Envelope, List, Names, NewMailing, Recipient, Tag},
    timestamp,
    unsubscribe::link_of_same_length,
};
use url::Url;
use uuid::Uuid;

use self::{
    fields::{attachment, headers, tag},
    placeholders::Templates,
};
use crate::{
    problem::Problem,
    request::{Node, ObjectNode, parse},
    v1::{
        mail::schema::{OrganisationName, SenderName, Subject},
        text::{ListName, Plain, Text},
        values::{self, ShownName},
    },
};

pub(super) const MAX_RECIPIENTS: usize = 10_000;
/// The maximum number of addresses of one mail (SES: `Destination`).
const MAX_ADDRESSES: usize = 50;
/// The maximum size of all attachments together, decoded, in bytes: 2.5 MiB.
const MAX_ATTACHED: usize = 2_621_440;
const MAX_ATTACHMENTS: usize = 100;
const MAX_TAGS: usize = 48;
pub(super) const NOT_IN_FUTURE: &str = "must be in the future";
pub(super) const TOO_FAR_AHEAD: &str = "must be at most 30 days ahead";
const DAY: i64 = 24 * 3_600_000;

/// The lists that a request may name.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// The key that they belong to.
    pub api_key_id: Uuid,
    /// The URL that links to unsubscribe begin with. If it is not known, there are none.
    pub public_url: Option<Url>,
}

impl Lists {
    fn named(&self, name: String) -> List {
        List {
            name,
            api_key_id: self.api_key_id,
        }
    }
}

/// The mailing, and its templates, which the checks need parsed.
pub async fn mailing(
    body: Vec<u8>,
    lists: Lists,
) -> Result<(NewMailing, mailing::Templates), Problem> {
    parse(body, move |object| read(object, &lists)).await
}

fn read(object: &mut ObjectNode<'_>, lists: &Lists) -> Option<(NewMailing, mailing::Templates)> {
    let recipients = object.required("recipients", |node| {
        node.entries(1..=MAX_RECIPIENTS, recipient)
    });
    let sender_email = object.required("sender_email", values::address);
    let sender_name = object.required("sender_name", SenderName::read);
    let sender_organisation_name =
        object.optional("sender_organisation_name", OrganisationName::read);
    let subject = object.required("subject", Subject::read);
    // A caller with only one template may send the other one empty.
    object.leave_out_empty("html_template");
    object.leave_out_empty("text_template");
    let written = ["html_template", "text_template"].map(|name| object.has(name));
    let has_template = written.contains(&true);
    let html = object.optional("html_template", Text::<Plain>::read);
    let text = object.optional("text_template", Text::<Plain>::read);
    let (reply_to, reply_to_names) = addresses(object, "reply_to", MAX_ADDRESSES);
    let (cc, cc_names) = addresses(object, "cc", MAX_ADDRESSES - 1);
    // Blind copies and their names are in no header field.
    let (bcc, _) = addresses(object, "bcc", MAX_ADDRESSES - 1);
    let attachments = object
        .optional("attachments", |node| {
            node.list(0..=MAX_ATTACHMENTS, attachment)
        })
        .unwrap_or_default();
    let headers = object.optional("headers", headers).unwrap_or_default();
    let tags = object
        .optional("tags", |node| node.list(0..=MAX_TAGS, tag))
        .unwrap_or_default();
    let send_at = object.optional("send_at", |node| node.parsed(100, planned));
    let expires_at = object.optional("expires_at", |node| node.parsed(100, in_future));
    if expires_at.is_some_and(|expires_at| Some(expires_at) <= send_at) {
        object.fault("expires_at", "must be after send_at");
    }
    let list = object.optional("list", Text::<ListName, 64>::read);
    let ids = caller_ids(object);
    check_together(
        object,
        recipients.as_deref(),
        &cc,
        &bcc,
        &attachments,
        &tags,
    );
    if list.is_some() {
        check_of_list(object, &cc, &bcc);
    }
    let link = list.as_deref().zip(lists.public_url.as_ref());
    let link = link.map(|(list, url)| link_of_same_length(url, list));
    if !has_template {
        object.fault(
            "html_template",
            "is required where there is no text_template",
        );
    }
    let templates = Templates::parse(
        [
            ("subject", subject.as_deref()),
            ("sender_name", sender_name.as_deref()),
            ("html_template", html.as_deref()),
            ("text_template", text.as_deref()),
        ],
        &headers,
        link,
    );
    templates.check_themselves(object);
    let recipients = recipients?;
    templates.check_names(object, &recipients);
    templates.check_links(object, &headers, &recipients, list.is_some());
    let envelope = Envelope {
        sender_email: sender_email?,
        sender_name: sender_name?,
        sender_organisation_name,
        subject: subject?,
        reply_to,
        cc,
        bcc,
        reply_to_names,
        cc_names,
        erased_copies: Vec::new(),
        list: list.map(|name| lists.named(name)),
        needs_links: false,
        ids,
    };
    // A template with a fault may have some text.
    let may_be_blank =
        !attachments.is_empty() || [html.is_some(), text.is_some()] != written || !has_template;
    templates.check_filled(object, &envelope, &recipients, may_be_blank);
    let templates = templates.into_templates(&headers)?;
    let mailing = NewMailing {
        envelope,
        body: Body {
            html,
            text,
            headers,
            tags,
        },
        attachments,
        recipients: recipients.into_iter().collect::<Option<_>>()?,
        send_at,
        expires_at,
    };
    Some((mailing, templates))
}

fn recipient(node: Node<'_>) -> Option<Recipient> {
    node.object(|object| {
        let mail = object.required("mail", values::address);
        Some(Recipient {
            name: object.optional("name", ShownName::read),
            company: object.optional("company", Text::<Plain>::read),
            email_recipient_id: object.optional("emailRecipientId", values::caller_id),
            variables: object
                .optional("variables", values::variables)
                .unwrap_or_default(),
            headers: object.optional("headers", headers).unwrap_or_default(),
            mail: mail?,
        })
    })
}

/// If an address is listed twice, its first name counts.
fn addresses(object: &mut ObjectNode<'_>, name: &str, most: usize) -> (Vec<Address>, Names) {
    let read = object.optional(name, |node| node.list(0..=most, values::named_address));
    let mut names = Names::new();
    let addresses = read.unwrap_or_default().into_iter().map(|(mail, name)| {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            names.entry(mail.as_str().to_owned()).or_insert(name);
        }
        mail
    });
    (addresses.collect(), names)
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

/// Refuses a time that is more than a day past, together with all other faults. For other times the database's clock
/// decides when the mail is stored.
fn in_future(text: &str) -> Result<i64, &'static str> {
    let time = timestamp::parse(text)?;
    if time > timestamp::now() - DAY {
        Ok(time)
    } else {
        Err(NOT_IN_FUTURE)
    }
}

/// Parses a time for which mail is planned. A time that has just passed may be that of a repeated request, or of a clock
/// that is behind; one that is more than a day past is a mistake, and mail that is sent by mistake cannot be taken back.
/// The database's clock decides if it is too far ahead.
pub(super) fn planned(text: &str) -> Result<i64, &'static str> {
    let time = timestamp::parse(text)?;
    let ahead = time - timestamp::now();
    if ahead < -DAY {
        Err("must not be more than a day past")
    } else if ahead > 31 * DAY {
        Err(TOO_FAR_AHEAD)
    } else {
        Ok(time)
    }
}

/// A copy would have the link of the recipient: its owner could unsubscribe somebody else.
fn check_of_list(object: &ObjectNode<'_>, cc: &[Address], bcc: &[Address]) {
    for (field, copies) in [("cc", cc), ("bcc", bcc)] {
        if !copies.is_empty() {
            object.fault(
                field,
                "is not allowed with list: each recipient has a link of its own",
            );
        }
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
    let ids: Vec<&str> = attachments
        .iter()
        .filter_map(|attachment| attachment.content_id.as_deref())
        .collect();
    if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
        object.fault("attachments", "must have different content ids");
    }
    let names: BTreeSet<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    if names.len() < tags.len() {
        object.fault("tags", "must have different names");
    }
}
