//! One row per try to send an event to a webhook, and per change of a webhook.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_log")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub ordinal: i64,
    pub webhook_id: Uuid,
    pub at: i64,
    /// `try`, or what was done to the webhook.
    pub kind: String,
    /// The reason of a change.
    pub reason: Option<String>,
    /// These columns are set for a try only.
    pub event_id: Option<Uuid>,
    pub event_kind: Option<String>,
    pub number: Option<i32>,
    pub status: Option<i32>,
    pub failure: Option<String>,
    pub duration_ms: Option<i64>,
    /// The time of the next try; null if there is none.
    pub next_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
