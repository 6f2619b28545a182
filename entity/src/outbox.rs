//! One row per event that is still to be published to the result queue.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    pub mailing_id: Uuid,
    pub position: i32,
    /// What the event says, if it was added before there were rows of events.
    pub result: Option<Document>,
    pub added_at: i64,
    /// The earliest time of publication; null if the queue has refused the result for good.
    pub due_at: Option<i64>,
    /// The number of refusals by the queue.
    pub refusals: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
