//! What a test can have the SMTP server do.

use std::time::Duration;

/// The moments at which the server asks its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A connection, before the greeting.
    Connect,
    /// `MAIL FROM`.
    Mail,
    /// Each `RCPT TO`.
    Recipient,
    /// `DATA`, before the message.
    Data,
    /// The whole message was received.
    End,
}

pub struct Step<'a> {
    pub phase: Phase,
    pub sender: &'a str,
    /// The address of `RCPT TO`, the last one if there are several; empty before it.
    pub recipient: &'a str,
    /// The how-manieth visit to this step for this recipient it is, from 1.
    pub visit: usize,
}

/// What the server does at a step. A message that is accepted is recorded first.
#[derive(Clone, Copy, Debug)]
pub enum Reaction {
    /// As a server does that has nothing against it.
    Continue,
    /// The same, after a while. At `End` the message is accepted before the wait.
    Delay(Duration),
    /// This reply instead; at `End` nothing was accepted.
    Reply(&'static str),
    /// The same, after a while.
    ReplyAfter(Duration, &'static str),
    /// No reply, the connection is closed; at `End` nothing was accepted.
    Close,
    /// No reply, the connection stays; at `End` nothing was accepted.
    Stall,
    /// At `End`: accepted, and the connection is closed without a reply.
    AcceptAndClose,
    /// At `End`: accepted, and the reply never comes.
    AcceptAndStall,
    /// The usual reply, then the connection is closed.
    ReplyAndClose,
}

impl Reaction {
    pub(super) fn accepts(self) -> bool {
        matches!(
            self,
            Self::Continue
                | Self::Delay(_)
                | Self::AcceptAndClose
                | Self::AcceptAndStall
                | Self::ReplyAndClose
        )
    }
}
