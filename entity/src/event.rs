//! One row per event of a recipient: each end that it reached, and everything that was learned of it later.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// The place in the order of all events; events of one recipient are in their own order.
    #[sea_orm(primary_key)]
    pub ordinal: i64,
    pub id: Uuid,
    pub mailing_id: Uuid,
    pub position: i32,
    /// The number of the event among those of its recipient, from 1.
    pub sequence: i32,
    pub api_key_id: Uuid,
    /// A status of a recipient, or the name of an event that changes none, such as `delayed`.
    pub kind: String,
    pub occurred_at: i64,
    /// The time at which the row was inserted.
    pub added_at: i64,
    pub attempts: i32,
    pub message_id: Option<String>,
    pub status_detail: Option<String>,
    pub last_error: Option<String>,
    pub queued_at: Option<i64>,
    pub sent_at: Option<i64>,
    /// What only some kinds have, such as the type of a bounce.
    pub detail: Option<Document>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
