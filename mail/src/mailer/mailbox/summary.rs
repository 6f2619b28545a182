//! The data of a captured mail that is available without parsing it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::files::Id;
use crate::{
    address::Address,
    mailer::compose::{Composed, Content},
    mailing::{ClaimedRecipient, Mailing},
    message::Names,
    template::Values,
    timestamp,
};

/// Characters of the text that the list shows.
const SNIPPET: usize = 140;
/// The maximum number of octets that are searched and held in memory for each message: 16 KiB.
const SEARCHED: usize = 16 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: Option<String>,
    /// The address as the sender wrote it.
    pub mail: String,
}

/// A captured mail and its envelope. The mail itself does not contain `bcc`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    pub id: String,
    pub mailing_id: Uuid,
    /// The recipient's place in the request, from 0.
    pub index: i32,
    pub message_id: String,
    pub from: Person,
    pub to: Vec<Person>,
    pub cc: Vec<Person>,
    pub bcc: Vec<Person>,
    pub reply_to: Vec<Person>,
    pub subject: String,
    /// The time in RFC 3339, UTC, with milliseconds.
    pub captured_at: String,
    /// The size of the whole mail in octets.
    pub size: usize,
    pub snippet: String,
}

/// A captured mail as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    #[serde(flatten)]
    pub captured: Captured,
    /// The number of attachments.
    pub attachments: usize,
}

/// The content of `{id}.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    #[serde(flatten)]
    pub summary: Summary,
    /// The searchable text in lower case.
    pub searchable: String,
}

impl Record {
    pub fn new(id: Id, mailing: &Mailing, claimed: &ClaimedRecipient, mail: &Composed) -> Self {
        let envelope = &mailing.envelope;
        let copies = mailing.copies(&claimed.recipient.mail);
        let text = readable(&mail.content);
        let shown = one_body(&mail.content);
        let captured = Captured {
            id: id.to_string(),
            mailing_id: mailing.id,
            index: claimed.position,
            message_id: mail.message_id.clone(),
            from: person(
                Some(Values::new(envelope, &claimed.recipient).sender_name()),
                &envelope.sender_email,
            ),
            to: vec![person(
                claimed.recipient.name.as_deref(),
                &claimed.recipient.mail,
            )],
            cc: people(copies.open, &envelope.cc_names),
            bcc: people(copies.hidden, &Names::new()),
            reply_to: people(&envelope.reply_to, &envelope.reply_to_names),
            subject: mail.content.subject.clone(),
            captured_at: timestamp::write(timestamp::now()),
            size: mail.bytes.len(),
            snippet: snippet(&shown),
        };
        Self {
            searchable: searchable(&captured, mail, &text),
            summary: Summary {
                captured,
                attachments: mailing.attachments.len(),
            },
        }
    }
}

impl Record {
    /// Returns the approximate size in memory, in octets.
    pub fn size(&self) -> usize {
        let captured = &self.summary.captured;
        let texts = [&captured.subject, &captured.snippet, &self.searchable];
        let texts: usize = texts.into_iter().map(String::len).sum();
        let people = captured.people().map(|person| {
            size_of::<Person>() + person.mail.len() + person.name.as_ref().map_or(0, String::len)
        });
        size_of::<Self>() + texts + people.sum::<usize>()
    }
}

impl Captured {
    /// Returns whether the mail was sent to the normalised address `key`.
    pub fn is_for(&self, key: &str) -> bool {
        [&self.to, &self.cc, &self.bcc]
            .into_iter()
            .flatten()
            .any(|person| Address::parse(&person.mail).is_ok_and(|address| address.key() == key))
    }

    fn people(&self) -> impl Iterator<Item = &Person> {
        std::iter::once(&self.from)
            .chain(&self.to)
            .chain(&self.cc)
            .chain(&self.bcc)
            .chain(&self.reply_to)
    }
}

fn person(name: Option<&str>, address: &Address) -> Person {
    Person {
        name: name.filter(|name| !name.is_empty()).map(ToOwned::to_owned),
        mail: address.as_str().to_owned(),
    }
}

fn people<'a>(addresses: impl IntoIterator<Item = &'a Address>, names: &Names) -> Vec<Person> {
    let name = |address: &Address| names.get(address.as_str()).map(String::as_str);
    addresses
        .into_iter()
        .map(|address| person(name(address), address))
        .collect()
}

/// Returns both bodies as text: either may contain text that the other lacks.
fn readable(content: &Content) -> String {
    let mut text = content.text.clone().unwrap_or_default();
    if let Some(html) = &content.html {
        text.push('\n');
        text.push_str(&mail_parser::decoders::html::html_to_text(html));
    }
    text
}

/// Returns the text body, or the HTML body as text if there is no text: both have the same message.
fn one_body(content: &Content) -> String {
    let text = content.text.clone().unwrap_or_default();
    match &content.html {
        Some(html) if text.trim().is_empty() => mail_parser::decoders::html::html_to_text(html),
        _ => text,
    }
}

fn snippet(text: &str) -> String {
    let mut snippet = String::new();
    for word in text.split_whitespace() {
        if !snippet.is_empty() {
            snippet.push(' ');
        }
        snippet.push_str(word);
        if let Some((end, _)) = snippet.char_indices().nth(SNIPPET) {
            snippet.truncate(end);
            break;
        }
    }
    snippet
}

fn searchable(captured: &Captured, mail: &Composed, text: &str) -> String {
    let mut fields = vec![captured.subject.as_str(), mail.from.as_str()];
    for person in captured.people() {
        fields.extend(person.name.as_deref());
        fields.push(&person.mail);
    }
    fields.extend(mail.recipients.iter().map(String::as_str));
    fields.push(&text[..text.floor_char_boundary(SEARCHED)]);
    let mut searchable = fields.join("\n").to_lowercase();
    searchable.truncate(searchable.floor_char_boundary(SEARCHED));
    searchable.shrink_to_fit();
    searchable
}
