//! Events of the mail system: what it reports of a mail after it has accepted it.

mod advance;
mod parse;
#[cfg(test)]
mod tests;

use uuid::Uuid;

use crate::{
    event::{Bounce, BounceType},
    suppression::SuppressionReason,
};

pub use advance::{Step, advance};
pub use parse::{Parsed, Unreadable, parse};

/// One report of the mail system about one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailEvent {
    pub mailing_id: Uuid,
    pub position: i32,
    /// The attempt that the report is about; `None` if the mail was sent by a version that did not name it.
    pub attempt: Option<Uuid>,
    /// The mail system's id of the mail.
    pub message_id: String,
    /// The time at which the mail system accepted the mail.
    pub accepted_at: i64,
    pub occurred_at: i64,
    /// The normalised addresses that the report is about.
    pub addresses: Vec<String>,
    /// The number of addresses that the mail was sent to.
    pub destinations: usize,
    pub report: Report,
    /// The same for each copy of the report.
    pub id: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Accepted,
    Delivered,
    Delayed,
    Bounced(Bounce),
    Complained,
    /// The mail system has dropped the mail, because the address is on its own list.
    Suppressed,
    /// The mail system has found something in the mail, such as a virus, and does not send it.
    Rejected(String),
    NotRendered(String),
}

impl Report {
    /// Returns the reason for which the addresses of the report must not be mailed any more.
    pub fn suppresses(&self) -> Option<SuppressionReason> {
        match self {
            Self::Bounced(bounce) if bounce.kind == BounceType::Permanent => {
                Some(SuppressionReason::Bounce)
            }
            Self::Complained => Some(SuppressionReason::Complaint),
            Self::Accepted
            | Self::Delivered
            | Self::Delayed
            | Self::Bounced(_)
            | Self::Suppressed
            | Self::Rejected(_)
            | Self::NotRendered(_) => None,
        }
    }

    /// Returns whether the report proves that the mail system had accepted the mail.
    pub fn proves_acceptance(&self) -> bool {
        match self {
            Self::Accepted
            | Self::Delivered
            | Self::Delayed
            | Self::Bounced(_)
            | Self::Complained
            | Self::Suppressed => true,
            Self::Rejected(_) | Self::NotRendered(_) => false,
        }
    }
}

impl MailEvent {
    /// Returns whether the report is about the recipient, and not only about recipients of copies. Without the address,
    /// which may have been erased, only a mail without copies tells.
    pub fn is_about(&self, mail_key: Option<&str>) -> bool {
        match mail_key {
            _ if self.addresses.is_empty() || self.destinations == 1 => true,
            Some(key) => self.addresses.iter().any(|address| address == key),
            None => false,
        }
    }

    /// Returns the id of the event that the recipient was sent to, which a report may prove.
    pub fn id_of_acceptance(&self) -> Uuid {
        let name = format!("{}/{}/accepted", self.mailing_id, self.position);
        Uuid::new_v5(
            &Uuid::NAMESPACE_OID,
            format!("{name}/{}", self.message_id).as_bytes(),
        )
    }
}
