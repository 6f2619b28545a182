//! Composition of a mail from a mailing and one of its recipients.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock, thread};

use lettre::message::header::{self, Headers};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::block_in_place,
};
use uuid::Uuid;

use crate::{
    address::Address,
    mailing::{ClaimedRecipient, Mailing},
    outcome::{Outcome, Reason, StatusDetail},
    template::{MAX_BODY, MAX_SUBJECT, Template, Values},
};

pub mod fields;
pub mod mime_parts;
#[cfg(test)]
mod tests;

/// The longest line, without its CRLF (RFC 5322, 2.1.1).
const MAX_LINE: usize = 998;

/// One mail, ready to be sent.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The value of `Message-ID` without its brackets.
    pub message_id: String,
    /// The envelope's sender. Like `recipients`, which include hidden copies, it belongs to the envelope.
    pub from: String,
    pub recipients: Vec<String>,
    /// The mail as in RFC 5322, ASCII only, each line ended by CRLF.
    pub bytes: Vec<u8>,
    pub content: Content,
}

/// The text that the recipient reads.
#[derive(Clone, Debug)]
pub struct Content {
    pub subject: String,
    pub html: Option<String>,
    pub text: Option<String>,
}

/// The reason why a mail cannot be composed. Retrying does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotComposed(pub &'static str);

impl From<NotComposed> for Outcome {
    fn from(reason: NotComposed) -> Self {
        Self::Refused(Reason {
            code: StatusDetail::InvalidMessage,
            text: reason.0.to_owned(),
        })
    }
}

/// Permits for composing mails: half of the processors, because a mail may occupy one for a while and there is other
/// work.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    Semaphore::new((processors / 2).max(1))
});

/// Does work that occupies a processor for long, such as filling in templates, without keeping other tasks waiting.
pub async fn aside<T>(work: impl FnOnce() -> T) -> T {
    let _turn = TURNS.acquire().await;
    if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        block_in_place(work)
    } else {
        // A current-thread runtime has no other thread that could take over the other tasks.
        work()
    }
}

/// Returns a message id that is the same for every attempt, so that a recipient's mail can be recognised.
fn message_id(mailing: Uuid, position: i32, domain: &str) -> String {
    format!("{}.{position}@{domain}", mailing.simple())
}

/// Fails if the filled-in mail would be too long. The length is computed without rendering.
pub fn check_length(mailing: &Mailing, values: &Values<'_>) -> Result<(), NotComposed> {
    let (subject, html, text) = (
        &mailing.templates.subject,
        &mailing.templates.html,
        &mailing.templates.text,
    );
    let html_length = html.as_ref().map_or(0, |html| html.html_length(values));
    let text_length = text.as_ref().map_or(0, |text| text.text_length(values));
    if subject.header_length(values) > MAX_SUBJECT || html_length.max(text_length) > MAX_BODY {
        return Err(NotComposed(
            "with its variables filled in the mail is too long",
        ));
    }
    Ok(())
}

pub fn render(mailing: &Mailing, values: &Values<'_>) -> Result<Content, NotComposed> {
    check_length(mailing, values)?;
    Ok(Content {
        subject: mailing.templates.subject.header(values),
        html: mailing
            .templates
            .html
            .as_ref()
            .map(|html| html.html(values)),
        text: mailing
            .templates
            .text
            .as_ref()
            .map(|text| text.text(values)),
    })
}

/// The header fields by which mail programs offer to unsubscribe (RFC 2369, 3.2; RFC 8058, 3.1).
const LINK_HEADERS: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];
/// The number of these fields.
pub const LINK_HEADER_COUNT: usize = LINK_HEADERS.len();
/// The value of the second one.
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// Returns whether a field is one of those by which mail programs offer to unsubscribe.
pub fn is_link_header(name: &str) -> bool {
    let mut own = LINK_HEADERS.iter();
    own.any(|own| own.eq_ignore_ascii_case(name))
}

/// Returns the caller's header fields with their placeholders filled in. A recipient's own field replaces the field of
/// the mailing, regardless of the case of its name. A field whose value is then empty is left out. The fields by which
/// the recipient unsubscribes are added, unless the caller has one of its own.
pub fn custom_headers(mailing: &Mailing, values: &Values<'_>) -> BTreeMap<String, String> {
    let shared = mailing.templates.headers.iter();
    let shared = shared.map(|(name, value)| (name, Cow::Borrowed(value)));
    let mut headers: BTreeMap<_, _> = shared.collect();
    for (name, value) in &values.recipient.headers {
        let mut shared = mailing.templates.headers.keys();
        let name = shared
            .find(|shared| shared.eq_ignore_ascii_case(name))
            .unwrap_or(name);
        headers.insert(name, Cow::Owned(Template::parse(value)));
    }
    let headers = headers.into_iter();
    let filled = headers.map(|(name, value)| (name.clone(), fields::custom(&value, values)));
    let mut filled: BTreeMap<_, _> = filled.filter(|(_, value)| !value.is_empty()).collect();
    let has_own = filled.keys().any(|name| is_link_header(name));
    if let Some(url) = values.unsubscribe_url()
        && !has_own
    {
        let fields = [format!("<{url}>"), ONE_CLICK.to_owned()];
        filled.extend(LINK_HEADERS.map(ToOwned::to_owned).into_iter().zip(fields));
    }
    filled
}

pub fn compose(mailing: &Mailing, claimed: &ClaimedRecipient) -> Result<Composed, NotComposed> {
    let envelope = &mailing.envelope;
    let recipient = &claimed.recipient;
    let values = mailing.values(claimed.position, recipient);
    let content = render(mailing, &values)?;
    let message_id = message_id(
        mailing.id,
        claimed.position,
        &envelope.sender_email.domain(),
    );

    let mut headers = Headers::new();
    headers.set(header::MessageId::from(format!("<{message_id}>")));
    headers.set(header::Date::now());
    let from = fields::named(Some(values.sender_name()), &envelope.sender_email);
    let to = fields::named(recipient.name.as_deref(), &recipient.mail);
    let copies = mailing.copies(&recipient.mail);
    let open = fields::named_each(copies.open.iter().copied(), &envelope.cc_names);
    let reply_to = fields::named_each(&envelope.reply_to, &envelope.reply_to_names);
    for (name, addresses) in [
        ("From", vec![from]),
        ("To", vec![to]),
        ("Cc", open),
        ("Reply-To", reply_to),
    ] {
        if !addresses.is_empty() {
            headers.insert_raw(fields::addresses(name, &addresses));
        }
    }
    headers.insert_raw(fields::subject(&content.subject));
    headers.set(header::MIME_VERSION_1_0);
    let custom = custom_headers(mailing, &values);
    let unfolded = fields::set_custom(&mut headers, &custom)?;

    // Not done by lettre's `Message`: it reads its own headers back and loses names that it does not understand.
    let mut bytes = headers.to_string().into_bytes();
    bytes.extend(unfolded.into_bytes());
    bytes.append(&mut mime_parts::body(&content, mailing)?);
    if !bytes.is_ascii() || bytes.split(|b| *b == b'\n').any(|l| l.len() > MAX_LINE + 1) {
        return Err(NotComposed("a line of the mail is too long"));
    }
    Ok(Composed {
        message_id,
        from: envelope.sender_email.to_ascii(),
        recipients: std::iter::once(&recipient.mail)
            .chain(copies.open)
            .chain(copies.hidden)
            .map(Address::to_ascii)
            .collect(),
        bytes,
        content,
    })
}
