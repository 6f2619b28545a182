//! One row per end that the result queue is still to be told of, as it was when the recipient reached it.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    pub mailing_id: Uuid,
    pub position: i32,
    /// What the result says of it.
    pub result: Document,
    pub added_at: i64,
    /// Not to be published before; null where the queue refuses it for good.
    pub due_at: Option<i64>,
    /// How often the queue has refused it.
    pub refusals: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
