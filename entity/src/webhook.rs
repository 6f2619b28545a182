//! One row per webhook.

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub url: String,
    /// The kinds of events that are sent, with a comma before and after each; null for all of them.
    pub statuses: Option<String>,
    /// Set if only events of this API key are sent.
    pub api_key_id: Option<Uuid>,
    /// Sealed with the secret of the deployment, as is `previous_secret`.
    pub secret: String,
    /// The secret before the last rotation, which signs as well until `previous_until`.
    pub previous_secret: Option<String>,
    pub previous_until: Option<i64>,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
    /// The reason for which it was disabled.
    pub disabled_reason: Option<String>,
    /// The first of the failures since the last success.
    pub failing_since: Option<i64>,
    /// The number of failures since the last success.
    pub failures: i32,
    /// Set during a replay: events after this ordinal are still to be sent again, up to `replay_until`, those that were
    /// added at `replay_since` or later.
    pub replay_after: Option<i64>,
    pub replay_until: Option<i64>,
    pub replay_since: Option<i64>,
}

impl std::fmt::Debug for Model {
    /// Without the secrets, sealed as they are, and the URL, which may contain one.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
