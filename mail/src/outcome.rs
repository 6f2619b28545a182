//! What a call to a transport proves about a recipient.

use std::time::Duration;

/// Why something did not work: a stable code, and a text for people without any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: &'static str,
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
