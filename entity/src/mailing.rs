//! One row per accepted request: what is the same for all of its recipients.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mailing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub api_key_id: Uuid,
    /// The caller's `email_id` as text, to filter by.
    pub email_id: Option<String>,
    /// Sender, subject, the caller's ids and further addresses.
    pub envelope: Document,
    /// Templates, headers and tags; gone after the mailing has ended.
    pub body: Option<Document>,
    /// Names and addresses are gone too.
    pub anonymous: bool,
    pub created_at: i64,
    pub expires_at: i64,
    /// When its last recipient had reached an end, as the sweep saw it.
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
