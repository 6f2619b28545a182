//! One row per event that is still to be sent to a webhook.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    /// A random id if it is a ping.
    #[sea_orm(primary_key, auto_increment = false)]
    pub event_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub webhook_id: Uuid,
    pub is_ping: bool,
    pub added_at: i64,
    /// The earliest time of the next try.
    pub due_at: i64,
    /// The number of tries that have failed.
    pub tries: i32,
    /// Names the try that is under way, so that a late outcome of an earlier one changes nothing.
    pub token: Option<Uuid>,
    /// Until then a try is under way, or its process has died.
    pub lease_until: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
