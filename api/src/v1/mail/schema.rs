//! The published schema of a request to send. `parse` checks it, and the rules that a schema cannot express.

use std::collections::HashMap;

use poem_openapi::{Object, Union};

use crate::v1::{
    text::{
        Address, Base64, ContentId, HeaderValue, Line, ListName, MediaType, Plain, TagPart, Text,
    },
    types::{Id, Timestamp},
    values::{MAX_DISPLAY_NAME, ShownName},
};

pub type SenderName = Text<Line, MAX_DISPLAY_NAME>;
pub type OrganisationName = Text<Plain, 1000>;
/// RFC 5322, 2.1.1.
pub type Subject = Text<Line, 998>;
pub type Filename = Text<Line, 255>;

/// The value that replaces a placeholder.
#[derive(Clone, Debug, Union)]
pub enum VariableValue {
    Text(Text<Plain>),
    Number(f64),
    Boolean(bool),
}

/// A recipient, to whom one mail is sent. Entries with the same address are not merged: each is a mail of its own.
#[derive(Clone, Debug, Object)]
#[oai(rename = "RecipientRequest")]
pub struct RecipientRequest {
    /// An address with one `@`, an ASCII local part and a domain that may be international.
    pub mail: Text<Address>,
    /// The display name, shown beside the address; without CR and LF.
    pub name: Option<ShownName>,
    /// The value of the placeholder `{{company}}`.
    pub company: Option<Text<Plain>>,
    /// The caller's id of the recipient, returned with its status; it takes precedence over the request's
    /// `emailRecipientId`.
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    /// The values of placeholders, by their names.
    pub variables: Option<HashMap<String, VariableValue>>,
    /// Header fields of this mail only, such as `X-Campaign`, with the rules of the request's `headers`. A field
    /// replaces the request's field of the same name. A mail has at most 15 of these fields and the request's fields
    /// with placeholders together, or 13 if it has a link to unsubscribe.
    pub headers: Option<HashMap<String, Text<HeaderValue>>>,
}

/// An address with a display name.
#[derive(Clone, Debug, Object)]
pub struct NamedAddress {
    /// An address with one `@`, an ASCII local part and a domain that may be international.
    pub mail: Text<Address>,
    /// The display name, shown beside the address; without CR and LF.
    pub name: Option<ShownName>,
}

/// An address, alone or with a display name.
#[derive(Clone, Debug, Union)]
pub enum MailAddress {
    Plain(Text<Address>),
    Named(NamedAddress),
}

/// A file that is attached to every mail of the request.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Attachment")]
pub struct AttachmentRequest {
    /// The name under which mail programs show and save the attachment.
    pub filename: Filename,
    /// The content in Base64 (RFC 4648, sections 4 and 5), with or without padding and line breaks. All attachments of
    /// a request have at most 2.5 MiB together, decoded.
    pub content: Text<Base64>,
    /// The media type; derived from the extension of `filename` if absent. `multipart/…`, `message/partial` and
    /// `message/external-body` are refused.
    pub content_type: Option<Text<MediaType>>,
    /// The id for references in the HTML, such as `<img src="cid:logo">` for `logo`; unique in a request.
    pub content_id: Option<Text<ContentId>>,
}

/// A tag that SES adds to its events about the mail (`MessageTag`). The service sets `mmms-mailing-id`,
/// `mmms-recipient-index` and `mmms-attempt` itself and refuses them here.
#[derive(Clone, Debug, Object)]
#[oai(rename = "MailTag")]
pub struct TagRequest {
    /// The name of the tag: ASCII letters, digits, `_` and `-`.
    pub name: Text<TagPart>,
    /// The value of the tag, of the same characters.
    pub value: Text<TagPart>,
}

