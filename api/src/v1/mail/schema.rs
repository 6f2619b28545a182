//! The published schema of a request to send; `parse` checks it and the rules that a schema cannot say.

use std::collections::HashMap;

use poem_openapi::{Object, Union};

use crate::v1::{
    text::{Address, Base64, ContentId, HeaderValue, Line, MediaType, Plain, TagPart, Text},
    types::{Id, Timestamp},
    values::{MAX_DISPLAY_NAME, ShownName},
};

pub type SenderName = Text<Line, MAX_DISPLAY_NAME>;
pub type OrganisationName = Text<Plain, 1000>;
/// RFC 5322, 2.1.1.
pub type Subject = Text<Line, 998>;
pub type Filename = Text<Line, 255>;

/// What a placeholder stands for.
#[derive(Clone, Debug, Union)]
pub enum VariableValue {
    Text(Text<Plain>),
    Number(f64),
    Boolean(bool),
}

/// One mail of the request. Entries are never merged, also where the address is the same.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RecipientRequest")]
pub struct RecipientRequest {
    /// One `@`, an ASCII local part, a domain that may be international.
    pub mail: Text<Address>,
    /// Shown beside the address; no CR or LF.
    pub name: Option<ShownName>,
    pub company: Option<Text<Plain>>,
    /// Handed back with the status; goes before the one of the request.
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    /// Values of the placeholders.
    pub variables: Option<HashMap<String, VariableValue>>,
    /// Header fields of this mail alone, such as `List-Unsubscribe`, under the rules of the request's `headers`. A field
    /// replaces the request's field of the same name. Together with the request's fields that have placeholders at most
    /// 15.
    pub headers: Option<HashMap<String, Text<HeaderValue>>>,
}

/// An address with the name that is shown beside it.
#[derive(Clone, Debug, Object)]
pub struct NamedAddress {
    /// One `@`, an ASCII local part, a domain that may be international.
    pub mail: Text<Address>,
    /// No CR or LF.
    pub name: Option<ShownName>,
}

/// An address, alone or with a name.
#[derive(Clone, Debug, Union)]
pub enum MailAddress {
    Plain(Text<Address>),
    Named(NamedAddress),
}

/// A file that goes with every mail of the request.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Attachment")]
pub struct AttachmentRequest {
    pub filename: Filename,
    /// Base64 (RFC 4648); all attachments together at most 2.5 MiB decoded.
    pub content: Text<Base64>,
    /// Guessed from the name where it is absent; not `multipart/…`.
    pub content_type: Option<Text<MediaType>>,
    /// For `<img src="cid:…">`.
    pub content_id: Option<Text<ContentId>>,
}

/// A tag for the mail system's events. `mmms-mailing-id` and `mmms-recipient-index` are set by the service and
/// cannot be used.
#[derive(Clone, Debug, Object)]
#[oai(rename = "MailTag")]
pub struct TagRequest {
    pub name: Text<TagPart>,
    pub value: Text<TagPart>,
}

/// Mail for one recipient or for many.
#[derive(Clone, Debug, Object)]
pub struct MailRequest {
    #[oai(validator(min_items = 1, max_items = 10000))]
    pub recipients: Vec<RecipientRequest>,
    /// Must be among the senders of the key, if it has any.
    pub sender_email: Text<Address>,
    /// Placeholders allowed; no CR or LF. With the recipient's values in it 1 to 320 characters.
    pub sender_name: SenderName,
    pub sender_organisation_name: Option<OrganisationName>,
    /// Placeholders allowed; no CR or LF. With the recipient's values in it 1 to 2,000 characters.
    pub subject: Subject,
    /// At least one of the two templates is needed; with the recipient's values in it each has at most 10 MiB,
    /// and one of them has some text, unless there are attachments.
    pub html_template: Option<Text<Plain>>,
    pub text_template: Option<Text<Plain>>,
    /// Where answers go.
    #[oai(validator(max_items = 50))]
    pub reply_to: Option<Vec<MailAddress>>,
    /// With one recipient only; at most 50 addresses in all.
    #[oai(validator(max_items = 49))]
    pub cc: Option<Vec<MailAddress>>,
    /// With one recipient only; at most 50 addresses in all. No recipient is shown these, nor their names.
    #[oai(validator(max_items = 49))]
    pub bcc: Option<Vec<MailAddress>>,
    #[oai(validator(max_items = 100))]
    pub attachments: Option<Vec<AttachmentRequest>>,
    /// Further header fields, none that the service or SES sets. Names and values in printable ASCII, names of at
    /// most 126 and values of at most 870 characters. Placeholders allowed in the values of up to 15 of them: what is
    /// filled in is encoded where it is no ASCII (RFC 2047), and a field that is empty then is left out.
    pub headers: Option<HashMap<String, Text<HeaderValue>>>,
    /// Names differ.
    #[oai(validator(max_items = 48))]
    pub tags: Option<Vec<TagRequest>>,
    /// A time in the future (RFC 3339), 72 hours ahead unless given. What has not gone by then fails.
    pub expires_at: Option<Timestamp>,
    pub client_env_id: Option<Id>,
    pub email_id: Option<Id>,
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    #[oai(rename = "projectId")]
    pub project_id: Option<Id>,
    #[oai(rename = "closureId")]
    pub closure_id: Option<Id>,
}
