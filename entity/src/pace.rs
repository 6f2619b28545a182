//! One row: when the account may send again, and whether the transport serves. Its turns and holds are microseconds
//! since the Unix epoch, for many may fall into one millisecond.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// When the next call of a mailing may start.
    pub next_turn: i64,
    /// When the next single mail may.
    pub next_single_turn: i64,
    /// When the next call of a mailing may go before single mails.
    pub next_owed_turn: i64,
    /// Recipients a second, as the transport last said.
    pub rate: Option<f64>,
    /// When somebody last went to ask for it.
    pub rate_asked_at: Option<i64>,
    /// Nobody calls the transport before.
    pub held_until: i64,
    /// Pauses since the transport last served; 0 while it serves.
    pub holds: i32,
    /// The code of why it does not serve.
    pub held_for: Option<String>,
    /// Until then somebody probes whether it serves again.
    pub probed_until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
