//! One row per end that the result queue is still to be told of, as it was when the recipient reached it.

use sea_orm::entity::prelude::*;

use crate::recipient::Status;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    pub mailing_id: Uuid,
    pub position: i32,
    pub status: Status,
    pub occurred_at: i64,
    /// Calls to the transport that were begun until then.
    pub attempts: i32,
    pub message_id: Option<String>,
    pub status_detail: Option<String>,
    pub last_error: Option<String>,
    pub queued_at: Option<i64>,
    pub sent_at: Option<i64>,
    /// Not to be published before; null where the queue refuses it for good.
    pub due_at: Option<i64>,
    /// How often the queue has refused it.
    pub refusals: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
