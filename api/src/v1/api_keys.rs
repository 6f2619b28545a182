//! API keys.

mod types;

use std::sync::Arc;

use mail::{
    api_key::{ApiKey, ApiKeySecret, Origin, SenderRule},
    ledger::NewKey,
};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use self::types::{
    ApiKeyOut, ApiKeyRequest, KeyName, OriginsRequest, RevokedApiKey, RotateRequest, SecretOut,
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
    problem::{Failure, Problem},
    request::{Node, ObjectNode, OptionalJson, RawJson, parse},
};

const MAX_ORIGINS: usize = 100;
const MAX_SENDERS: usize = 100;
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
    /// The answer has the key's secret, which is not shown again.
    #[oai(path = "/api-key", method = "post", operation_id = "createApiKey")]
    async fn create(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        body: RawJson<ApiKeyRequest>,
    ) -> Result<CreateResponse, Failure<ManagementErrors>> {
        let new = parse(body.bytes, |object| Some(new_key(object))).await?;
        let secret = new.secret.clone();
        let created = app.service.ledger.create_key(new).await?;
        let key = created.ok_or_else(|| Problem::invalid("api_key", "is in use already"))?;
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
        /// If `true`, also cancels the queued recipients of the key's mailings.
        cancel_queued: Query<Option<bool>>,
    ) -> Result<Json<Success<RevokedApiKey>>, Failure<KeyErrors>> {
        let cancel_queued = cancel_queued.0.unwrap_or(false);
        let known = app.service.ledger.find_key(&api_key.0).await?;
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
        let id = find(&app, &api_key.0).await?.id;
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
    /// A key that has an origin is a browser key from then on, and must have senders. An origin that the key has
    /// already is not an error.
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
        body: RawJson<OriginsRequest>,
    ) -> Result<Json<Success<ApiKeyOut>>, Failure<KeyChangeErrors>> {
        let added = parse(body.bytes, |object| object.required("origins", origins)).await?;
        let key = find(&app, &api_key.0).await?;
        if key.senders.is_empty() && !added.is_empty() {
            return Err(Problem::invalid("origins", NEEDS_SENDERS).into());
        }
        let changed = app.service.ledger.add_origins(key.id, &added).await?;
        let key = changed.ok_or_else(Problem::not_found)?;
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
        /// The origin to remove.
        origin: Query<Text<text::Origin>>,
    ) -> Result<Json<Success<ApiKeyOut>>, Failure<KeyErrors>> {
        let origin = Origin::parse(origin.0.as_str())
            .map_err(|error| Problem::invalid("origin", error.to_string()))?;
        let id = find(&app, &api_key.0).await?.id;
        let key = app.service.ledger.remove_origin(id, &origin).await?;
        let key = key.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Origin removed", key.into())))
    }
}

const NEEDS_SENDERS: &str = "need senders: every visitor of the page can read the key";

async fn find(app: &App, id_or_secret: &str) -> Result<ApiKey, Problem> {
    let key = app.service.ledger.find_key(id_or_secret).await?;
    key.filter(|key| key.revoked_at.is_none())
        .ok_or_else(Problem::not_found)
}

fn new_key(object: &mut ObjectNode<'_>) -> NewKey {
    let name = object.optional("name", KeyName::read);
    let origins = object.optional("origins", origins).unwrap_or_default();
    let senders = object
        .optional("senders", |node| {
            node.list(0..=MAX_SENDERS, |node| {
                node.parsed(300, |text| {
                    SenderRule::parse(text).ok_or("must be an address or @domain")
                })
            })
        })
        .unwrap_or_default();
    let secret = object.optional("api_key", |node| {
        node.parsed(1000, |text| {
            ApiKeySecret::import(text)
                .ok_or("must have 20 to 255 printable ASCII characters and no spaces")
        })
    });
    if !origins.is_empty() && senders.is_empty() {
        object.fault("senders", NEEDS_SENDERS);
    }
    NewKey {
        name,
        origins,
        senders,
        secret: secret.unwrap_or_else(ApiKeySecret::generate),
    }
}

fn origins(node: Node<'_>) -> Option<Vec<Origin>> {
    node.list(0..=MAX_ORIGINS, |node| node.parsed(300, Origin::parse))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::docs;

    fn published(schema: &str, field: &str, limit: &str) -> usize {
        let limit = &docs::schema(schema)["properties"][field][limit];
        usize::try_from(limit.as_u64().expect("a limit")).unwrap()
    }

    async fn is_taken(field: &str, value: Value) -> bool {
        let mut body = json!({"senders": ["@example.com"]});
        body[field] = value;
        let parsed = parse(body.to_string().into_bytes(), |object| {
            Some(new_key(object))
        });
        parsed.await.is_ok()
    }

    #[tokio::test]
    async fn a_new_key_has_the_published_limits() {
        let text = |length: usize| json!("x".repeat(length));
        let origins = |count: usize| json!(vec!["https://app.example.com"; count]);
        let senders = |count: usize| json!(vec!["@example.com"; count]);
        for (field, limit, value) in [
            ("name", "maxLength", &text as &dyn Fn(usize) -> Value),
            ("api_key", "maxLength", &text),
            ("origins", "maxItems", &origins),
            ("senders", "maxItems", &senders),
        ] {
            let most = published("ApiKeyRequest", field, limit);
            assert!(is_taken(field, value(most)).await, "{field}: {most}");
            assert!(!is_taken(field, value(most + 1)).await, "{field}: {most}");
        }
        let least = published("ApiKeyRequest", "api_key", "minLength");
        assert!(is_taken("api_key", text(least)).await);
        assert!(!is_taken("api_key", text(least - 1)).await);
        assert_eq!(
            published("OriginsRequest", "origins", "maxItems"),
            MAX_ORIGINS
        );
    }

    #[test]
    fn an_old_secret_lives_as_long_as_is_published() {
        let most = &docs::schema("RotateRequest")["properties"]["grace_seconds"]["maximum"];
        // The framework writes it with a decimal point.
        let most = most.to_string();
        assert_eq!(most.trim_end_matches(".0"), MAX_GRACE_SECONDS.to_string());
    }
}
