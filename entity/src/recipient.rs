//! One row per mail: its recipient and its status.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub mailing_id: Uuid,
    /// The recipient's place in the request, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The address as the caller wrote it; null after retention or erasure.
    pub mail: Option<String>,
    /// The normalised address, by which an erasure finds it.
    pub mail_key: Option<String>,
    /// The keyed hash of the normalised address, by which it is looked up among suppressed ones; null if the row was
    /// written before there were any.
    pub mail_hash: Option<Vec<u8>>,
    pub name: Option<String>,
    pub company: Option<String>,
    pub email_recipient_id: Option<Document>,
    pub variables: Option<Document>,
    /// Header fields of this mail only.
    pub headers: Option<Document>,
    pub status: Status,
    /// The token of the claim that may move this row; a late write of an older claim has another token.
    pub claim_token: Option<Uuid>,
    pub lease_until: Option<i64>,
    /// The earliest time of the next attempt.
    pub due_at: i64,
    /// The time after which the mail is not sent any more.
    pub expires_at: i64,
    /// The time of the last wake-up.
    pub woken_at: Option<i64>,
    /// The number of attempts: calls to the transport that were begun, except those with a fault that is not the mail's
    /// own, such as throttled ones.
    pub attempts: i32,
    pub message_id: Option<String>,
    pub status_detail: Option<String>,
    pub last_error: Option<String>,
    pub queued_at: Option<i64>,
    pub sent_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// The time at which a recipient that had ended `unconfirmed` proved to be sent.
    pub proved_at: Option<i64>,
    /// The id of the event that moved the recipient last; null if the recipient is not at an end.
    pub event_id: Option<Uuid>,
    /// The number of events of the recipient. An end that was recorded before there were events has no row, and the
    /// number is then still 0.
    pub events: i32,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, strum::IntoStaticStr,
)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    Queued,
    Sending,
    Sent,
    Failed,
    Unconfirmed,
    Cancelled,
    Suppressed,
    Delivered,
    Bounced,
    Complained,
}

impl Status {
    /// The states of a recipient that has not reached an end.
    pub const OPEN: [Self; 2] = [Self::Queued, Self::Sending];

    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// Returns the name of the status in the database, the API and logs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Model {
    /// Returns the number of events, including an end that was recorded before there were events.
    pub fn all_events(&self) -> i32 {
        if self.events == 0 && self.event_id.is_some() {
            1
        } else {
            self.events
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
