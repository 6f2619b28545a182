//! API keys: one row per key, regardless of its current secrets.

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
    /// The addresses and `@domain`s that the key may send from; an empty list allows any.
    pub senders: Document,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
    /// True while mail that the key has queued is still to be cancelled.
    pub cancels_queued: bool,
    /// The limits; null limits nothing.
    pub requests_per_minute: Option<i32>,
    pub recipients_per_minute: Option<i32>,
    pub recipients_per_day: Option<i32>,
    pub recipients_per_request: Option<i32>,
    /// True if the key gets the limits of browser keys when it becomes one.
    pub takes_default_limits: bool,
    /// The addresses and `@domain`s that the key may write to; an empty list allows any.
    pub recipients: Document,
    pub last_used_at: Option<i64>,
    pub expires_at: Option<i64>,
    /// The key whose lists the key uses; null if it has lists of its own.
    pub lists_of: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
