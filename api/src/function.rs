//! A Lambda function behind API Gateway: an HTTP API or a REST API.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use lambda_http::request::RequestContext;
use mail::{Service, telemetry, timestamp};
use poem::{
    Endpoint, EndpointExt, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, header},
};

use crate::{app::App, middleware::context::Invocation, router};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Background work of a request is waited for until then: an answer comes within 25 s.
const SETTLED_WITHIN: Duration = Duration::from_secs(24);
/// Kept free before the end of an invocation, to hand its answer over.
const BEFORE_END: Duration = Duration::from_millis(500);

/// Answers events until the instance ends.
pub async fn answer(service: Arc<Service>) -> anyhow::Result<()> {
    service.stop_on_signal()?;
    let app = App::new(Arc::clone(&service), None);
    let endpoint = router::endpoint(app).with(PerInvocation(Arc::clone(&service)));
    tokio::select! {
        ended = poem_lambda::run(endpoint) => ended.map_err(|error| anyhow!(error))?,
        () = service.stop.cancelled() => {}
    }
    service.finish().await;
    Ok(())
}

/// Middleware around the whole application: begins an invocation and settles its work before it ends.
struct PerInvocation(Arc<Service>);

impl<E: Endpoint> Middleware<E> for PerInvocation {
    type Output = InvocationEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        InvocationEndpoint {
            service: Arc::clone(&self.0),
            inner,
        }
    }
}

struct InvocationEndpoint<E> {
    service: Arc<Service>,
    inner: E,
}

impl<E: Endpoint> Endpoint for InvocationEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let context = request.extensions_mut().remove::<poem_lambda::Context>();
        let until = context.map_or(started + SETTLED_WITHIN, |context| {
            telemetry::begin(&context.env_config.function_name, &context.request_id);
            timestamp::instant(context.deadline)
        });
        name_own_origin(&mut request);
        let gateway_request_id = request
            .extensions()
            .get()
            .and_then(gateway_request_id)
            .map(str::to_owned);
        request.extensions_mut().insert(Invocation {
            gateway_request_id,
            until,
        });
        let answer = self.inner.call(request).await;
        let last = until.checked_sub(BEFORE_END).unwrap_or(started);
        self.service
            .settle(last.min(started + SETTLED_WITHIN))
            .await;
        telemetry::flush();
        answer.map(IntoResponse::into_response)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the variants of other event sources depend on the features of the crate"
)]
fn gateway_request_id(context: &RequestContext) -> Option<&str> {
    match context {
        RequestContext::ApiGatewayV1(context) => context.request_id.as_deref(),
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref(),
        _ => None,
    }
}

/// Adds `Host` and `X-Forwarded-Proto` where API Gateway leaves them out: it serves TLS only, and the URI of the event
/// holds the host.
fn name_own_origin(request: &mut Request) {
    let uri = request.uri();
    let given = [
        (FORWARDED_PROTO, uri.scheme_str().unwrap_or("https")),
        (
            header::HOST,
            uri.authority().map_or("", |host| host.as_str()),
        ),
    ];
    let given = given.map(|(name, value)| (name, HeaderValue::from_str(value)));
    for (name, value) in given {
        if let Ok(value) = value {
            request.headers_mut().entry(name).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_headers_of_its_own_is_told_where_it_came() {
        let mut request = Request::builder()
            .uri_str("https://abc.execute-api.eu-central-1.amazonaws.com/v1/mail")
            .finish();
        name_own_origin(&mut request);
        assert_eq!(request.headers()[FORWARDED_PROTO], "https");
        assert_eq!(
            request.headers()[header::HOST],
            "abc.execute-api.eu-central-1.amazonaws.com"
        );

        let mut request = Request::builder()
            .uri_str("https://mail.example.org/v1/mail")
            .header(header::HOST, "mail.example.org")
            .header(FORWARDED_PROTO, "http")
            .finish();
        name_own_origin(&mut request);
        assert_eq!(request.headers()[FORWARDED_PROTO], "http");
        assert_eq!(request.headers().get_all(header::HOST).iter().count(), 1);
    }
}