/// Mail to one recipient or to several. All mails of a request have at most 256 MiB together, with placeholders
/// replaced.
#[derive(Clone, Debug, Object)]
pub struct MailRequest {
    /// 1 to 10,000 recipients, each of which gets a mail of its own.
    #[oai(validator(min_items = 1, max_items = 10000))]
    pub recipients: Vec<RecipientRequest>,
    /// The address of the sender. If the API key has `senders`, the address must be one of them.
    pub sender_email: Text<Address>,
    /// The display name of the sender; without CR and LF. Placeholders are allowed, and replaced for each recipient:
    /// the result must have 1 to 320 characters.
    pub sender_name: SenderName,
    /// The organisation of the sender: the value of the placeholder `{{sender_organisation_name}}`, and the name on the
    /// page where recipients unsubscribe.
    pub sender_organisation_name: Option<OrganisationName>,
    /// The subject, without CR and LF. Placeholders are allowed, and replaced for each recipient: the result must have
    /// 1 to 2,000 characters.
    pub subject: Subject,
    /// The HTML part of the mail. At least one of `html_template` and `text_template` is required. With placeholders
    /// replaced, each may have at most 10 MiB, and one of the two must have some text unless there are attachments.
    pub html_template: Option<Text<Plain>>,
    /// The plain-text part of the mail.
    pub text_template: Option<Text<Plain>>,
    /// The addresses to which replies are sent, in the header field `Reply-To`.
    #[oai(validator(max_items = 50))]
    pub reply_to: Option<Vec<MailAddress>>,
    /// Copies; allowed with one recipient only. An address that must not be mailed is left out. The recipient, `cc`
    /// and `bcc` are at most 50 addresses together.
    #[oai(validator(max_items = 49))]
    pub cc: Option<Vec<MailAddress>>,
    /// Blind copies; allowed with one recipient only. An address that must not be mailed is left out. The
    /// recipient, `cc` and `bcc` are at most 50 addresses together. These addresses and their names are in no
    /// header field.
    #[oai(validator(max_items = 49))]
    pub bcc: Option<Vec<MailAddress>>,
    /// Attachments, which are the same for all recipients.
    #[oai(validator(max_items = 100))]
    pub attachments: Option<Vec<AttachmentRequest>>,
    /// Further header fields of every mail. Fields that the service or SES sets, that mail servers act on, or that
    /// belong to the HTTP request are refused. Names and values are printable ASCII, names of at most 126 and values of
    /// at most 870 characters. Placeholders are allowed in the values of at most 15 fields: a value that is not ASCII
    /// is encoded (RFC 2047), and a field whose value is empty is left out.
    pub headers: Option<HashMap<String, Text<HeaderValue>>>,
    /// Tags of the mail; each name may occur once.
    #[oai(validator(max_items = 48))]
    pub tags: Option<Vec<TagRequest>>,
    /// The time before which the mail is not sent (RFC 3339), at most 30 days ahead. The answer is then 202, also for one
    /// recipient. A time that has passed counts as the time of the request, so that a repeated request is accepted; one
    /// that is more than a day past is refused.
    pub send_at: Option<Timestamp>,
    /// A time in the future and after `send_at` (RFC 3339); 72 hours after the request, or after `send_at`, if absent.
    /// Recipients that are still queued at this time end as `failed` with `status_detail: "expired"`.
    pub expires_at: Option<Timestamp>,
    /// The subject of subscription that the mail belongs to, such as `newsletter`. A recipient who has unsubscribed from
    /// this list of the API key is not sent to. If the service knows its public address (`PUBLIC_URL`), every mail has
    /// the header fields `List-Unsubscribe` and `List-Unsubscribe-Post` of its recipient (RFC 8058), which `headers` must
    /// not have then, and `{{unsubscribe_url}}` stands for the recipient's link. The page that the link leads to is in
    /// the language of the attribute `lang` of the element `html` of `html_template`: English, German or Dutch. Not
    /// allowed with `cc` and `bcc`.
    pub list: Option<Text<ListName, 64>>,
    /// An id of the caller, which all answers and results have.
    pub client_env_id: Option<Id>,
    /// An id of the caller for the request, by which mailings and recipients are found.
    pub email_id: Option<Id>,
    /// An id of the caller for recipients without an `emailRecipientId` of their own.
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    /// An id of the caller, which all answers and results have.
    #[oai(rename = "projectId")]
    pub project_id: Option<Id>,
    /// An id of the caller, which all answers and results have.
    #[oai(rename = "closureId")]
    pub closure_id: Option<Id>,
}
