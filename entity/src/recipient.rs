//! One row per mail: whom it goes to and what has become of it.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub mailing_id: Uuid,
    /// Its place in the request, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// As the caller wrote it; null after retention or erasure.
    pub mail: Option<String>,
    /// Normalised, to find it when it is to be erased.
    pub mail_key: Option<String>,
    pub name: Option<String>,
    pub company: Option<String>,
    pub email_recipient_id: Option<Document>,
    pub variables: Option<Document>,
    /// Header fields of this mail alone.
    pub headers: Option<Document>,
    pub status: Status,
    /// Of the claim that may move this row; a late write of an older claim names another.
    pub claim_token: Option<Uuid>,
    pub lease_until: Option<i64>,
    /// Not to be sent before.
    pub due_at: i64,
    /// Not to be sent after.
    pub expires_at: i64,
    /// When the queue was last told of it.
    pub woken_at: Option<i64>,
    /// Calls to the transport that were begun, those that were throttled not counted.
    pub attempts: i32,
    pub message_id: Option<String>,
    pub status_detail: Option<String>,
    pub last_error: Option<String>,
    pub queued_at: Option<i64>,
    pub sent_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// Of this end; another end has another.
    pub event_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    #[sea_orm(string_value = "queued")]
    Queued,
    #[sea_orm(string_value = "sending")]
    Sending,
    #[sea_orm(string_value = "sent")]
    Sent,
    #[sea_orm(string_value = "failed")]
    Failed,
    #[sea_orm(string_value = "unconfirmed")]
    Unconfirmed,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

impl Status {
    /// Those of a recipient that is at no end yet.
    pub const OPEN: [Self; 2] = [Self::Queued, Self::Sending];

    pub fn is_open(self) -> bool {
        Self::OPEN.contains(&self)
    }

    /// Its name in the database, in the API and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
            Self::Cancelled => "cancelled",
        }
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
