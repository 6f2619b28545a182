//! Liveness and readiness of the service.

use std::sync::Arc;

use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi};

use super::{
    statuses::{HealthErrors, ReadyErrors},
    tag::Tag,
};
use crate::{
    app::App,
    json::Json,
    problem::{ErrorType, Failure, FieldError, Problem},
};

#[derive(Clone, Copy, Debug, Enum)]
#[oai(rename_all = "snake_case")]
enum PartState {
    Ok,
}

/// The state of the parts that the service needs; all of them work.
#[derive(Clone, Debug, Object)]
struct Readiness {
    /// The state of the database.
    database: PartState,
    /// The state of the queue of mail.
    queue: PartState,
}

#[derive(Debug)]
pub struct Health;

#[expect(clippy::unused_async, reason = "operations are async")]
#[OpenApi(prefix_path = "/v1", tag = "Tag::Health")]
impl Health {
    /// Check that the service runs
    ///
    /// The check uses neither the database nor the queue.
    #[oai(path = "/health", method = "get", operation_id = "getHealth")]
    async fn health(&self) -> Result<Json<String>, Failure<HealthErrors>> {
        Ok(Json("OK".to_owned()))
    }

    /// Check that the database and the queue work
    ///
    /// The database has to accept a write. If a part is down, the answer is 503 and `errors` names the part.
    #[oai(path = "/ready", method = "get", operation_id = "getReady")]
    async fn ready(&self, app: Data<&Arc<App>>) -> Result<Json<Readiness>, Failure<ReadyErrors>> {
        let (database, queue) =
            tokio::join!(app.service.ledger.try_write(), app.service.queues_work());
        let down: Vec<FieldError> = [("database", database.is_ok()), ("queue", queue)]
            .into_iter()
            .filter(|(_, works)| !works)
            .map(|(field, _)| FieldError {
                field: field.to_owned(),
                message: "down".to_owned(),
            })
            .collect();
        if !down.is_empty() {
            let problem =
                Problem::new(ErrorType::ServiceUnavailable, "Not ready").with_errors(down);
            return Err(match database {
                Ok(()) => problem,
                Err(error) => problem.with_source(error),
            }
            .into());
        }
        Ok(Json(Readiness {
            database: PartState::Ok,
            queue: PartState::Ok,
        }))
    }
}
