//! Around every request: its id, its log line, CORS, and one shape of error.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use mail::{
    api_key::Origin,
    telemetry::{self, milliseconds},
};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use uuid::Uuid;

use crate::{app::App, function::Invocation, problem::Problem, routes};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// RFC 6797; other names of the domain are for others to decide.
const TLS_FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");
const EXPOSED: &str = "x-request-id, Idempotency-Replayed, Retry-After";
/// Health and the console's pages touch no database, and captured mail is for this service's own page.
const WITHOUT_CORS: [&str; 3] = ["/v1/health", "/mailbox", "/console"];
/// An answer does not wait longer for a database that is away.
const ORIGIN_PATIENCE: Duration = Duration::from_secs(1);
const ALLOWED_HEADERS: &str = "content-type, x-api-key, idempotency-key, prefer";

/// What is known of a request while it is answered.
#[derive(Debug)]
pub struct Trace {
    pub request_id: String,
    pub started: Instant,
    /// When Lambda ends the invocation that the request is.
    pub until: Option<Instant>,
    /// Whose key it carries, once that is known.
    pub key_id: OnceLock<Uuid>,
    /// The mailing that it made, and of how many recipients.
    pub mailing: OnceLock<(Uuid, usize)>,
}

#[derive(Debug)]
pub struct Edge(pub Arc<App>);

impl<E: Endpoint> Middleware<E> for Edge {
    type Output = EdgeEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        EdgeEndpoint {
            app: Arc::clone(&self.0),
            inner,
        }
    }
}

#[derive(Debug)]
pub struct EdgeEndpoint<E> {
    app: Arc<App>,
    inner: E,
}

impl<E: Endpoint> Endpoint for EdgeEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let invocation = request.extensions_mut().remove::<Invocation>();
        let (request_id, until) = invocation.map_or((None, None), |invocation| {
            (invocation.gateway_request_id, Some(invocation.until))
        });
        let trace = Arc::new(Trace {
            request_id: request_id.unwrap_or_else(|| Uuid::now_v7().to_string()),
            started: Instant::now(),
            until,
            key_id: OnceLock::new(),
            mailing: OnceLock::new(),
        });
        request.extensions_mut().insert(Arc::clone(&trace));
        let method = request.method().clone();
        let path = request.uri().path();
        let is_api = path.starts_with("/v1/");
        let route = routes::find(path);
        let origin = request.headers().get(header::ORIGIN).cloned();
        let mut response = if is_preflight(&request) {
            StatusCode::NO_CONTENT.into_response()
        } else {
            self.answer(request, route, &trace).await
        };
        let has_cors = route.is_none_or(|route| {
            !WITHOUT_CORS
                .iter()
                .any(|path| route.template.starts_with(path))
        });
        if let Some(origin) = origin.filter(|_| has_cors) {
            self.allow_origin(response.headers_mut(), &origin, method == Method::OPTIONS)
                .await;
        }
        let headers = response.headers_mut();
        // Without an origin the answer would be another one: a cache has to know.
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if self.app.service.config.is_reached_by_tls() {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, TLS_FOR_A_YEAR);
        }
        if is_api {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Ok(id) = HeaderValue::from_str(&trace.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let mailing = trace.mailing.get();
        tracing::info!(
            http.method = %method,
            http.route = route.map_or("unknown", |route| route.template.as_str()),
            http.status = response.status().as_u16(),
            duration_ms = milliseconds(trace.started.elapsed()),
            request.id = trace.request_id,
            key.id = trace.key_id.get().map(tracing::field::display),
            mail.id = mailing.map(|(id, _)| tracing::field::display(id)),
            recipients = mailing.map(|(_, recipients)| recipients),
            "request answered"
        );
        Ok(response)
    }
}

impl<E: Endpoint> EdgeEndpoint<E> {
    async fn answer(
        &self,
        request: Request,
        route: Option<&routes::RouteEntry>,
        trace: &Trace,
    ) -> Response {
        let error = match self.inner.call(request).await {
            // A panic, answered deeper inside, where the request id is not known.
            Ok(response) => match response.into_response() {
                response if response.status() == StatusCode::INTERNAL_SERVER_ERROR => {
                    Problem::internal()
                }
                response => return response,
            },
            Err(error) => Problem::of_framework(&error, route.map_or(&[], |route| &route.methods)),
        };
        error.into_answer(&trace.request_id)
    }

    /// Only where some live key has the origin; if nobody can tell, not.
    async fn allow_origin(&self, headers: &mut HeaderMap, given: &HeaderValue, preflight: bool) {
        let Some(origin) = given
            .to_str()
            .ok()
            .and_then(|text| Origin::of_request(text).ok())
        else {
            return;
        };
        let look_up = self.app.service.ledger.knows_origin(&origin);
        match tokio::time::timeout(ORIGIN_PATIENCE, look_up).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) | Err(_) => return,
            Ok(Err(error)) => {
                tracing::warn!(
                    error = telemetry::causes(&error),
                    "an origin could not be looked up"
                );
                return;
            }
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, given.clone());
        if preflight {
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
}

/// <https://fetch.spec.whatwg.org/#cors-preflight-request>
fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
