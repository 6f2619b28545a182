//! The counters of an API key with limits: one row per key, for its current minute and its current day.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_usage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_key_id: Uuid,
    pub minute_ends_at: i64,
    pub minute_requests: i64,
    pub minute_recipients: i64,
    pub day_ends_at: i64,
    pub day_recipients: i64,
    /// False only in a row that is rolled back: `PostgreSQL` refuses it by a constraint, `SQLite`'s transaction reads it.
    pub within_limits: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
