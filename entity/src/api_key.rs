//! Who may send: one row per API key, whatever its current secret is.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: Option<String>,
    /// True once the key has had an origin; it never becomes a server key again.
    pub browser: bool,
    /// Addresses and `@domain`s it may send from; none means any.
    pub senders: Document,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    /// What the key has queued is still to be cancelled.
    pub cancels_queued: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
