//! Around every request: its id, its log lines, the header fields of every answer, and one shape of error.

use std::sync::Arc;

use mail::telemetry::{self, milliseconds};
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    error::ResponseError,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};

use super::{context::Trace, cors, framework_errors::problem_of, rate_limit};
use crate::{app::App, problem::Problem, routes};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// RFC 6797, without subdomains: they may belong to other services.
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
        let path = request.uri().path();
        let is_api = path.starts_with("/v1/");
        let route = routes::find(path);
        let trace = Trace::begin(&mut request, route.map(|route| &*route.template));
        let origin = request.headers().get(header::ORIGIN).cloned();
        let answered = if cors::is_preflight(&request) {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            self.inner
                .call(request)
                .await
                .map(IntoResponse::into_response)
        };
        let mut response = answered.unwrap_or_else(|error| {
            let problem = problem_of(error, route.map_or(&[], |route| &route.methods));
            log_failure(&problem, &trace);
            problem.into_answer(&trace.request_id)
        });
        rate_limit::complete(&self.app, &trace, &mut response).await;
        if let Some(origin) = origin.filter(|_| cors::is_answered(trace.route)) {
            cors::allow_origin(&self.app, response.headers_mut(), &origin, &trace).await;
        }
        self.complete(response.headers_mut(), is_api);
        if let Ok(id) = HeaderValue::from_str(&trace.request_id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        log_answer(&response, &trace);
        Ok(response)
    }
}

impl<E> RequestLogEndpoint<E> {
    fn complete(&self, headers: &mut HeaderMap, is_api: bool) {
        // The answer depends on the origin, which caches have to know.
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
    }
}

/// Logs the cause of a failure of the service. The answer does not contain it.
fn log_failure(problem: &Problem, trace: &Trace) {
    if let Some(cause) = problem.cause() {
        tracing::error!(
            http.method = %trace.method,
            http.route = trace.route,
            http.status = problem.status().as_u16(),
            request.id = trace.request_id,
            error = telemetry::causes(cause),
            "a request failed"
        );
    }
}

fn log_answer(response: &Response, trace: &Trace) {
    let mailing = trace.mailing.get();
    tracing::info!(
        http.method = %trace.method,
        http.route = trace.route,
        http.status = response.status().as_u16(),
        duration_ms = milliseconds(trace.started.elapsed()),
        request.id = trace.request_id,
        key.id = trace.key_id.get().map(tracing::field::display),
        mail.id = mailing.map(|(id, _)| tracing::field::display(id)),
        recipients = mailing.map(|(_, recipients)| recipients),
        "request answered"
    );
}
