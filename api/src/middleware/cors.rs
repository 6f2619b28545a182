//! Cross-origin requests: a page may read an answer if an API key has its origin.

use std::time::Duration;

use mail::{api_key::Origin, telemetry};
use poem::{
    Request,
    http::{HeaderMap, HeaderValue, Method, header},
};

use super::context::Trace;
use crate::app::App;

const EXPOSED: &str =
    "x-request-id, Idempotency-Replayed, Retry-After, RateLimit, RateLimit-Policy";
/// Routes without CORS: health and the console's pages use no database, and captured mail and links to unsubscribe are
/// for this service's own pages.
const WITHOUT_CORS: [&str; 4] = ["/v1/health", "/v1/unsubscribe", "/mailbox", "/console"];
/// Longest time that an answer waits for a database that is away.
const ORIGIN_PATIENCE: Duration = Duration::from_secs(1);
const ALLOWED_HEADERS: &str = "content-type, x-api-key, idempotency-key, prefer";

/// Returns whether pages of other origins may call this route.
pub fn is_answered(route: &str) -> bool {
    !WITHOUT_CORS.iter().any(|path| route.starts_with(path))
}

/// Lets the origin read the answer if a live key has it. If the ledger does not answer, the header fields are left out
/// and the request does not fail.
pub async fn allow_origin(app: &App, headers: &mut HeaderMap, given: &HeaderValue, trace: &Trace) {
    let Some(origin) = given
        .to_str()
        .ok()
        .and_then(|text| Origin::of_request(text).ok())
    else {
        return;
    };
    let is_known = async {
        // The key was read with its origins.
        match trace.origin_is_allowed.get() {
            Some(()) => Ok(true),
            None => app.service.ledger.knows_origin(&origin).await,
        }
    };
    match tokio::time::timeout(ORIGIN_PATIENCE, is_known).await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) | Err(_) => return,
        Ok(Err(error)) => {
            tracing::warn!(
                http.method = %trace.method,
                http.route = trace.route,
                request.id = trace.request_id,
                error = telemetry::causes(&error),
                "an origin could not be looked up"
            );
            return;
        }
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, given.clone());
    if trace.method == Method::OPTIONS {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(ALLOWED_HEADERS),
        );
        headers.insert(
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderValue::from_static("600"),
        );
    } else {
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
    }
}

/// <https://fetch.spec.whatwg.org/#cors-preflight-request>
pub fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
