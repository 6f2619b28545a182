//! A message to a webhook, signed and ready to be posted, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

/// What is posted, and where. It contains no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedMessage {
    pub url: String,
    /// Header fields in addition to those of every request.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What came of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The HTTP status of the answer; `None` if there was none.
    pub status: Option<u16>,
    /// The reason for which there was no answer.
    pub failure: Option<Failure>,
    pub duration_ms: u64,
}

impl Outcome {
    /// Returns whether the message arrived. A redirect is not followed, and is no success.
    pub fn is_success(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// Returns whether the answer says that nothing more may be sent (RFC 9110, 15.5.11).
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// The reason for which a post has no answer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, IntoStaticStr, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Failure {
    /// The host's name leads to no address.
    NameNotFound,
    /// The host is at addresses only that no message may be sent to.
    AddressRefused,
    ConnectionFailed,
    /// The certificate is not trusted, or there was no agreement on how to encrypt.
    TlsFailed,
    /// The connection ended before the answer did, or the answer is no HTTP.
    NoAnswer,
    TimedOut,
}
