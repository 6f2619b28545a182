//! The ways out. Each sorts what it is answered into what that proves about a recipient.

use std::{io, time::Duration};

use crate::{
    config::Transport,
    ledger::{ClaimedRecipient, Mailing, Outcome},
};

mod backoff;
mod compose;
pub mod mailbox;
mod smtp;

pub use backoff::{backoff, throttle_pause};
pub use mailbox::Mailbox;
use smtp::Smtp;

/// How mail leaves.
#[derive(Debug)]
pub enum Mailer {
    Mailbox(Mailbox),
    Smtp(Smtp),
}

impl Mailer {
    pub async fn open(transport: &Transport) -> io::Result<Self> {
        match transport {
            Transport::Mailbox(folder) => Mailbox::open(folder).await.map(Self::Mailbox),
            Transport::Smtp(url) => Smtp::new(url).map(Self::Smtp),
            Transport::Ses { .. } => unimplemented!("helper ses"),
        }
    }

    /// How many recipients one call takes at most.
    pub fn recipients_per_call(&self) -> usize {
        match self {
            Self::Mailbox(_) => 50,
            Self::Smtp(_) => 1,
        }
    }

    /// Whether it can be asked how fast it may be used.
    pub fn knows_rate(&self) -> bool {
        match self {
            Self::Mailbox(_) | Self::Smtp(_) => false,
        }
    }

    /// Recipients a second that the account may send to.
    #[expect(clippy::unused_async, reason = "ses")]
    pub async fn max_send_rate(&self, _limit: Duration) -> Result<f64, String> {
        match self {
            Self::Mailbox(_) | Self::Smtp(_) => Err("it has no limit".to_owned()),
        }
    }

    /// One call. Each recipient has an outcome, in the same order, whatever happens; it takes no longer than
    /// `limit`.
    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        limit: Duration,
    ) -> Vec<Outcome> {
        match self {
            Self::Mailbox(mailbox) => mailbox.send(mailing, recipients, limit).await,
            Self::Smtp(smtp) => smtp.send(mailing, recipients, limit).await,
        }
    }
}
