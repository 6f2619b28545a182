//! Posting to webhooks: signed messages to addresses that strangers have chosen.
//!
//! The crate knows no database and no secret, so that it can run where neither is in reach: a message is signed before
//! it comes here. No message goes to an address inside the network, whatever its host's name means at that moment.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod address;
pub mod handover;
pub mod message;
pub mod poster;

pub use address::{EMULATOR, Reach};
pub use handover::{Attempt, Ending, Posting, Report, Unsent};
pub use message::{Failure, Outcome, SignedMessage};
pub use poster::Poster;
