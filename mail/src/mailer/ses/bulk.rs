//! Calls with several recipients, as far as SES's limits allow.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_sesv2::types::{
    Attachment, BulkEmailContent, BulkEmailEntry, EmailTemplateContent, MessageHeader,
    ReplacementEmailContent, ReplacementTemplate, Template,
};

use super::{Ses, failure::Failure, progress::Progress, ses_fields, template::SesTemplate};
use crate::{
    aws::within,
    mailer::compose::{NotComposed, custom_headers},
    mailing::{ClaimedRecipient, Mailing},
    template::Template as PlaceholderTemplate,
};

/// The maximum number of destinations of one call (<https://docs.aws.amazon.com/ses/latest/dg/quotas.html>).
pub const MAX_ENTRIES: usize = 50;
/// The maximum number of characters of one entry's replacement data
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ReplacementTemplate.html>).
const MAX_DATA: usize = 262_144;
/// The maximum number of octets of a template
/// (<https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html>: 500 KB).
const MAX_TEMPLATE: usize = 500_000;
/// The maximum number of octets of templates, attachments and data in one call. SES limits a message to 40 MB
/// (<https://docs.aws.amazon.com/ses/latest/dg/quotas.html>) and documents no limit of a call; messages of more than 10
/// MB are slowed down.
const MAX_CALL: usize = 10_000_000;

/// A call that is still to be made. Recipients are positions in the list of recipients.
#[derive(Debug)]
pub enum Call {
    Single(usize),
    Bulk(Vec<Entry>),
}

#[derive(Debug)]
pub struct Entry {
    pub recipient: usize,
    pub content: BulkEmailEntry,
}

/// The data that all bulk calls of a mailing share.
#[derive(Debug)]
pub struct Bulk<'a> {
    mailing: &'a Mailing,
    template: SesTemplate<'a>,
    /// The header fields that are the same for every recipient without an own field of that name.
    constant_headers: BTreeMap<String, String>,
    headers: Vec<MessageHeader>,
    attachments: Vec<Attachment>,
}

impl<'a> Bulk<'a> {
    /// Returns `None` if only single calls are possible.
    pub fn new(mailing: &'a Mailing) -> Option<Self> {
        let bodies = [&mailing.body.html, &mailing.body.text];
        let written: usize = bodies.into_iter().flatten().map(String::len).sum();
        let sender_name = PlaceholderTemplate::parse(&mailing.envelope.sender_name);
        // A call has one sender.
        if written > MAX_TEMPLATE || sender_name.has_placeholders() {
            return None;
        }
        let template = SesTemplate::new(mailing);
        // An error in the mail itself is reported for each recipient by its single call.
        let constant_headers = ses_fields::constant_headers(mailing);
        let headers = ses_fields::headers(constant_headers.clone()).ok()?;
        let attachments = ses_fields::attachments(mailing).ok()?;
        (template.len() <= MAX_TEMPLATE).then_some(Self {
            mailing,
            template,
            constant_headers,
            headers,
            attachments,
        })
    }

    fn content(&self) -> BulkEmailContent {
        let content = EmailTemplateContent::builder()
            .subject(&self.template.subject)
            .set_html(self.template.html.clone())
            .set_text(self.template.text.clone());
        let template = Template::builder()
            .template_content(content.build())
            // Each entry has all of the data.
            .template_data("{}")
            .set_headers(ses_fields::some(self.headers.clone()))
            .set_attachments(ses_fields::some(self.attachments.clone()));
        BulkEmailContent::builder()
            .template(template.build())
            .build()
    }

    /// Divides the recipients into calls. A recipient whose mail cannot be composed is returned with the reason
    /// instead.
    pub fn plan(&self, recipients: &[ClaimedRecipient]) -> (Vec<Call>, Vec<(usize, NotComposed)>) {
        let attached = self.mailing.attachments.iter();
        let attached: usize = attached.map(|a| a.content.len().div_ceil(3) * 4).sum();
        let shared = self.template.len() + attached;
        let (mut calls, mut refused) = (Vec::new(), Vec::new());
        let (mut entries, mut size) = (Vec::new(), shared);
        for (recipient, claimed) in recipients.iter().enumerate() {
            let values = self.mailing.values(claimed.position, &claimed.recipient);
            let headers = custom_headers(self.mailing, &values);
            // An entry can replace a field, but not omit one.
            let leaves_out = self
                .constant_headers
                .keys()
                .any(|name| !headers.contains_key(name));
            let data = match self.template.data(&values) {
                Ok(data) if data.len() <= MAX_DATA && !leaves_out => data,
                // A single call may be longer.
                Ok(_) => {
                    calls.push(Call::Single(recipient));
                    continue;
                }
                Err(reason) => {
                    refused.push((recipient, reason));
                    continue;
                }
            };
            if entries.len() == MAX_ENTRIES || size + data.len() > MAX_CALL {
                calls.extend(call(std::mem::take(&mut entries)));
                size = shared;
            }
            size += data.len();
            match self.entry(claimed, headers, data) {
                Ok(content) => entries.push(Entry { recipient, content }),
                Err(reason) => refused.push((recipient, reason)),
            }
        }
        calls.extend(call(entries));
        (calls, refused)
    }

    fn entry(
        &self,
        claimed: &ClaimedRecipient,
        headers: BTreeMap<String, String>,
        data: String,
    ) -> Result<BulkEmailEntry, NotComposed> {
        let replacement = ReplacementTemplate::builder().replacement_template_data(data);
        // SES does not document that it adds the tags of a template, so each entry has its own.
        let own = headers.into_iter();
        let own = own.filter(|(name, value)| self.constant_headers.get(name) != Some(value));
        let headers = ses_fields::headers(own)?;
        Ok(BulkEmailEntry::builder()
            .destination(ses_fields::destination(self.mailing, claimed))
            .set_replacement_headers(ses_fields::some(headers))
            .set_replacement_tags(Some(ses_fields::tags(self.mailing, claimed)?))
            .replacement_email_content(
                ReplacementEmailContent::builder()
                    .replacement_template(replacement.build())
                    .build(),
            )
            .build())
    }
}

fn call(mut entries: Vec<Entry>) -> Option<Call> {
    match entries.len() {
        0 => None,
        1 => entries.pop().map(|entry| Call::Single(entry.recipient)),
        _ => Some(Call::Bulk(entries)),
    }
}

impl Ses {
    /// Returns the result of each entry, or the reason why the whole call failed.
    pub(super) async fn send_bulk(
        &self,
        bulk: &Bulk<'_>,
        entries: Vec<BulkEmailEntry>,
        limit: Duration,
    ) -> Result<Vec<Result<String, Failure>>, Failure> {
        let progress = Progress::default();
        let expected = entries.len();
        let answer = self
            .client()
            .await
            .send_bulk_email()
            .from_email_address(ses_fields::sender(
                bulk.mailing,
                &bulk.mailing.envelope.sender_name,
            ))
            .set_reply_to_addresses(ses_fields::reply_to(bulk.mailing))
            .default_content(bulk.content())
            .set_bulk_email_entries(Some(entries))
            .set_configuration_set_name(self.configuration_set.clone())
            .customize()
            .config_override(within(limit))
            .interceptor(progress.clone())
            .send()
            .await
            .map_err(|error| Failure::of(&error, &progress))?;
        let results = answer.bulk_email_entry_results();
        if results.len() != expected {
            // The results can no longer be matched to the recipients.
            return Err(Failure::unclear("another number of results"));
        }
        Ok(results.iter().map(Failure::of_entry).collect())
    }
}
