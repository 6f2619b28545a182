//! Around every request: its id, its log line, the header fields of every answer, and one shape of error.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use mail::telemetry::milliseconds;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
use uuid::Uuid;

use super::{
    context::{Invocation, Trace},
    cors,
    framework_errors::problem_of,
};
use crate::{app::App, problem::Problem, routes};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// RFC 6797; other names of the domain are for others to decide.
const TLS_FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

#[derive(Debug)]
pub struct RequestLog(pub Arc<App>);

impl<E: Endpoint> Middleware<E> for RequestLog {
    type Output = RequestLogEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        RequestLogEndpoint {
            app: Arc::clone(&self.0),
            inner,
        }
    }
}

#[derive(Debug)]
pub struct RequestLogEndpoint<E> {
    app: Arc<App>,
    inner: E,
}

impl<E: Endpoint> Endpoint for RequestLogEndpoint<E> {
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
        let mut response = if cors::is_preflight(&request) {
            StatusCode::NO_CONTENT.into_response()
        } else {
            self.answer(request, route, &trace).await
        };
        if let Some(origin) = origin.filter(|_| cors::is_answered(route)) {
            let is_options = method == Method::OPTIONS;
            cors::allow_origin(&self.app, response.headers_mut(), &origin, is_options).await;
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

impl<E: Endpoint> RequestLogEndpoint<E> {
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
            Err(error) => problem_of(&error, route.map_or(&[], |route| &route.methods)),
        };
        error.into_answer(&trace.request_id)
    }
}
