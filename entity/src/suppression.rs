//! One row per address that must not be mailed, scope and reason.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "suppression")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The keyed hash of the normalised address, which stays when the address is erased.
    pub mail_hash: Vec<u8>,
    /// Empty if no mail may be sent to the address, else the key and its list, in the form `KEY/LIST`.
    pub scope: String,
    /// `bounce`, `complaint`, `manual` or `unsubscribe`.
    pub reason: String,
    pub api_key_id: Option<Uuid>,
    pub list: Option<String>,
    /// The address as it was given; null after an erasure.
    pub mail: Option<String>,
    /// The normalised address; null after an erasure.
    pub mail_key: Option<String>,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
