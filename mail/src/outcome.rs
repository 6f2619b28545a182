//! What a call to a transport proves about a recipient.

use std::time::Duration;

use strum::{Display, EnumIter, IntoStaticStr};

/// The codes of `status_detail`: why a recipient ended, or waits, as programs read it. A code keeps its name for ever, and a
/// new one may come with any version; `docs/errors.md` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum StatusDetail {
    Refused,
    InvalidMessage,
    Expired,
    AttemptsExhausted,
    Corrupt,
    NotConnected,
    Deferred,
    Throttled,
    Quota,
    Account,
    MailboxUnavailable,
    ConnectionLost,
    Timeout,
    UnclearAnswer,
    LeaseExpired,
    Cancelled,
}

impl StatusDetail {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Why something did not work: a stable code, and a text for people without any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: StatusDetail,
    pub text: String,
}

/// What the answer of a transport proves about one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted {
        message_id: String,
    },
    /// Refused for good.
    Refused(Reason),
    /// Surely not accepted: it may be tried again without anybody getting two.
    NotAccepted {
        reason: Reason,
        again_in: Duration,
        fault: Fault,
    },
    /// Nobody can know; it is not sent again by guess.
    Unknown(Reason),
}

/// What keeps a recipient from being accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too much at once for the transport.
    Throttled,
    /// The account has sent all that it may for now.
    Quota,
    /// The account, its settings or its rights: somebody has to mend them, or all mail waits until it expires.
    Account,
    /// What this mail names is not the account's to use, such as its sender: it waits, and other mail goes.
    Identity,
    /// It never reached the mail system.
    NotConnected,
    /// It was not even tried, because of what became of others in the same call.
    NotTried,
    /// Anything else that may be over at the next attempt.
    Passing,
}

impl Fault {
    /// Whether it costs an attempt: only what may be the mail's own fault does.
    pub fn counts(self) -> bool {
        self == Self::Passing
    }
}
