//! Addresses that must not be mailed.

use std::sync::Arc;

use strum::{Display, EnumIter, EnumString, IntoStaticStr};
use uuid::Uuid;

use crate::{
    address::Address, error::Result, ledger::Scope, mailer::Mailer, message::List,
    outcome::StatusDetail, service::Service,
};

/// The maximum number of entries that one request adds.
pub const MOST_ENTRIES: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SuppressionReason {
    /// Mail to the address has bounced for good.
    Bounce,
    /// The recipient has marked a mail as spam.
    Complaint,
    /// Somebody has put the address on the list.
    Manual,
    /// The recipient has unsubscribed from a list.
    Unsubscribe,
}

impl SuppressionReason {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    pub fn status_detail(self) -> StatusDetail {
        match self {
            Self::Bounce => StatusDetail::SuppressedBounce,
            Self::Complaint => StatusDetail::SuppressedComplaint,
            Self::Manual => StatusDetail::SuppressedManual,
            Self::Unsubscribe => StatusDetail::SuppressedUnsubscribe,
        }
    }
}

/// The mail that an entry suppresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressionScope {
    Everything,
    /// The mail of one list of one key.
    List(List),
}

impl SuppressionScope {
    /// The form in which the ledger compares scopes. A mailing without a list has that of everything.
    pub fn of(list: Option<List>) -> Self {
        list.map_or(Self::Everything, Self::List)
    }

    pub fn key(&self) -> String {
        match self {
            Self::Everything => String::new(),
            Self::List(list) => format!("{}/{}", list.api_key_id, list.name),
        }
    }
}

/// An address to be suppressed.
#[derive(Clone, Debug)]
pub struct NewSuppression {
    pub mail: Address,
    pub reason: SuppressionReason,
    pub scope: SuppressionScope,
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    pub id: Uuid,
    /// `None` after the address was erased.
    pub mail: Option<String>,
    /// A text as in the ledger: another version may have written a reason that this version does not know.
    pub reason: String,
    pub api_key_id: Option<Uuid>,
    pub list: Option<String>,
    pub created_at: i64,
}

impl Service {
    /// Takes an entry off the list, and off that of SES. Returns whether there was such an entry in the scope.
    pub async fn unsuppress(self: &Arc<Self>, scope: Scope, id: Uuid) -> Result<bool> {
        let Some(removed) = self.ledger.unsuppress(scope, id).await? else {
            return Ok(false);
        };
        let everything = removed.api_key_id.is_none();
        if let (Mailer::Ses(ses), Some(mail), true) = (&*self.mailer, &removed.mail, everything) {
            ses.unsuppress(mail).await;
        }
        Ok(true)
    }
}
