//! Webhooks.

mod parse;
mod types;

use std::sync::Arc;

use mail::ledger::{Created, Replay};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use self::{
    parse::{What, change, new_webhook, to_replay},
    types::{ChangeRequest, EntryOut, Ping, ReplayRequest, WebhookOut, WebhookRequest, WithSecret},
};
use super::{
    statuses::{KeyListErrors, ManagementErrors, WebhookChangeErrors, WebhookErrors},
    tag::Tag,
    text::{HistoryCursor, Text},
    types::{DEFAULT_LIMIT, Items, Success},
};
use crate::{
    app::App,
    auth::Admin,
    json::Json,
    problem::{ErrorType, Failure, Problem},
    request::{RawJson, parse},
};

/// The prefix of a cursor, so that no plain number passes for one by chance.
const CURSOR: &str = "entry-";

#[derive(ApiResponse)]
enum CreateResponse {
    /// The webhook is created
    #[oai(status = 201)]
    Created(Json<Success<WithSecret>>),
}

#[derive(ApiResponse)]
enum TestResponse {
    /// The ping is being sent
    #[oai(status = 202)]
    Begun(Json<Success<Ping>>),
}

#[derive(ApiResponse)]
enum ReplayResponse {
    /// The events are being sent again
    #[oai(status = 202)]
    Begun(Json<Success<WebhookOut>>),
}

#[derive(Debug)]
pub struct Webhooks;

#[OpenApi(prefix_path = "/v1", tag = "Tag::Webhooks")]
impl Webhooks {
    /// Create a webhook
    ///
    /// From now on, each event is sent to the URL as a POST of `{"type": "mail.delivered", "timestamp", "data"}`, where
    /// `data` is the event as in `GET /v1/events`. It is signed after
    /// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks): the header fields are `webhook-id`
    /// (the event's id, the same at each try), `webhook-timestamp` and `webhook-signature`. An answer of 2xx within 15
    /// seconds is a success; redirects are not followed. An event is tried at once and then, until it arrives, 5
    /// seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours after the try before. It arrives at least once; the order
    /// is not promised, `data.sequence` tells that of a recipient's events. An answer of 410, or five days of failures
    /// only, disable the webhook.
    ///
    /// The answer has the secret, which is not shown again. There may be at most 100 webhooks. A deployment on AWS whose
    /// operator has switched webhooks off refuses them.
    #[oai(path = "/webhooks", method = "post", operation_id = "createWebhook")]
    async fn create(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        body: RawJson<WebhookRequest>,
    ) -> Result<CreateResponse, Failure<ManagementErrors>> {
        check_that_any_are_sent(&app)?;
        let reach = app.service.webhooks.reach();
        let new = parse(body.bytes, move |object| new_webhook(object, reach)).await?;
        let created = app
            .service
            .create_webhook(new.url, new.statuses, new.api_key_id)
            .await?;
        let (webhook, secret) = match created {
            (Created::Webhook(webhook), secret) => (webhook, secret),
            (Created::TooMany, _) => {
                return Err(
                    Problem::invalid("url", "is one too many: there are 100 webhooks").into(),
                );
            }
            (Created::NoKey, _) => {
                return Err(Problem::invalid("api_key_id", "is the id of no API key").into());
            }
        };
        let data = WithSecret::new(webhook, &secret);
        Ok(CreateResponse::Created(Json(Success::new(
            201,
            "Webhook created",
            data,
        ))))
    }

