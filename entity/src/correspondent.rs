//! Further addresses of a mailing (cc, bcc, reply-to), by which an erasure finds it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "correspondent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub mailing_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub mail_key: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
