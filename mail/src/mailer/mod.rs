//! The transports. Each one turns the answers it gets into outcomes: what they prove about a recipient.

use std::{io, sync::Arc, time::Duration};

use crate::{
    aws::Aws,
    config::Transport,
    mailing::{ClaimedRecipient, Mailing},
    outcome::Outcome,
};

mod backoff;
mod call;
mod compose;
#[cfg(test)]
mod fixtures;
pub mod mailbox;
mod preview;
mod redact;
mod ses;
mod smtp;

pub use backoff::{backoff, jittered, throttle_pause};
pub use call::Call;
pub use compose::{
    LINK_HEADER_COUNT, NotComposed, fields::custom as custom_header, is_link_header,
};
pub use mailbox::Mailbox;
pub use preview::{Rendered, preview, rendered};
pub use redact::redact;
pub use ses::{ATTEMPT_TAG, MAILING_TAG, RECIPIENT_TAG, Ses};
use smtp::Smtp;

/// The transport that sends mail.
#[derive(Debug)]
pub enum Mailer {
    Mailbox(Mailbox),
    Smtp(Box<Smtp>),
    Ses(Ses),
}

impl Mailer {
    pub async fn open(transport: &Transport, aws: &Arc<Aws>) -> io::Result<Self> {
        match transport {
            Transport::Mailbox(folder) => Mailbox::open(folder).await.map(Self::Mailbox),
            Transport::Smtp {
                url, connections, ..
            } => Smtp::new(url, *connections).map(|smtp| Self::Smtp(Box::new(smtp))),
            Transport::Ses { configuration_set } => Ok(Self::Ses(Ses::new(
                Arc::clone(aws),
                configuration_set.clone(),
            ))),
        }
    }

    /// Returns the maximum number of recipients of one call.
    pub fn recipients_per_call(&self) -> usize {
        match self {
            Self::Mailbox(_) => 50,
            Self::Smtp(smtp) => smtp.recipients_per_call(),
            Self::Ses(_) => ses::MAX_ENTRIES,
        }
    }

    /// Returns whether the transport can be asked for its rate.
    pub fn knows_rate(&self) -> bool {
        matches!(self, Self::Ses(_))
    }

    /// Returns the number of recipients a second that the account may send to, or a code for why it is not known.
    pub async fn max_send_rate(&self, limit: Duration) -> Result<f64, String> {
        match self {
            Self::Mailbox(_) | Self::Smtp(_) => Err("no limit".to_owned()),
            Self::Ses(ses) => ses.max_send_rate(limit).await,
        }
    }

    /// Makes one call, and tells the outcome of each recipient once, in every case, as soon as it is known: it does not
    /// wait for those of the others. The call takes no longer than its limit.
    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        call: &Call,
        tell: impl Fn(&ClaimedRecipient, Outcome),
    ) {
        let outcomes = match self {
            Self::Mailbox(mailbox) => {
                call.hand_over();
                mailbox.send(mailing, recipients, call.left()).await
            }
            Self::Smtp(smtp) => return smtp.send(mailing, recipients, call, tell).await,
            Self::Ses(ses) => {
                call.hand_over();
                ses.send(mailing, recipients, call.left()).await
            }
        };
        for (recipient, outcome) in recipients.iter().zip(outcomes) {
            tell(recipient, outcome);
        }
    }
}
