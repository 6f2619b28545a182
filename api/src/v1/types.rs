//! Parts of the answers of several resources.

use mail::{
    Status,
    ledger::{Counts, MailingSummary, RecipientView},
    message::CallerId,
    timestamp,
};
use poem_openapi::{
    Enum, Object, Union,
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
};
use serde_json::Value;
use uuid::Uuid;

use super::text::{CallerId as CallerIdText, Text};

/// The number of entries on a page if the request has no `limit`.
pub const DEFAULT_LIMIT: u64 = 50;

/// A time, written in RFC 3339, in UTC, with milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp(i64);

impl From<i64> for Timestamp {
    fn from(milliseconds: i64) -> Self {
        Self(milliseconds)
    }
}

impl From<Timestamp> for i64 {
    fn from(time: Timestamp) -> Self {
        time.0
    }
}

impl Type for Timestamp {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> std::borrow::Cow<'static, str> {
        "string(date-time)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ToJSON for Timestamp {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(timestamp::write(self.0)))
    }
}

impl ParseFromJSON for Timestamp {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = String::parse_from_json(value).map_err(ParseError::propagate)?;
        timestamp::parse(&text)
            .map(Self)
            .map_err(ParseError::custom)
    }
}

impl ParseFromParameter for Timestamp {
    fn parse_from_parameter(value: &str) -> ParseResult<Self> {
        timestamp::parse(value)
            .map(Self)
            .map_err(ParseError::custom)
    }
}

/// An id that the caller has chosen: a string of at most 512 characters, or a signed 64-bit integer.
#[derive(Clone, Debug, PartialEq, Union)]
#[oai(rename = "CallerId")]
pub enum Id {
    Text(Text<CallerIdText>),
    Integer(i64),
}

impl From<CallerId> for Id {
    fn from(id: CallerId) -> Self {
        match id {
            CallerId::Integer(number) => Self::Integer(number),
            CallerId::Text(text) => Self::Text(text.into()),
        }
    }
}

/// The status of a recipient:
///
/// - `queued`: the recipient waits to be sent to, for the first time or after a failed attempt.
/// - `sending`: a call to the mail system is under way.
/// - `sent`: the mail system has accepted the mail. Its delivery is not known, or not known yet.
/// - `failed`: the mail was not accepted and is not tried again; `status_detail` gives the reason, such as `refused`,
///   `expired` or `attempts_exhausted`.
/// - `unconfirmed`: it cannot be known whether the mail system accepted the mail. The service does not send it again on
///   its own.
/// - `cancelled`: the recipient was cancelled before the mail was sent.
/// - `suppressed`: the address must not be mailed, because of an earlier bounce or complaint; no mail was delivered.
/// - `delivered`: the recipient's mail server has accepted the mail.
/// - `bounced`: the mail was sent and came back.
/// - `complained`: the recipient has marked the mail as spam.
///
/// The last three are known only where the mail system reports them, as SES does. A later version may add statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(
    rename = "RecipientStatus",
    remote = "Status",
    rename_all = "snake_case"
)]
pub enum StatusName {
    Queued,
    Sending,
    Sent,
    Failed,
    Unconfirmed,
    Cancelled,
    Suppressed,
    Delivered,
    Bounced,
    Complained,
}

/// The body of a success.
#[derive(Clone, Debug, Object)]
pub struct Success<T: Send + Sync + Type + ParseFromJSON + ToJSON> {
    /// The HTTP status of the answer.
    pub status: u16,
    /// A text for people; it may change.
    pub message: String,
    /// The result.
    pub data: T,
}

impl<T: Send + Sync + Type + ParseFromJSON + ToJSON> Success<T> {
    pub fn new(status: u16, message: &str, data: T) -> Self {
        Self {
            status,
            message: message.to_owned(),
            data,
        }
    }
}

/// A page of a list.
#[derive(Clone, Debug, Object)]
pub struct Items<T: Send + Sync + Type + ParseFromJSON + ToJSON> {
    /// The entries of the page.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last page.
    pub next: Option<String>,
}

impl<T: Send + Sync + Type + ParseFromJSON + ToJSON> Items<T> {
    pub fn of<V, C>(page: mail::ledger::Page<V, C>, cursor: impl Fn(C) -> String) -> Self
    where
        T: From<V>,
    {
        Self {
            items: page.items.into_iter().map(T::from).collect(),
            next: page.next.map(cursor),
        }
    }
}

/// The number of a mailing's recipients in each status.
#[derive(Clone, Debug, Object)]
#[oai(rename = "MailingCounts")]
pub struct CountsOut {
    /// Recipients that are `queued`.
    pub queued: u64,
    /// Recipients that are `sending`.
    pub sending: u64,
    /// Recipients that are `sent`.
    pub sent: u64,
    /// Recipients that are `failed`.
    pub failed: u64,
    /// Recipients that are `unconfirmed`.
    pub unconfirmed: u64,
    /// Recipients that are `cancelled`.
    pub cancelled: u64,
    /// Recipients that are `suppressed`.
    pub suppressed: u64,
    /// Recipients that are `delivered`.
    pub delivered: u64,
    /// Recipients that have `bounced`.
    pub bounced: u64,
    /// Recipients that have `complained`.
    pub complained: u64,
}

