//! The hashes of a key's secrets; after a rotation the old secret stays for its grace period.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key_secret")]
pub struct Model {
    /// The SHA-256 of the secret, in hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: String,
    pub api_key_id: Uuid,
    pub expires_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
