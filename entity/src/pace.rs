//! One row: the next turns of the account's rate, and the transport's health. Turns and holds are in microseconds since
//! the Unix epoch, because many may fall into one millisecond.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pace")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The start of the next call of a mailing.
    pub next_turn: i64,
    /// The start of the next single mail.
    pub next_single_turn: i64,
    /// The time from which the next call of a mailing may go before single mails.
    pub next_owed_turn: i64,
    /// The last known rate of the transport, in recipients a second.
    pub rate: Option<f64>,
    /// The time when an instance last asked the transport for its rate.
    pub rate_asked_at: Option<i64>,
    /// The end of the current hold; until then the transport is not called.
    pub held_until: i64,
    /// The number of holds since the transport last worked; 0 while it works.
    pub holds: i32,
    /// The code of the reason for the hold.
    pub held_for: Option<String>,
    /// The end of the lease of the instance that probes the transport.
    pub probed_until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
