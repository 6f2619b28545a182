//! Calls with one recipient.

use std::time::Duration;

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};

use super::{Ses, failure::Failure, progress::Progress, ses_fields};
use crate::{
    aws::within,
    mailer::compose::{NotComposed, custom_headers, fields::subject_text, render},
    mailing::{ClaimedRecipient, Mailing},
};

#[derive(Debug)]
pub struct Single {
    sender: String,
    destination: Destination,
    tags: Vec<MessageTag>,
    message: Message,
}

impl Single {
    /// Renders the mail, because SES replaces nothing in a simple message
    /// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Message.html>).
    pub fn new(mailing: &Mailing, claimed: &ClaimedRecipient) -> Result<Self, NotComposed> {
        let values = mailing.values(claimed.position, &claimed.recipient);
        let rendered = render(mailing, &values)?;
        let headers = ses_fields::headers(custom_headers(mailing, &values))?;
        let body = Body::builder()
            .set_html(rendered.html.map(content).transpose()?)
            .set_text(rendered.text.map(content).transpose()?);
        Ok(Self {
            sender: ses_fields::sender(mailing, values.sender_name()),
            destination: ses_fields::destination(mailing, claimed),
            tags: ses_fields::tags(mailing, claimed)?,
            message: Message::builder()
                .subject(content(subject_text(rendered.subject))?)
                .body(body.build())
                .set_headers(ses_fields::some(headers))
                .set_attachments(ses_fields::some(ses_fields::attachments(mailing)?))
                .build(),
        })
    }
}

fn content(text: String) -> Result<Content, NotComposed> {
    let content = Content::builder().data(text).charset("UTF-8").build();
    content.map_err(|_| NotComposed("a part of the mail is not complete"))
}

impl Ses {
    /// Returns the message id of the mail, or the failure.
    pub(super) async fn send_single(
        &self,
        mailing: &Mailing,
        single: Single,
        limit: Duration,
    ) -> Result<String, Failure> {
        let progress = Progress::default();
        let answer = self
            .client()
            .await
            .send_email()
            .from_email_address(single.sender)
            .destination(single.destination)
            .set_reply_to_addresses(ses_fields::reply_to(mailing))
            .content(EmailContent::builder().simple(single.message).build())
            .set_email_tags(Some(single.tags))
            .set_configuration_set_name(self.configuration_set.clone())
            .customize()
            .config_override(within(limit))
            .interceptor(progress.clone())
            .send()
            .await
            .map_err(|error| Failure::of(&error, &progress))?;
        answer
            .message_id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Failure::unclear("no message id"))
    }
}
