//! Which recipients a search is for, as conditions of the ledger.

use entity::{
    mailing,
    recipient::{Column, Status},
};
use sea_orm::{ColumnTrait, Condition};
use uuid::Uuid;

use crate::{
    address::Address,
    ledger::{Scope, is_in, read::of_scope},
};

/// The clock of a process that makes ids and that of the database may differ by so much.
const SKEW_MS: i64 = 24 * 3_600_000;
/// The states of an index of their own.
pub(super) const TROUBLE: [Status; 6] = [
    Status::Failed,
    Status::Unconfirmed,
    Status::Cancelled,
    Status::Suppressed,
    Status::Bounced,
    Status::Complained,
];

/// Which of the recipients.
#[derive(Clone, Copy, Debug, Default)]
pub struct RecipientFilter<'a> {
    pub mail: Option<&'a Address>,
    pub status: Option<Status>,
    pub message_id: Option<&'a str>,
    pub email_id: Option<&'a str>,
    pub client_env_id: Option<&'a str>,
    /// Of the mailing, from this time on.
    pub created_after: Option<i64>,
    /// Of the mailing, before this time.
    pub created_before: Option<i64>,
}

impl RecipientFilter<'_> {
    pub(super) fn names_recipients(&self, scope: Scope) -> bool {
        let is_rare = self
            .status
            .is_some_and(|status| TROUBLE.contains(&status) && scope == Scope::Everybody);
        let names_mailings = self.email_id.is_some() || self.client_env_id.is_some();
        self.mail.is_some() || self.message_id.is_some() || (is_rare && !names_mailings)
    }

    pub(super) fn of_recipient(&self) -> Condition {
        let mut condition = Condition::all();
        if let Some(mail) = self.mail {
            condition = condition.add(Column::MailKey.eq(mail.key()));
        }
        if let Some(message_id) = self.message_id {
            condition = condition.add(Column::MessageId.eq(message_id));
        }
        if let Some(status) = self.status {
            condition = condition.add(is_in([status]));
        }
        condition
    }

    pub(super) fn of_mailing(&self, scope: Scope) -> Condition {
        use mailing::Column;
        let mut condition = of_scope(scope);
        if self.status.is_some_and(Status::is_open) {
            // Others need not be looked into.
            condition = condition.add(Column::EndedAt.is_null());
        }
        if let Some(email_id) = self.email_id {
            condition = condition.add(Column::EmailId.eq(email_id));
        }
        if let Some(client_env_id) = self.client_env_id {
            condition = condition.add(Column::ClientEnvId.eq(client_env_id));
        }
        if let Some(after) = self.created_after {
            condition = condition.add(Column::CreatedAt.gte(after));
        }
        if let Some(before) = self.created_before {
            condition = condition.add(Column::CreatedAt.lt(before));
        }
        condition
    }

    /// Returns the condition of the ids that mailings of these times can have: ids are in the order of their times.
    pub(super) fn of_id(&self, id: impl ColumnTrait) -> Condition {
        let mut condition = Condition::all();
        if let Some(after) = self.created_after {
            condition = condition.add(id.gte(first_id_at(after.saturating_sub(SKEW_MS))));
        }
        if let Some(before) = self.created_before {
            condition = condition.add(id.lt(first_id_at(before.saturating_add(SKEW_MS))));
        }
        condition
    }
}

/// Returns the smallest id that can have been made at this time (RFC 9562, version 7).
fn first_id_at(time: i64) -> Uuid {
    let milliseconds = Ord::min(u64::try_from(time).unwrap_or(0), (1 << 48) - 1);
    Uuid::from_u128(u128::from(milliseconds) << 80)
}
