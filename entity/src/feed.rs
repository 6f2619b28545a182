//! One row: the part of the events that the feed shows.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Every event up to this ordinal is committed, or never will be: the feed shows them.
    pub shown: i64,
    /// The next ordinal up to which the feed is to show events.
    pub pending: i64,
    /// It does when every transaction before this one has ended (`PostgreSQL`).
    pub pending_until: i64,
    /// Events up to this ordinal were removed because of their age.
    pub removed: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