impl From<Counts> for CountsOut {
    fn from(counts: Counts) -> Self {
        Self {
            queued: counts.queued,
            sending: counts.sending,
            sent: counts.sent,
            failed: counts.failed,
            unconfirmed: counts.unconfirmed,
            cancelled: counts.cancelled,
            suppressed: counts.suppressed,
            delivered: counts.delivered,
            bounced: counts.bounced,
            complained: counts.complained,
        }
    }
}

/// A mailing: an accepted request to send, without its content.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Mailing")]
pub struct MailingOut {
    /// The id of the mailing.
    pub id: Uuid,
    /// The id of the API key that submitted the mailing.
    pub api_key_id: Uuid,
    /// The address of the sender.
    pub sender_email: String,
    /// The name of the sender, with its placeholders.
    pub sender_name: String,
    /// The organisation of the sender; null if there is none.
    pub sender_organisation_name: Option<String>,
    /// The subject as it was submitted, with its placeholders; empty after an erasure that removed the content.
    pub subject: String,
    /// The caller's `client_env_id` of the request.
    pub client_env_id: Option<Id>,
    /// The caller's `email_id` of the request.
    pub email_id: Option<Id>,
    /// The caller's `emailRecipientId` of the request.
    #[oai(rename = "emailRecipientId")]
    pub email_recipient_id: Option<Id>,
    /// The caller's `projectId` of the request.
    #[oai(rename = "projectId")]
    pub project_id: Option<Id>,
    /// The caller's `closureId` of the request.
    #[oai(rename = "closureId")]
    pub closure_id: Option<Id>,
    /// The time at which the request was accepted.
    pub created_at: Timestamp,
    /// The time before which the mail is not sent, as it was submitted or rescheduled; null if it was to be sent at once.
    pub send_at: Option<Timestamp>,
    /// Recipients that are still queued at this time end as `failed`.
    pub expires_at: Timestamp,
    /// The subject of subscription that the mail belongs to; null if there is none.
    pub list: Option<String>,
    /// The number of recipients in each status.
    pub counts: CountsOut,
}

impl From<MailingSummary> for MailingOut {
    fn from(mailing: MailingSummary) -> Self {
        let envelope = mailing.envelope;
        Self {
            id: mailing.id,
            api_key_id: mailing.api_key_id,
            sender_email: envelope.sender_email.to_string(),
            sender_name: envelope.sender_name,
            sender_organisation_name: envelope.sender_organisation_name,
            subject: envelope.subject,
            client_env_id: envelope.ids.client_env_id.map(Id::from),
            email_id: envelope.ids.email_id.map(Id::from),
            email_recipient_id: envelope.ids.email_recipient_id.map(Id::from),
            project_id: envelope.ids.project_id.map(Id::from),
            closure_id: envelope.ids.closure_id.map(Id::from),
            created_at: mailing.created_at.into(),
            send_at: mailing.send_at.map(Timestamp::from),
            expires_at: mailing.expires_at.into(),
            list: envelope.list.map(|list| list.name),
            counts: mailing.counts.into(),
        }
    }
}

/// A recipient and its status.
#[derive(Clone, Debug, Object)]
#[oai(rename = "Recipient")]
pub struct RecipientOut {
    /// The recipient's position in the request, from 0.
    pub index: i32,
    /// The caller's `email_id` of the request.
    pub email_id: Option<Id>,
    /// The caller's `emailRecipientId`: that of the recipient, or else that of the request.
    pub email_recipient_id: Option<Id>,
    /// The address as it was submitted; null after it was removed by retention or erasure.
    pub recipient: Option<String>,
    /// The status of the recipient.
    pub status: StatusName,
    /// The mail system's id of the mail; null unless the mail system has accepted it.
    pub message_id: Option<String>,
    /// The reason for the status, such as `bounce_permanent`; null if the status says all.
    pub status_detail: Option<String>,
    /// The last error, as a text for people; it never contains an address.
    pub last_error: Option<String>,
    /// The time at which the recipient was queued, or queued again by a resend; null if it never was queued.
    pub queued_at: Option<Timestamp>,
    /// The time at which the mail system accepted the mail; null unless it did.
    pub sent_at: Option<Timestamp>,
    /// The number of calls to the mail system that count as attempts, since the last resend if there was one. Calls
    /// that were throttled, exceeded a quota, failed because of the account or the sender, or did not reach the mail
    /// system do not count.
    pub attempts: i32,
}

impl From<RecipientView> for RecipientOut {
    fn from(view: RecipientView) -> Self {
        Self {
            index: view.position,
            email_id: view.email_id.map(Id::from),
            email_recipient_id: view.email_recipient_id.map(Id::from),
            recipient: view.recipient,
            status: view.status.into(),
            message_id: view.message_id,
            status_detail: view.status_detail,
            last_error: view.last_error,
            queued_at: view.queued_at.map(Timestamp::from),
            sent_at: view.sent_at.map(Timestamp::from),
            attempts: view.attempts,
        }
    }
}
