//! A message that the SMTP server has accepted.

use std::time::Instant;

use mail_parser::{Message, MessageParser};

use crate::mailbox::Captured;

#[derive(Clone, Debug)]
pub struct Accepted {
    /// The envelope's sender.
    pub sender: String,
    /// The envelope's recipients.
    pub recipients: Vec<String>,
    pub data: Vec<u8>,
    /// The user who logged in, if any.
    pub user: Option<String>,
    pub encrypted: bool,
    pub at: Instant,
}

impl Accepted {
    pub fn parsed(&self) -> Message<'_> {
        let message = MessageParser::default().parse(&self.data);
        message.expect("the message is MIME")
    }

    pub fn captured(&self) -> Captured {
        Captured(self.data.clone())
    }
}
