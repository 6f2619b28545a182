//! One row per accepted request: the data that all of its recipients share.

use sea_orm::entity::prelude::*;

use crate::document::Document;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mailing")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub api_key_id: Uuid,
    /// The caller's `email_id` as text, for filtering.
    pub email_id: Option<String>,
    /// The caller's `client_env_id` as text, for filtering; null for a mailing of a version that did not note it.
    pub client_env_id: Option<String>,
    /// Sender, subject, the caller's ids and further addresses.
    pub envelope: Document,
    /// Templates, headers and tags; null some time after the end of the mailing.
    pub body: Option<Document>,
    /// True once retention has removed names and addresses.
    pub anonymous: bool,
    pub created_at: i64,
    pub expires_at: i64,
    /// The time when the sweep found all recipients at an end.
    pub ended_at: Option<i64>,
    /// True once some of its recipients have been removed and others not yet; nobody sees it any more.
    pub removing: bool,
    /// The time that the caller has planned it for; null if it was to be sent at once.
    pub send_at: Option<i64>,
    /// The list that its mail belongs to, and the key whose list it is; null for mail of no list.
    pub list: Option<String>,
    pub list_key_id: Option<Uuid>,
    /// Whether the caller has chosen `expires_at`; null for a mailing of a version that did not note it.
    pub expiry_given: Option<bool>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
