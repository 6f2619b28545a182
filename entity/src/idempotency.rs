//! The requests under an `Idempotency-Key`, and their answers.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_key_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The SHA-256 of the request, in hexadecimal.
    pub fingerprint: String,
    pub mailing_id: Uuid,
    /// The answer; null while the first request is running, if it died, or after an erasure.
    pub answer: Option<Document>,
    pub lease_until: i64,
    pub expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
