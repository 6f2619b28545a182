//! The published schema of a request to send; `parse` checks it and the rules that a schema cannot say.

use std::collections::HashMap;

use poem_openapi::{Object, Union};

use crate::v1::types::Id;

/// What a placeholder stands for.
#[derive(Clone, Debug, Union)]
pub enum VariableValue {
    Text(String),
    Number(f64),
    Boolean(bool),
}

/// One mail of the request. Entries are never merged, also where the address is the same.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RecipientRequest")]
pub struct RecipientRequest {
    /// One `@`, an ASCII local part, a domain that may be international.
    #[oai(validator(max_length = 1000))]
    pub mail: String,
    /// Shown beside the address; no CR or LF.
    #[oai(validator(max_length = 320))]
    pub name: Option<String>,
    pub company: Option<String>,
    /// Handed back with the status; goes before the one of the request.
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    /// Values of the placeholders.
    pub variables: Option<HashMap<String, VariableValue>>,
}

/// A file that goes with every mail of the request.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Attachment")]
pub struct AttachmentRequest {
    #[oai(validator(min_length = 1, max_length = 255))]
    pub filename: String,
    /// Base64 (RFC 4648); all attachments together at most 2.5 MiB decoded.
    pub content: String,
    /// Guessed from the name where it is absent; not `multipart/…`.
    #[oai(validator(max_length = 255))]
    pub content_type: Option<String>,
    /// For `<img src="cid:…">`.
    #[oai(validator(min_length = 1, max_length = 128))]
    pub content_id: Option<String>,
}

/// A tag for the mail system's events.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Tag")]
pub struct TagRequest {
    #[oai(validator(min_length = 1, max_length = 256, pattern = "^[A-Za-z0-9_-]+$"))]
    pub name: String,
    #[oai(validator(min_length = 1, max_length = 256, pattern = "^[A-Za-z0-9_-]+$"))]
    pub value: String,
}

/// Mail for one recipient or for many.
#[derive(Clone, Debug, Object)]
pub struct MailRequest {
    #[oai(validator(min_items = 1, max_items = 10000))]
    pub recipients: Vec<RecipientRequest>,
    /// Must be among the senders of the key, if it has any.
    #[oai(validator(max_length = 1000))]
    pub sender_email: String,
    /// No CR or LF.
    #[oai(validator(min_length = 1, max_length = 320))]
    pub sender_name: String,
    #[oai(validator(max_length = 1000))]
    pub sender_organisation_name: Option<String>,
    /// Placeholders allowed; no CR or LF. With the recipient's values in it at most 2,000 characters.
    #[oai(validator(min_length = 1, max_length = 998))]
    pub subject: String,
    /// At least one of the two templates is needed; with the recipient's values in it each has at most 10 MiB.
    pub html_template: Option<String>,
    pub text_template: Option<String>,
    #[oai(validator(max_items = 50))]
    pub reply_to: Option<Vec<String>>,
    /// With one recipient only; at most 50 addresses in all.
    #[oai(validator(max_items = 49))]
    pub cc: Option<Vec<String>>,
    /// With one recipient only; at most 50 addresses in all.
    #[oai(validator(max_items = 49))]
    pub bcc: Option<Vec<String>>,
    #[oai(validator(max_items = 100))]
    pub attachments: Option<Vec<AttachmentRequest>>,
    /// Further header fields, none that the service or SES sets. Names and values in printable ASCII, names of at
    /// most 126 and values of at most 870 characters.
    pub headers: Option<HashMap<String, String>>,
    #[oai(validator(max_items = 48))]
    pub tags: Option<Vec<TagRequest>>,
    /// A time in the future (RFC 3339), 72 hours ahead unless given. What has not gone by then fails.
    pub expires_at: Option<String>,
    pub client_env_id: Option<Id>,
    pub email_id: Option<Id>,
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    #[oai(rename = "projectId")]
    pub project_id: Option<Id>,
    #[oai(rename = "closureId")]
    pub closure_id: Option<Id>,
}
