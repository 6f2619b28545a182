//! API keys in the ledger: created, looked up by the hash of a secret, listed and revoked.

use entity::{api_key, api_key_secret, key_usage, origin};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, FromQueryResult,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict, SelectStatement},
};
use uuid::Uuid;

use super::{
    Ledger, Page,
    document::{from_json, legible, to_json},
    limits::{USE_NOTED_EVERY, usage},
    read::page_of,
};
use crate::{
    api_key::{AddressRule, ApiKey, ApiKeySecret, Origin},
    error::Result,
    limits::{Limits, Meter, Usage},
};

#[derive(Debug)]
pub struct NewKey {
    pub name: Option<String>,
    pub origins: Vec<Origin>,
    pub senders: Vec<AddressRule>,
    pub recipients: Vec<AddressRule>,
    pub limits: Limits,
    /// Set if the key gets the limits of browser keys with its first origin.
    pub takes_default_limits: bool,
    pub expires_at: Option<i64>,
    /// The key whose lists the key uses; `None` if it has lists of its own.
    pub lists_of: Option<Uuid>,
    pub secret: ApiKeySecret,
}

impl NewKey {
    /// A server key without any rules.
    pub fn new(secret: ApiKeySecret) -> Self {
        Self {
            name: None,
            origins: Vec::new(),
            senders: Vec::new(),
            recipients: Vec::new(),
            limits: Limits::NONE,
            takes_default_limits: false,
            expires_at: None,
            lists_of: None,
            secret,
        }
    }
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
            requests_per_minute: Set(new.limits.requests_per_minute),
            recipients_per_minute: Set(new.limits.recipients_per_minute),
            recipients_per_day: Set(new.limits.recipients_per_day),
            recipients_per_request: Set(new.limits.recipients_per_request),
            takes_default_limits: Set(new.takes_default_limits),
            recipients: Set(to_json(&new.recipients)?),
            last_used_at: Set(None),
            expires_at: Set(new.expires_at),
            lists_of: Set(new.lists_of),
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

    /// Returns the key that the lists of a revoked key belong to: itself, unless it has taken them over too. `None` if
    /// there is no such key, or if it is not revoked.
    pub async fn lists_of_revoked(&self, id: Uuid) -> Result<Option<Uuid>> {
        let key = self.key(id).await?;
        let revoked = key.filter(|key| key.revoked_at.is_some());
        Ok(revoked.map(|key| key.list_key_id()))
    }

    /// Returns the live key that a secret belongs to, and what is used of its limits.
    pub async fn key_of_secret(&self, secret: &str) -> Result<Option<(ApiKey, Meter)>> {
        let Some(found) = self.row_of_secret(secret).await? else {
            return Ok(None);
        };
        let Found {
            row,
            origins,
            now,
            usage,
        } = found;
        // A rule that cannot be read may be the one that forbids an address, so the key is refused.
        from_json::<Vec<AddressRule>>("senders", row.senders.clone())?;
        from_json::<Vec<AddressRule>>("recipients", row.recipients.clone())?;
        let key = assemble(row, origins);
        if key.revoked_at.is_some() || key.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let use_is_due = key
            .last_used_at
            .is_none_or(|used| used <= now - USE_NOTED_EVERY);
        let usage = usage.unwrap_or(Usage::none(now));
        let meter = Meter::new(key.id, key.limits, usage, use_is_due);
        Ok(Some((key, meter)))
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
        let found = self.row_of_secret(secret).await?;
        Ok(found.map(|found| assemble(found.row, found.origins)))
    }

    /// Selects a key with its origins and its counters.
    pub(super) fn of_secret(&self, secret: &str) -> SelectStatement {
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
        let counters = Expr::col((key_usage::Entity, key_usage::Column::ApiKeyId))
            .equals((api_key::Entity, api_key::Column::Id));
        let mut query = api_key::Entity::find()
            .column(origin::Column::Origin)
            .columns([
                key_usage::Column::MinuteEndsAt,
                key_usage::Column::MinuteRequests,
                key_usage::Column::MinuteRecipients,
                key_usage::Column::DayEndsAt,
                key_usage::Column::DayRecipients,
            ])
            .expr_as(self.now(), "now")
            .filter(api_key::Column::Id.in_subquery(opened))
            .order_by_asc(origin::Column::Origin)
            .into_query();
        query.left_join(origin::Entity, own);
        query.left_join(key_usage::Entity, counters);
        query
    }

    async fn row_of_secret(&self, secret: &str) -> Result<Option<Found>> {
        let query = self.of_secret(secret);
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
        Ok(Some(Found {
            origins: origins.collect(),
            row: key,
            now: first.try_get("", "now")?,
            usage: counted(first)?,
        }))
    }

    pub(super) async fn key(&self, id: Uuid) -> Result<Option<ApiKey>> {
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
}

/// A key as it was found by its secret.
struct Found {
    row: api_key::Model,
    origins: Vec<origin::Model>,
    /// The database's time.
    now: i64,
    /// None if the key has never been counted.
    usage: Option<Usage>,
}

fn counted(row: &QueryResult) -> Result<Option<Usage>, DbErr> {
    let has_row = row.try_get::<Option<i64>>("", "minute_ends_at")?.is_some();
    has_row
        .then(|| usage(row, row.try_get("", "now")?))
        .transpose()
}

/// Builds a key from the parts of its row that can be read, so that it can be revoked and does not break the list of
/// keys.
fn assemble(row: api_key::Model, origins: Vec<origin::Model>) -> ApiKey {
    let limits = limits_of(&row);
    let senders = row.senders.readable().unwrap_or_default();
    let recipients = row.recipients.readable().unwrap_or_default();
    ApiKey {
        id: row.id,
        name: row.name,
        browser: row.browser,
        origins: origins
            .into_iter()
            .filter_map(|row| legible(&row.origin.into()))
            .collect(),
        senders: legible(&senders),
        recipients: legible(&recipients),
        limits,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        lists_of: row.lists_of,
    }
}

pub(super) fn limits_of(row: &api_key::Model) -> Limits {
    Limits {
        requests_per_minute: row.requests_per_minute,
        recipients_per_minute: row.recipients_per_minute,
        recipients_per_day: row.recipients_per_day,
        recipients_per_request: row.recipients_per_request,
    }
}

/// Inserts a secret. Returns `false` if another key already has it.
pub(super) async fn insert_secret(
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

pub(super) async fn insert_origins(
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
