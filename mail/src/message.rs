//! A request to send, once it is known to be valid.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::Address;

/// One of the caller's own ids, handed back as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CallerId {
    Integer(i64),
    Text(String),
}

impl fmt::Display for CallerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerIds {
    pub client_env_id: Option<CallerId>,
    pub email_id: Option<CallerId>,
    pub email_recipient_id: Option<CallerId>,
    pub project_id: Option<CallerId>,
    pub closure_id: Option<CallerId>,
}

/// The part of a mailing that stays for as long as the mailing is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    pub sender_email: Address,
    pub sender_name: String,
    pub sender_organisation_name: Option<String>,
    pub subject: String,
    pub reply_to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub reply_to_names: Names,
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub cc_names: Names,
    /// The places of copies that were erased.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased_copies: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<List>,
    /// `true` if the mail was accepted as one with links to unsubscribe, without which it is not sent then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_links: bool,
    pub ids: CallerIds,
}

impl Envelope {
    /// Returns the addresses of copies with their places in the request, such as `cc.0`.
    pub fn copies(&self) -> impl Iterator<Item = (String, &Address)> {
        let lists = [("cc", &self.cc), ("bcc", &self.bcc)];
        lists.into_iter().flat_map(|(field, list)| {
            let places = (0..).map(move |index| format!("{field}.{index}"));
            let places = places.filter(|place| !self.erased_copies.contains(place));
            places.zip(list)
        })
    }
}

/// A subject of subscription that a mail belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub name: String,
    /// The key that the list belongs to: the key of the request, or a revoked one whose lists it has taken over. Lists of
    /// different keys have nothing in common, whatever their names.
    pub api_key_id: Uuid,
}

/// Names that stand beside addresses in a header field, by the address as the caller wrote it. They are apart from the
/// addresses so that an instance of an older version can read these.
pub type Names = BTreeMap<String, String>;

/// The part of a mailing that is needed only until it has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    pub html: Option<String>,
    pub text: Option<String>,
    pub headers: HeaderFields,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub name: String,
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub filename: String,
    pub content_type: String,
    pub content_id: Option<String>,
    pub content: Vec<u8>,
}

/// The value a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Variable {
    Boolean(bool),
    Number(serde_json::Number),
    Text(String),
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}

pub type Variables = BTreeMap<String, Variable>;

/// Header fields of the caller's, by name; their values are templates. Those of a recipient go before those of the
/// mailing.
pub type HeaderFields = BTreeMap<String, String>;

/// One mail of a mailing.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipient {
    pub mail: Address,
    pub name: Option<String>,
    pub company: Option<String>,
    pub email_recipient_id: Option<CallerId>,
    pub variables: Variables,
    pub headers: HeaderFields,
}

/// A valid request to send.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMailing {
    pub envelope: Envelope,
    pub body: Body,
    pub attachments: Vec<Attachment>,
    pub recipients: Vec<Recipient>,
    /// The time before which it is not sent, in milliseconds since the Unix epoch; `None` to send it at once.
    pub send_at: Option<i64>,
    /// Milliseconds since the Unix epoch.
    pub expires_at: Option<i64>,
}

impl NewMailing {
    /// Returns the number of addresses that get a mail, copies included.
    pub fn addressees(&self) -> usize {
        self.recipients.len() + self.envelope.cc.len() + self.envelope.bcc.len()
    }
}
