//! One row per hour and API key: the mail that reached an end in the hour, and what was reported of it since. Mail to the
//! addresses of simulators is left out.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hour_of_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub start: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub api_key_id: Uuid,
    /// The recipients that were sent to, counted with the hour; 0 until then.
    pub sent: i64,
    /// The recipients that ended as unconfirmed first and proved to be sent in this hour. This and what follows is counted
    /// when it is reported.
    pub proved: i64,
    pub delivered: i64,
    /// For good only.
    pub bounced: i64,
    pub complained: i64,
    /// The mail system had the address on its own list.
    pub suppressed: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
