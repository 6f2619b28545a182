//! The outcomes of a call to a transport: what its answer proves about each recipient.

use std::time::Duration;

pub use strum::IntoEnumIterator;
use strum::{Display, EnumIter, IntoStaticStr};

/// The codes of `status_detail`, the reason why a recipient ended or waits, for programs. A code never changes its
/// name, and a new one may come with any version; `docs/errors.md` explains each.
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
    BouncePermanent,
    BounceTransient,
    BounceUndetermined,
    Complaint,
    /// SES has dropped the mail, because the address is on its own list.
    SuppressedBySes,
    SuppressedBounce,
    SuppressedComplaint,
    SuppressedManual,
    SuppressedUnsubscribe,
    /// SES has found a virus in the mail.
    Rejected,
    /// SES could not fill the template of a bulk call.
    RenderingFailure,
}

impl StatusDetail {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The reason of a failure: a stable code, and a text for people without any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: StatusDetail,
    pub text: String,
}

/// The conclusion from the answer of a transport about one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Accepted {
        message_id: String,
    },
    /// The mail was refused for good.
    Refused(Reason),
    /// The mail was certainly not accepted: a retry cannot deliver it twice.
    NotAccepted {
        reason: Reason,
        again_in: Duration,
        fault: Fault,
    },
    /// It is unknown whether the mail was accepted; it is not sent again on a guess.
    Unknown(Reason),
}

/// The cause that keeps a recipient from being accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too much at once for the transport.
    Throttled,
    /// The account has used up its quota for now.
    Quota,
    /// The account, its settings or its rights are at fault: until they are fixed, all mail waits, and then expires.
    Account,
    /// The mail names something that the account may not use, such as its sender: it waits, and other mail is sent.
    Identity,
    /// The mail system was not reached.
    NotConnected,
    /// The recipient was not tried, because of the outcome of others, or because there was no place for it.
    NotTried,
    /// Any other fault that may have passed at the next attempt.
    Passing,
}

impl Fault {
    /// Returns whether the fault costs an attempt: only one that may be the mail's own does.
    pub fn counts(self) -> bool {
        self == Self::Passing
    }
}
