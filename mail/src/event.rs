//! Events: the ends of recipients, and everything that is learned of them later.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use crate::Status;

/// The kinds of events. Most are the status that the recipient has from then on; the others change none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EventKind {
    Sent,
    Failed,
    Unconfirmed,
    Cancelled,
    Suppressed,
    Delivered,
    Bounced,
    Complained,
    /// The mail system could not deliver the mail yet, and tries again.
    Delayed,
    /// The mail to a recipient of a copy bounced.
    CopyBounced,
    /// A recipient of a copy complained.
    CopyComplained,
    /// The address of a copy must not be mailed, and was left out of the mail.
    CopySuppressed,
    /// The recipient has unsubscribed from the list of the mail.
    Unsubscribed,
    /// The recipient has undone it.
    Resubscribed,
}

impl EventKind {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Returns whether the event is about copies of the mail, not about the recipient.
    pub fn is_of_copies(self) -> bool {
        matches!(
            self,
            Self::CopyBounced | Self::CopyComplained | Self::CopySuppressed
        )
    }

    /// Returns the status that the recipient has from then on; `None` if the event changes none.
    pub fn status(self) -> Option<Status> {
        match self {
            Self::Sent => Some(Status::Sent),
            Self::Failed => Some(Status::Failed),
            Self::Unconfirmed => Some(Status::Unconfirmed),
            Self::Cancelled => Some(Status::Cancelled),
            Self::Suppressed => Some(Status::Suppressed),
            Self::Delivered => Some(Status::Delivered),
            Self::Bounced => Some(Status::Bounced),
            Self::Complained => Some(Status::Complained),
            Self::Delayed
            | Self::CopyBounced
            | Self::CopyComplained
            | Self::CopySuppressed
            | Self::Unsubscribed
            | Self::Resubscribed => None,
        }
    }
}

/// What only some kinds of events have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounce: Option<Bounce>,
    /// The places in the request of the copies that the event is about, such as `cc.0`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
}

impl Detail {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A bounce, as the mail system reports it
/// (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html#event-publishing-retrieving-sns-contents-bounce-object>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    #[serde(rename = "type")]
    pub kind: BounceType,
    /// The mail system's own word, such as `MailboxFull`.
    pub subtype: String,
    /// The answer of the recipient's mail server, without addresses.
    pub diagnostic: Option<String>,
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Display,
    EnumIter,
    IntoStaticStr,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum BounceType {
    Permanent,
    Transient,
    Undetermined,
}
