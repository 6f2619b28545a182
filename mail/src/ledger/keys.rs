//! API keys in the ledger: looked up by the hash of a secret, changed by an administrator.

use entity::{api_key, api_key_secret, origin};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Ledger, Page,
    document::{from_json, legible, to_json},
    read::page_of,
};
use crate::{
    api_key::{ApiKey, ApiKeySecret, Origin, SenderRule},
    error::Result,
};

#[derive(Debug)]
pub struct NewKey {
    pub name: Option<String>,
    pub origins: Vec<Origin>,
    pub senders: Vec<SenderRule>,
    pub secret: ApiKeySecret,
}

impl Ledger {
    /// Creates a key. Returns `None` if another key already has this secret.
    pub async fn create_key(&self, new: NewKey) -> Result<Option<ApiKey>> {
        let id = Uuid::now_v7();
        let transaction = self.begin().await?;
        let created_at = self.read_clock(&transaction).await?;
        api_key::Entity::insert(api_key::ActiveModel {
            id: Set(id),
            name: Set(new.name.clone()),
            browser: Set(!new.origins.is_empty()),
            senders: Set(to_json(&new.senders)?),
            created_at: Set(created_at),
            revoked_at: Set(None),
            cancels_queued: Set(false),
        })
        .exec_without_returning(&transaction)
        .await?;
        if !insert_secret(&transaction, id, &new.secret).await? {
            transaction.rollback().await?;
            return Ok(None);
        }
        insert_origins(&transaction, id, &new.origins).await?;
        transaction.commit().await?;
        self.origins.forget();
        self.key(id).await
    }

    /// Returns the live key that a secret belongs to.
    pub async fn key_of_secret(&self, secret: &str) -> Result<Option<ApiKey>> {
        let Some((row, origins)) = self.row_of_secret(secret).await? else {
            return Ok(None);
        };
        // A rule that cannot be read may be the one that forbids a sender, so the key is refused.
        from_json::<Vec<SenderRule>>("senders", row.senders.clone())?;
        let key = assemble(row, origins);
        Ok(key.revoked_at.is_none().then_some(key))
    }

    /// Returns a key by its id or by one of its secrets, even if it is revoked.
    pub async fn find_key(&self, id_or_secret: &str) -> Result<Option<ApiKey>> {
        if let Ok(id) = Uuid::parse_str(id_or_secret)
            && let Some(key) = self.key(id).await?
        {
            return Ok(Some(key));
        }
        // An imported secret may look like an id.
        self.any_key_of_secret(id_or_secret).await
    }

    async fn any_key_of_secret(&self, secret: &str) -> Result<Option<ApiKey>> {
        let row = self.row_of_secret(secret).await?;
        Ok(row.map(|(key, origins)| assemble(key, origins)))
    }

    /// Reads a key and its origins in one statement.
    async fn row_of_secret(
        &self,
        secret: &str,
    ) -> Result<Option<(api_key::Model, Vec<origin::Model>)>> {
        let opened = api_key_secret::Entity::find()
            .select_only()
            .column(api_key_secret::Column::ApiKeyId)
            .filter(api_key_secret::Column::Hash.eq(crate::api_key::hash(secret)))
            .filter(
                Condition::any()
                    .add(api_key_secret::Column::ExpiresAt.is_null())
                    .add(Expr::col(api_key_secret::Column::ExpiresAt).gt(self.now())),
            )
            .into_query();
        let own = Expr::col((origin::Entity, origin::Column::ApiKeyId))
            .equals((api_key::Entity, api_key::Column::Id));
        let mut query = api_key::Entity::find()
            .column(origin::Column::Origin)
            .filter(api_key::Column::Id.in_subquery(opened))
            .order_by_asc(origin::Column::Origin)
            .into_query();
        query.left_join(origin::Entity, own);
        let rows = self.db().await?.query_all(&query).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let key = api_key::Model::from_query_result(first, "")?;
        let origins = rows.iter().map(|row| row.try_get("", "origin"));
        let origins: Vec<Option<String>> = origins.collect::<Result<_, _>>()?;
        let origins = origins.into_iter().flatten().map(|origin| origin::Model {
            api_key_id: key.id,
            origin,
        });
        let origins = origins.collect();
        Ok(Some((key, origins)))
    }

    async fn key(&self, id: Uuid) -> Result<Option<ApiKey>> {
        let row = api_key::Entity::find_by_id(id)
            .one(self.db().await?)
            .await?;
        self.with_origins(row).await
    }

