//! The arguments of a transport, for tests: a mailing and recipients as the ledger hands them over.

use uuid::Uuid;

use crate::{
    mailing::{ClaimedRecipient, Mailing},
    message::{Body, Envelope, Recipient},
};

pub fn mailing(envelope: Envelope, body: Body) -> Mailing {
    Mailing::new(Uuid::nil(), Uuid::nil(), envelope, body, vec![])
}

/// Returns a recipient that no call was begun for.
pub fn claimed(position: i32, recipient: Recipient) -> ClaimedRecipient {
    ClaimedRecipient {
        position,
        attempt: Uuid::nil(),
        attempts: 0,
        recipient,
    }
}
