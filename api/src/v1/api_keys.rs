//! API keys.

mod read;
mod types;

use std::sync::Arc;

use mail::{
    api_key::{ApiKey, ApiKeySecret, Origin},
    ledger::ChangedKey,
};
use poem::{Request, web::Data};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use self::{
    read::{NEEDS_SENDERS, NOT_IN_FUTURE, key_changes, new_key, origins},
    types::{
        ApiKeyChangeRequest, ApiKeyOut, ApiKeyRequest, OriginsRequest, RevokedApiKey,
        RotateRequest, SecretOut,
    },
};
use super::{
    statuses::{KeyChangeErrors, KeyErrors, KeyListErrors, ManagementErrors},
    tag::Tag,
    text::{self, Text},
    types::{DEFAULT_LIMIT, Items, Success},
};
use crate::{
    app::App,
    auth::Admin,
    json::Json,
    middleware::context::Trace,
    problem::{Failure, Problem},
    request::{OptionalJson, RawJson, parse},
};

/// 30 days.
const MAX_GRACE_SECONDS: i64 = 2_592_000;

#[derive(ApiResponse)]
enum CreateResponse {
    /// The API key is created
    #[oai(status = 201)]
    Created(Json<Success<SecretOut>>),
}

#[derive(Debug)]
pub struct ApiKeys;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Keys")]
impl ApiKeys {
    /// Create an API key
    ///
    /// The answer has the key's secret, which is not shown again. A browser key gets limits, unless others are given
    /// or an existing secret is imported.
    #[oai(path = "/api-key", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        request: &Request,
        body: RawJson<ApiKeyRequest>,
    ) -> Result<CreateResponse, Failure<ManagementErrors>> {
        let mut new = parse(body.bytes, |object| Some(new_key(object))).await?;
        if let Some(revoked) = new.lists_of {
            new.lists_of = app.service.ledger.lists_of_revoked(revoked).await?;
            if new.lists_of.is_none() {
                let fault = "must be the id of a revoked key";
                return Err(Problem::invalid("lists_of", fault).into());
            }
        }
        check_expiry(&app, new.expires_at).await?;
        let secret = new.secret.clone();
        let created = app.service.ledger.create_key(new).await?;
        let key = created.ok_or_else(|| Problem::invalid("api_key", "is in use already"))?;
        note(request, &key);
        let data = SecretOut::new(key, &secret);
        Ok(CreateResponse::Created(Json(Success::new(
            201,
            "API key created",
            data,
        ))))
    }

    /// List API keys
    ///
    /// Lists the keys that are not revoked, newest first. Secrets are never shown.
    #[oai(path = "/api-key", method = "get", operation_id = "listApiKeys")]
    async fn list(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<Success<Items<ApiKeyOut>>>, Failure<KeyListErrors>> {
        let page = app
            .service
            .ledger
            .keys(after.0, limit.0.unwrap_or(DEFAULT_LIMIT))
            .await?;
        Ok(Json(Success::new(
            200,
            "API keys",
            Items::of(page, |id| id.to_string()),
        )))
    }

    /// Change an API key
    ///
    /// Changes the fields that the request has; `null` removes the value of a field. The limits hold from the next
    /// request on, and what was used before counts.
    #[oai(
        path = "/api-key/:api_key",
        method = "patch",
        operation_id = "changeApiKey"
    )]
    async fn change(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The secret of the key, or its id.
        api_key: Path<String>,
        request: &Request,
        body: RawJson<ApiKeyChangeRequest>,
    ) -> Result<Json<Success<ApiKeyOut>>, Failure<KeyChangeErrors>> {
        let changes = parse(body.bytes, |object| Some(key_changes(object))).await?;
        check_expiry(&app, changes.expires_at.of(None)).await?;
        let id = find(&app, request, &api_key.0).await?.id;
        let outcome = app.service.ledger.change_key(id, changes).await?;
        let key = of_changed(outcome, "senders")?;
        Ok(Json(Success::new(200, "API key changed", key.into())))
    }

    /// Revoke an API key
    ///
    /// The key is refused from now on. Its queued recipients are still sent to unless `cancel_queued` is `true`. The
    /// request then cancels them for up to 5 seconds; if more remain, `cancelling` is `true`, and they are cancelled in
    /// the background.
    #[oai(
        path = "/api-key/:api_key",
        method = "delete",
        operation_id = "revokeApiKey"
    )]
    async fn revoke(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The secret of the key, or its id.
        api_key: Path<String>,
        request: &Request,
        /// If `true`, also cancels the queued recipients of the key's mailings.
        cancel_queued: Query<Option<bool>>,
    ) -> Result<Json<Success<RevokedApiKey>>, Failure<KeyErrors>> {
        let cancel_queued = cancel_queued.0.unwrap_or(false);
        let known = app.service.ledger.find_key(&api_key.0).await?;
        if let Some(key) = &known {
            note(request, key);
        }
        // Cancelling may be repeated after the key is revoked, should it have been interrupted.
        let id = known
            .filter(|key| cancel_queued || key.revoked_at.is_none())
            .ok_or_else(Problem::not_found)?
            .id;
        let revoked = app.service.revoke_key(id, cancel_queued).await?;
        let (key, cancelling) = revoked.ok_or_else(Problem::not_found)?;
        let revoked_at = key
            .revoked_at
            .ok_or_else(|| Problem::fault("a revoked key has no time of its revocation"))?;
        Ok(Json(Success::new(
            200,
            "API key revoked",
            RevokedApiKey::new(key, revoked_at, cancelling),
        )))
    }

    /// Rotate the secret of an API key
    ///
    /// Creates a new secret for the key; its id, origins and senders stay. The new secret is not shown again.
    #[oai(
        path = "/api-key/:api_key/rotate",
        method = "post",
        operation_id = "rotateApiKey"
    )]
    async fn rotate(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The secret of the key, or its id.
        api_key: Path<String>,
        request: &Request,
        body: OptionalJson<RotateRequest>,
    ) -> Result<Json<Success<SecretOut>>, Failure<KeyChangeErrors>> {
        let grace = parse(body.bytes, |object| {
            Some(
                object
                    .optional("grace_seconds", |node| node.integer(0..=MAX_GRACE_SECONDS))
                    .unwrap_or(0),
            )
        })
        .await?;
        let id = find(&app, request, &api_key.0).await?.id;
        let secret = ApiKeySecret::generate();
        let rotated = app.service.ledger.rotate_key(id, &secret, grace).await?;
        let key = rotated.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(
            200,
            "API key rotated",
            SecretOut::new(key, &secret),
        )))
    }

    /// Add origins to an API key
    ///
    /// A key that has an origin is a browser key from then on, and must have senders. With its first origin it gets
    /// the limits of browser keys, unless limits or none were given, its secret was imported, or it was made by a version
    /// without limits. An origin that the key has already is not an error.
    #[oai(
        path = "/api-key/:api_key/origins",
        method = "post",
        operation_id = "addOrigins"
    )]
    async fn add_origins(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The secret of the key, or its id.
        api_key: Path<String>,
        request: &Request,
        body: RawJson<OriginsRequest>,
    ) -> Result<Json<Success<ApiKeyOut>>, Failure<KeyChangeErrors>> {
        let added = parse(body.bytes, |object| object.required("origins", origins)).await?;
        let id = find(&app, request, &api_key.0).await?.id;
        let changed = app.service.ledger.add_origins(id, &added).await?;
        let key = of_changed(changed, "origins")?;
        Ok(Json(Success::new(200, "Origins added", key.into())))
    }

    /// Remove an origin from an API key
    ///
    /// A browser key without origins stays a browser key, and is refused everywhere.
    #[oai(
        path = "/api-key/:api_key/origins",
        method = "delete",
        operation_id = "removeOrigin"
    )]
    async fn remove_origin(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The secret of the key, or its id.
        api_key: Path<String>,
        request: &Request,
        /// The origin to remove.
        origin: Query<Text<text::Origin>>,
    ) -> Result<Json<Success<ApiKeyOut>>, Failure<KeyErrors>> {
        let origin = Origin::parse(origin.0.as_str())
            .map_err(|error| Problem::invalid("origin", error.to_string()))?;
        let id = find(&app, request, &api_key.0).await?.id;
        let key = app.service.ledger.remove_origin(id, &origin).await?;
        let key = key.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Origin removed", key.into())))
    }
}