    /// Returns live keys, newest first.
    pub async fn keys(&self, after: Option<Uuid>, limit: u64) -> Result<Page<ApiKey, Uuid>> {
        let mut query = api_key::Entity::find()
            .filter(api_key::Column::RevokedAt.is_null())
            .order_by_desc(api_key::Column::Id)
            .limit(limit + 1);
        if let Some(after) = after {
            query = query.filter(api_key::Column::Id.lt(after));
        }
        let db = self.db().await?;
        let rows = query.all(db).await?;
        let origins = origin::Entity::find()
            .filter(origin::Column::ApiKeyId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(origin::Column::Origin)
            .all(db)
            .await?;
        let keys = rows
            .into_iter()
            .map(|row| {
                let own = origins
                    .iter()
                    .filter(|origin| origin.api_key_id == row.id)
                    .cloned()
                    .collect();
                assemble(row, own)
            })
            .collect();
        Ok(page_of(keys, limit, |key| key.id))
    }

    async fn with_origins(&self, row: Option<api_key::Model>) -> Result<Option<ApiKey>> {
        let Some(row) = row else { return Ok(None) };
        let origins = if row.browser {
            origin::Entity::find()
                .filter(origin::Column::ApiKeyId.eq(row.id))
                .order_by_asc(origin::Column::Origin)
                .all(self.db().await?)
                .await?
        } else {
            Vec::new()
        };
        Ok(Some(assemble(row, origins)))
    }

    /// Revokes a key with immediate effect, and returns the updated key. `cancel_queued` can also be requested for a
    /// key that is already revoked.
    pub async fn revoke_key(&self, id: Uuid, cancel_queued: bool) -> Result<Option<ApiKey>> {
        if cancel_queued {
            api_key::Entity::update_many()
                .col_expr(api_key::Column::CancelsQueued, Expr::value(true))
                .filter(api_key::Column::Id.eq(id))
                .exec(self.db().await?)
                .await?;
        }
        api_key::Entity::update_many()
            .col_expr(api_key::Column::RevokedAt, self.now())
            .filter(api_key::Column::Id.eq(id))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(self.db().await?)
            .await?;
        self.origins.forget();
        self.key(id).await
    }

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
    pub async fn add_origins(&self, id: Uuid, origins: &[Origin]) -> Result<Option<ApiKey>> {
        let transaction = self.begin().await?;
        insert_origins(&transaction, id, origins).await?;
        if !origins.is_empty() {
            api_key::Entity::update_many()
                .col_expr(api_key::Column::Browser, Expr::value(true))
                .filter(api_key::Column::Id.eq(id))
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await?;
        self.origins.forget();
        self.key(id).await
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
}

/// Builds a key from the parts of its row that can be read, so that it can be revoked and does not break the list of
/// keys.
fn assemble(row: api_key::Model, origins: Vec<origin::Model>) -> ApiKey {
    let senders = row.senders.readable().unwrap_or_default();
    ApiKey {
        id: row.id,
        name: row.name,
        browser: row.browser,
        origins: origins
            .into_iter()
            .filter_map(|row| legible(&row.origin.into()))
            .collect(),
        senders: legible(&senders),
        created_at: row.created_at,
        revoked_at: row.revoked_at,
    }
}

/// Inserts a secret. Returns `false` if another key already has it.
async fn insert_secret(
    db: &impl ConnectionTrait,
    api_key_id: Uuid,
    secret: &ApiKeySecret,
) -> Result<bool> {
    let inserted = api_key_secret::Entity::insert(api_key_secret::ActiveModel {
        hash: Set(secret.hash()),
        api_key_id: Set(api_key_id),
        expires_at: Set(None),
    })
    .on_conflict(
        OnConflict::column(api_key_secret::Column::Hash)
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(db)
    .await?;
    Ok(inserted == 1)
}

async fn insert_origins(
    db: &impl ConnectionTrait,
    api_key_id: Uuid,
    origins: &[Origin],
) -> Result<()> {
    for origin in origins {
        origin::Entity::insert(origin::ActiveModel {
            api_key_id: Set(api_key_id),
            origin: Set(origin.as_str().to_owned()),
        })
        .on_conflict(
            OnConflict::columns([origin::Column::ApiKeyId, origin::Column::Origin])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    }
    Ok(())
}
