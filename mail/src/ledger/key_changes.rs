//! Changes of API keys by an administrator: their secrets, their origins, their rules and limits.

use entity::{api_key, api_key_secret, origin};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    Ledger,
    document::{legible, to_json},
    keys::{insert_origins, insert_secret, limits_of},
    transaction::Transaction,
};
use crate::{
    api_key::{AddressRule, ApiKey, ApiKeySecret, Origin},
    change::Change,
    error::Result,
    limits::{LimitChanges, Limits},
};

/// What an update changes of a key.
#[derive(Debug, Default)]
pub struct KeyChanges {
    pub name: Change<String>,
    pub senders: Change<Vec<AddressRule>>,
    pub recipients: Change<Vec<AddressRule>>,
    pub limits: Change<LimitChanges>,
    pub expires_at: Change<i64>,
}

/// The result of a change of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedKey {
    Changed(Box<ApiKey>),
    /// There is no such key, or it is revoked; nothing was changed.
    Missing,
    /// The key would be a browser key without senders; nothing was changed.
    NeedsSenders,
}

impl Ledger {
    /// Replaces the secret. Older secrets that are still valid remain valid for `grace_seconds`.
    pub async fn rotate_key(
        &self,
        id: Uuid,
        secret: &ApiKeySecret,
        grace_seconds: i64,
    ) -> Result<Option<ApiKey>> {
        let transaction = self.begin().await?;
        // Concurrent rotations wait for each other: each ends the secret of the previous one.
        api_key::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?;
        // Without the lock, two concurrent rotations would leave two valid secrets.
        let live = api_key::Entity::find_by_id(id)
            .filter(api_key::Column::RevokedAt.is_null())
            .lock_exclusive()
            .one(&transaction)
            .await?;
        if live.is_none() {
            return Ok(None);
        }
        let end = self.now().add(grace_seconds * 1000);
        api_key_secret::Entity::update_many()
            .col_expr(api_key_secret::Column::ExpiresAt, end.clone())
            .filter(api_key_secret::Column::ApiKeyId.eq(id))
            .filter(
                Condition::any()
                    .add(api_key_secret::Column::ExpiresAt.is_null())
                    .add(Expr::col(api_key_secret::Column::ExpiresAt).gt(end)),
            )
            .exec(&transaction)
            .await?;
        insert_secret(&transaction, id, secret).await?;
        transaction.commit().await?;
        self.key(id).await
    }

    /// Adds origins to a key, which makes it a browser key. Adding an origin twice is no error.
    pub async fn add_origins(&self, id: Uuid, origins: &[Origin]) -> Result<ChangedKey> {
        let transaction = self.begin().await?;
        let Some(row) = locked(&transaction, id).await? else {
            return Ok(ChangedKey::Missing);
        };
        if !origins.is_empty() {
            if senders(&row).is_empty() {
                return Ok(ChangedKey::NeedsSenders);
            }
            insert_origins(&transaction, id, origins).await?;
            let mut update = update_of(id);
            update.browser = Set(true);
            if row.takes_default_limits {
                set_limits(&mut update, Limits::OF_BROWSER_KEY);
            }
            api_key::Entity::update(update).exec(&transaction).await?;
        }
        transaction.commit().await?;
        self.origins.forget();
        self.changed(id).await
    }

    /// Removes an origin from a key. Returns `None` if the key does not have the origin.
    pub async fn remove_origin(&self, id: Uuid, origin: &Origin) -> Result<Option<ApiKey>> {
        let removed = origin::Entity::delete_by_id((id, origin.as_str().to_owned()))
            .exec(self.db().await?)
            .await?;
        if removed.rows_affected == 0 {
            return Ok(None);
        }
        self.origins.forget();
        self.key(id).await
    }

    /// Changes properties of a key that is not revoked.
    pub async fn change_key(&self, id: Uuid, changes: KeyChanges) -> Result<ChangedKey> {
        let transaction = self.begin().await?;
        let Some(row) = locked(&transaction, id).await? else {
            return Ok(ChangedKey::Missing);
        };
        // What is not changed is not written: it may be a rule that cannot be read.
        let mut update = update_of(id);
        let before = Some(senders(&row));
        let after = changes.senders.clone().of(before).unwrap_or_default();
        if row.browser && after.is_empty() {
            return Ok(ChangedKey::NeedsSenders);
        }
        if changes.senders != Change::Keep {
            update.senders = Set(to_json(&after)?);
        }
        if changes.recipients != Change::Keep {
            let after = changes.recipients.of(None).unwrap_or_default();
            update.recipients = Set(to_json(&after)?);
        }
        if changes.limits != Change::Keep {
            set_limits(&mut update, limits_of(&row).changed_by(changes.limits));
        }
        update.name = Set(changes.name.of(row.name));
        update.expires_at = Set(changes.expires_at.of(row.expires_at));
        api_key::Entity::update(update).exec(&transaction).await?;
        transaction.commit().await?;
        self.origins.forget();
        self.changed(id).await
    }

    async fn changed(&self, id: Uuid) -> Result<ChangedKey> {
        let key = self.key(id).await?;
        Ok(key.map_or(ChangedKey::Missing, |key| {
            ChangedKey::Changed(Box::new(key))
        }))
    }
}

/// Reads a key that is not revoked, and keeps others from changing it.
async fn locked(transaction: &Transaction, id: Uuid) -> Result<Option<api_key::Model>> {
    let key = api_key::Entity::find_by_id(id)
        .filter(api_key::Column::RevokedAt.is_null())
        .lock_exclusive();
    Ok(key.one(transaction).await?)
}

fn senders(row: &api_key::Model) -> Vec<AddressRule> {
    legible(&row.senders.clone().readable().unwrap_or_default())
}

fn update_of(id: Uuid) -> api_key::ActiveModel {
    api_key::ActiveModel {
        id: Unchanged(id),
        ..api_key::ActiveModel::default()
    }
}

/// Once a key has been given limits, or none, it does not get those of browser keys any more.
fn set_limits(update: &mut api_key::ActiveModel, limits: Limits) {
    update.requests_per_minute = Set(limits.requests_per_minute);
    update.recipients_per_minute = Set(limits.recipients_per_minute);
    update.recipients_per_day = Set(limits.recipients_per_day);
    update.recipients_per_request = Set(limits.recipients_per_request);
    update.takes_default_limits = Set(false);
}
