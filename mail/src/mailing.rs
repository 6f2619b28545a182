//! A mailing as the ledger holds it, ready to be sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::{
    address::Address,
    message::{Attachment, Body, Envelope, Recipient},
    template::Template,
    unsubscribe::UnsubscribeLinks,
};

/// A mailing in the form in which transports send it.
#[derive(Debug)]
pub struct Mailing {
    pub id: Uuid,
    /// The key that it was accepted with.
    pub api_key_id: Uuid,
    pub envelope: Envelope,
    pub body: Body,
    pub attachments: Vec<Attachment>,
    pub templates: Templates,
    /// The places of the copies that are left out, because their addresses must not be mailed.
    pub suppressed_copies: Vec<String>,
    /// `None` if its mails have no links to unsubscribe.
    pub links: Option<Arc<UnsubscribeLinks>>,
}

/// The templates of a mailing, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    pub subject: Template,
    /// The caller's header fields.
    pub headers: BTreeMap<String, Template>,
    pub html: Option<Template>,
    pub text: Option<Template>,
}

#[derive(Clone, Debug)]
pub struct ClaimedRecipient {
    pub position: i32,
    /// The token of the claim, by which reports of the mail system name the attempt.
    pub attempt: Uuid,
    /// Calls that were begun before this claim.
    pub attempts: i32,
    pub recipient: Recipient,
}

/// The recipients of copies, each address once: the recipient goes before copies, and open copies before hidden ones.
#[derive(Debug)]
pub struct Copies<'a> {
    pub open: Vec<&'a Address>,
    pub hidden: Vec<&'a Address>,
}

impl Mailing {
    pub fn copies(&self, to: &Address) -> Copies<'_> {
        let mut seen = BTreeSet::from([to.key()]);
        let (mut open, mut hidden) = (Vec::new(), Vec::new());
        for (place, address) in self.envelope.copies() {
            if self.suppressed_copies.contains(&place) || !seen.insert(address.key()) {
                continue;
            }
            let copies = if place.starts_with("cc.") {
                &mut open
            } else {
                &mut hidden
            };
            copies.push(address);
        }
        Copies { open, hidden }
    }

    /// Returns whether the HTML shows this attachment, by its content id (RFC 2392). Others are shown by some readers
    /// nowhere unless it is an attachment.
    pub fn shows(&self, attachment: &Attachment) -> bool {
        let (Some(html), Some(id)) = (&self.body.html, &attachment.content_id) else {
            return false;
        };
        let id = id.trim_start_matches('<').trim_end_matches('>');
        // Neither the scheme nor an attribute's name has a case; both are ASCII, so no place in the text moves.
        let lower = html.to_ascii_lowercase();
        let mut links = lower.match_indices("cid:").map(|(at, _)| &html[at + 4..]);
        // A placeholder may stand for any.
        let any = ["cid:{{", "src=\"{{", "src='{{", "src={{"];
        any.iter().any(|any| lower.contains(any))
            || links.any(|link| {
                let end = link
                    .find(['"', '\'', '>', ' ', ')', '&'])
                    .unwrap_or(link.len());
                percent_decode_str(&link[..end])
                    .decode_utf8()
                    .is_ok_and(|named| named == id)
            })
    }

    /// A mailing without links, whose templates are parsed here.
    pub fn new(
        id: Uuid,
        api_key_id: Uuid,
        envelope: Envelope,
        body: Body,
        attachments: Vec<Attachment>,
    ) -> Self {
        let templates = Templates::parse(&envelope, &body);
        Self {
            id,
            api_key_id,
            envelope,
            body,
            attachments,
            templates,
            suppressed_copies: Vec::new(),
            links: None,
        }
    }
}

impl Templates {
    pub fn parse(envelope: &Envelope, body: &Body) -> Self {
        let headers = body.headers.iter();
        Self {
            subject: Template::parse(&envelope.subject),
            headers: headers
                .map(|(name, value)| (name.clone(), Template::parse(value)))
                .collect(),
            html: body.html.as_deref().map(Template::parse),
            text: body.text.as_deref().map(Template::parse),
        }
    }
}
