//! One row per hour in which recipients reached an end: their numbers, counted some minutes after the hour.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hour")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub start: i64,
    pub sent: i64,
    pub failed: i64,
    pub unconfirmed: i64,
    pub cancelled: i64,
    /// The median of the milliseconds from accepted to sent. `p95` is the 95th percentile.
    pub p50: Option<i64>,
    pub p95: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
