//! From a mailing and one of its recipients to the mail that goes out.

use lettre::message::header::{self, Headers};
use uuid::Uuid;

use crate::{
    ledger::{ClaimedRecipient, Mailing, Outcome, Reason},
    template::Values,
};

mod fields;
mod parts;
#[cfg(test)]
mod tests;

/// Longest line, without its CRLF (RFC 5322, 2.1.1).
const MAX_LINE: usize = 998;

/// One mail, ready to go.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The value of `Message-ID` without its brackets.
    pub message_id: String,
    /// Of the envelope, like `recipients`: who gets it, hidden copies included.
    pub from: String,
    pub recipients: Vec<String>,
    /// RFC 5322, ASCII only, each line ended by CRLF.
    pub bytes: Vec<u8>,
    pub content: Content,
}

/// What the recipient reads.
#[derive(Clone, Debug)]
pub struct Content {
    pub subject: String,
    pub html: Option<String>,
    pub text: Option<String>,
}

/// Why something can be no mail. It will not become one by being tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotComposed(&'static str);

impl From<NotComposed> for Outcome {
    fn from(reason: NotComposed) -> Self {
        Self::Refused(Reason {
            code: "invalid_message",
            text: reason.0.to_owned(),
        })
    }
}

/// The same for every attempt, so that a recipient's mail can be recognised.
fn message_id(mailing: Uuid, position: i32, domain: &str) -> String {
    format!("{}.{position}@{domain}", mailing.simple())
}

pub fn compose(mailing: &Mailing, claimed: &ClaimedRecipient) -> Result<Composed, NotComposed> {
    let envelope = &mailing.envelope;
    let recipient = &claimed.recipient;
    let values = Values {
        envelope,
        recipient,
    };
    let content = Content {
        subject: mailing.subject.header(&values),
        html: mailing.html.as_ref().map(|html| html.html(&values)),
        text: mailing.text.as_ref().map(|text| text.text(&values)),
    };
    let message_id = message_id(
        mailing.id,
        claimed.position,
        &envelope.sender_email.domain(),
    );

    let mut headers = Headers::new();
    headers.set(header::MessageId::from(format!("<{message_id}>")));
    headers.set(header::Date::now());
    headers.set(header::From::from(fields::named(
        Some(&envelope.sender_name),
        &envelope.sender_email,
    )?));
    headers.set(header::To::from(fields::named(
        recipient.name.as_deref(),
        &recipient.mail,
    )?));
    if !envelope.cc.is_empty() {
        headers.set(header::Cc::from(fields::unnamed(&envelope.cc)?));
    }
    if !envelope.reply_to.is_empty() {
        headers.set(header::ReplyTo::from(fields::unnamed(&envelope.reply_to)?));
    }
    headers.insert_raw(fields::subject(&content.subject));
    headers.set(header::MIME_VERSION_1_0);
    fields::set_custom(&mut headers, &mailing.body.headers)?;

    // Not by lettre's `Message`: it reads its own headers back and loses names it does not understand.
    let mut bytes = headers.to_string().into_bytes();
    bytes.append(&mut parts::body(&content, &mailing.attachments)?);
    if !bytes.is_ascii() || bytes.split(|b| *b == b'\n').any(|l| l.len() > MAX_LINE + 1) {
        return Err(NotComposed("a line of the mail is too long"));
    }
    Ok(Composed {
        message_id,
        from: envelope.sender_email.to_ascii(),
        recipients: std::iter::once(&recipient.mail)
            .chain(&envelope.cc)
            .chain(&envelope.bcc)
            .map(crate::address::Address::to_ascii)
            .collect(),
        bytes,
        content,
    })
}
