//! The reactions that a test can choose for the SMTP server.

use std::time::Duration;

/// The steps at which the server asks its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A connection, before the greeting.
    Connect,
    /// `EHLO`.
    Hello,
    /// `AUTH`.
    LogIn,
    /// `MAIL FROM`.
    Mail,
    /// Each `RCPT TO`.
    Recipient,
    /// `DATA`, before the message.
    Data,
    /// The whole message was received.
    End,
    /// `RSET`.
    Reset,
    /// `QUIT`.
    Quit,
}

pub struct Step<'a> {
    pub phase: Phase,
    pub sender: &'a str,
    /// The address of `RCPT TO`, the last one if there are several; empty before it.
    pub recipient: &'a str,
    /// The number of this visit of the step for this recipient, from 1.
    pub visit: usize,
}

/// The server's reaction at a step. An accepted message is recorded before the reply.
#[derive(Clone, Copy, Debug)]
pub enum Reaction {
    /// The usual reply.
    Continue,
    /// The usual reply, after a delay. At `End` the message is accepted before the delay.
    Delay(Duration),
    /// This reply; at `End` the message is not accepted.
    Reply(&'static str),
    /// This reply, after a delay.
    ReplyAfter(Duration, &'static str),
    /// No reply, and the connection is closed; at `End` the message is not accepted.
    Close,
    /// No reply, and the connection stays open; at `End` the message is not accepted.
    Stall,
    /// At `End`: the message is accepted, and the connection is closed without a reply.
    AcceptAndClose,
    /// At `End`: the message is accepted, and the reply never comes.
    AcceptAndStall,
    /// The usual reply, and then the connection is closed.
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

/// Returns a script with one reaction at each visit of a step.
pub fn always(
    phase: Phase,
    reaction: Reaction,
) -> impl Fn(&Step<'_>) -> Reaction + Send + Sync + 'static {
    move |step| {
        if step.phase == phase {
            reaction
        } else {
            Reaction::Continue
        }
    }
}

/// Returns a script that refuses one address.
pub fn refuses(address: &'static str) -> impl Fn(&Step<'_>) -> Reaction + Send + Sync + 'static {
    move |step| {
        if step.phase == Phase::Recipient && step.recipient == address {
            Reaction::Reply("550 5.1.1 no")
        } else {
            Reaction::Continue
        }
    }
}