    /// List webhooks
    ///
    /// Lists the webhooks, newest first. Secrets are never shown.
    #[oai(path = "/webhooks", method = "get", operation_id = "listWebhooks")]
    async fn list(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<Success<Items<WebhookOut>>>, Failure<KeyListErrors>> {
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let page = app.service.ledger.webhooks(after.0, limit).await?;
        Ok(Json(Success::new(
            200,
            "Webhooks",
            Items::of(page, |id| id.to_string()),
        )))
    }

    /// Look at a webhook
    #[oai(path = "/webhooks/:id", method = "get", operation_id = "getWebhook")]
    async fn get(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
    ) -> Result<Json<Success<WebhookOut>>, Failure<WebhookErrors>> {
        let webhook = app.service.ledger.webhook(id.0).await?;
        let webhook = webhook.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Webhook", webhook.into())))
    }

    /// Change a webhook
    ///
    /// A field that is absent stays as it is. Nothing is sent to a webhook that is disabled, neither events of that time
    /// nor those that were still to be sent: after it is enabled again, a replay sends them.
    #[oai(
        path = "/webhooks/:id",
        method = "patch",
        operation_id = "changeWebhook"
    )]
    async fn change(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
        body: RawJson<ChangeRequest>,
    ) -> Result<Json<Success<WebhookOut>>, Failure<WebhookChangeErrors>> {
        let reach = app.service.webhooks.reach();
        let change = parse(body.bytes, move |object| Some(change(object, reach))).await?;
        let webhook = app.service.ledger.change_webhook(id.0, change).await?;
        let webhook = webhook.ok_or_else(Problem::not_found)?;
        Ok(Json(Success::new(200, "Webhook changed", webhook.into())))
    }

    /// Delete a webhook
    ///
    /// Nothing more is sent to it, apart from what is being sent at this moment. Its history is removed. The answer is
    /// the webhook as it was.
    #[oai(
        path = "/webhooks/:id",
        method = "delete",
        operation_id = "deleteWebhook"
    )]
    async fn delete(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
    ) -> Result<Json<Success<WebhookOut>>, Failure<WebhookErrors>> {
        let webhook = app.service.ledger.webhook(id.0).await?;
        let webhook = webhook.ok_or_else(Problem::not_found)?;
        if !app.service.ledger.delete_webhook(id.0).await? {
            return Err(Problem::not_found().into());
        }
        Ok(Json(Success::new(200, "Webhook deleted", webhook.into())))
    }

    /// Rotate the secret of a webhook
    ///
    /// Creates a new secret, which is not shown again. For 24 hours each message has a signature of the old secret,
    /// too.
    #[oai(
        path = "/webhooks/:id/rotate",
        method = "post",
        operation_id = "rotateWebhook"
    )]
    async fn rotate(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
    ) -> Result<Json<Success<WithSecret>>, Failure<WebhookErrors>> {
        let rotated = app.service.rotate_webhook(id.0).await?;
        let (webhook, secret) = rotated.ok_or_else(Problem::not_found)?;
        let data = WithSecret::new(webhook, &secret);
        Ok(Json(Success::new(200, "Webhook rotated", data)))
    }

    /// Send a ping
    ///
    /// Sends `{"type": "ping", "timestamp", "data": {"webhook_id"}}` in the background, signed like an event and tried
    /// once. `GET /v1/webhooks/{id}/deliveries` shows what came of it, under the `event_id` of the answer.
    #[oai(
        path = "/webhooks/:id/test",
        method = "post",
        operation_id = "testWebhook"
    )]
    async fn test(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
    ) -> Result<TestResponse, Failure<WebhookErrors>> {
        check_that_any_are_sent(&app)?;
        let (begun, event_id) = app.service.test_webhook(id.0).await?;
        check(begun)?;
        let data = Ping { event_id };
        Ok(TestResponse::Begun(Json(Success::new(
            202,
            "Ping is being sent",
            data,
        ))))
    }

    /// List deliveries to a webhook
    ///
    /// Lists each try to send an event, and each change of the webhook itself, newest first. Entries are kept as long as
    /// events, for `EVENT_DAYS` (30 by default).
    #[oai(
        path = "/webhooks/:id/deliveries",
        method = "get",
        operation_id = "listDeliveries"
    )]
    async fn deliveries(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
        /// The maximum number of entries on the page; 50 if absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// The cursor `next` of the previous page.
        after: Query<Option<Text<HistoryCursor>>>,
    ) -> Result<Json<Success<Items<EntryOut>>>, Failure<WebhookErrors>> {
        let after = after.0.map(|cursor| ordinal(cursor.as_str())).transpose()?;
        let ledger = &app.service.ledger;
        if ledger.webhook(id.0).await?.is_none() {
            return Err(Problem::not_found().into());
        }
        let limit = limit.0.unwrap_or(DEFAULT_LIMIT);
        let page = ledger.webhook_history(id.0, after, limit).await?;
        let data = Items::of(page, |ordinal| format!("{CURSOR}{ordinal}"));
        Ok(Json(Success::new(200, "Deliveries", data)))
    }

    /// Send events again
    ///
    /// Sends one event again (`event_id`), whether or not the webhook is sent events of its kind, or in the background
    /// all events since a time (`since`) that the webhook is sent. The events must still be kept; of an
    /// event that was sent before, the receiver gets the same `webhook-id`. Later events do not wait for a replay.
    #[oai(
        path = "/webhooks/:id/replay",
        method = "post",
        operation_id = "replayEvents"
    )]
    async fn replay(
        &self,
        _admin: Admin,
        app: Data<&Arc<App>>,
        /// The id of the webhook.
        id: Path<Uuid>,
        body: RawJson<ReplayRequest>,
    ) -> Result<ReplayResponse, Failure<WebhookChangeErrors>> {
        check_that_any_are_sent(&app)?;
        let begun = match parse(body.bytes, to_replay).await? {
            What::Event(event_id) => app.service.replay_webhook_event(id.0, event_id).await?,
            What::Since(since) => app.service.replay_webhook_since(id.0, since).await?,
        };
        check(begun)?;
        let webhook = app.service.ledger.webhook(id.0).await?;
        let webhook = webhook.ok_or_else(Problem::not_found)?;
        Ok(ReplayResponse::Begun(Json(Success::new(
            202,
            "Events are being sent again",
            webhook.into(),
        ))))
    }
}

/// Refuses what would wait for ever.
fn check_that_any_are_sent(app: &App) -> Result<(), Problem> {
    if app.service.config.posts_to_webhooks() {
        return Ok(());
    }
    let switched_off = Problem::new(
        ErrorType::ValidationError,
        "Webhooks are switched off in this deployment",
    );
    Err(switched_off
        .with_details("Its operator can switch them on: the setting webhooks of the stack"))
}

fn check(begun: Replay) -> Result<(), Problem> {
    match begun {
        Replay::Begun => Ok(()),
        Replay::NoWebhook => Err(Problem::not_found()),
        Replay::NoEvent => Err(Problem::invalid(
            "event_id",
            "is the id of no event that is kept, or of one of another API key",
        )),
        Replay::Disabled => Err(Problem::invalid(
            "id",
            "is a webhook that is disabled: enable it first",
        )),
    }
}

/// The ordinal that a cursor names. Only a value that `next` can have is a cursor.
fn ordinal(cursor: &str) -> Result<i64, Problem> {
    cursor
        .strip_prefix(CURSOR)
        .and_then(|ordinal| ordinal.parse().ok())
        .filter(|ordinal: &i64| *ordinal >= 0 && cursor == format!("{CURSOR}{ordinal}"))
        .ok_or_else(|| Problem::invalid("after", "is no cursor of this list"))
}