async fn find(app: &App, request: &Request, id_or_secret: &str) -> Result<ApiKey, Problem> {
    let key = app.service.ledger.find_key(id_or_secret).await?;
    let key = key.filter(|key| key.revoked_at.is_none());
    let key = key.ok_or_else(Problem::not_found)?;
    note(request, &key);
    Ok(key)
}

/// Notes the key for the log line of the request, which tells every change of a key.
fn note(request: &Request, key: &ApiKey) {
    if let Some(trace) = Trace::of(request) {
        let _ = trace.key_id.set(key.id);
    }
}

/// Refuses a time that has passed, by the database's clock.
async fn check_expiry(app: &App, expires_at: Option<i64>) -> Result<(), Problem> {
    match expires_at {
        Some(end) if end <= app.service.ledger.clock().await? => {
            Err(Problem::invalid("expires_at", NOT_IN_FUTURE))
        }
        _ => Ok(()),
    }
}

/// Returns the changed key. `field` is the one that would leave a browser key without senders.
fn of_changed(changed: ChangedKey, field: &str) -> Result<ApiKey, Problem> {
    match changed {
        ChangedKey::Changed(key) => Ok(*key),
        ChangedKey::Missing => Err(Problem::not_found()),
        ChangedKey::NeedsSenders => Err(Problem::invalid(field, NEEDS_SENDERS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs;

    #[test]
    fn an_old_secret_lives_as_long_as_is_published() {
        let most = &docs::schema("RotateRequest")["properties"]["grace_seconds"]["maximum"];
        // The framework writes it with a decimal point.
        let most = most.to_string();
        assert_eq!(most.trim_end_matches(".0"), MAX_GRACE_SECONDS.to_string());
    }
}
