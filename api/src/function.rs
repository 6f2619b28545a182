//! A Lambda function behind API Gateway: an HTTP API or a REST API.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use lambda_http::request::RequestContext;
use mail::{Service, telemetry, timestamp};
use poem::{
    Body, Endpoint, EndpointExt, IntoResponse, Middleware, Request, Response, Result,
    http::{HeaderName, HeaderValue, header},
};
use serde_json::json;

use crate::{
    app::App,
    problem::{ErrorType, Problem},
};

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// An answer comes within 25 s, whatever goes on behind it.
const SETTLED_WITHIN: Duration = Duration::from_secs(24);
/// Kept free before the end of an invocation, to hand its answer over.
const BEFORE_END: Duration = Duration::from_millis(500);
/// What Lambda takes as an answer, 6 MB (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>),
/// less what headers take.
const MAX_ANSWER: usize = 6 * 1024 * 1024 - 64 * 1024;

/// Answers events until the instance ends.
pub async fn answer(service: Arc<Service>) -> anyhow::Result<()> {
    service.stop_on_signal()?;
    let app = App::new(Arc::clone(&service), None);
    let endpoint = app.endpoint().with(PerInvocation(Arc::clone(&service)));
    tokio::select! {
        ended = poem_lambda::run(endpoint) => ended.map_err(|error| anyhow!(error))?,
        () = service.stop.cancelled() => {}
    }
    service.finish().await;
    Ok(())
}

/// What a request is told of the invocation that it is.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What API Gateway calls the request.
    pub gateway_request_id: Option<String>,
    /// When Lambda ends it.
    pub until: Instant,
}

/// Around the whole application: what an invocation begins and ends with.
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

fn gateway_request_id(context: &RequestContext) -> Option<&str> {
    match context {
        RequestContext::ApiGatewayV1(context) => context.request_id.as_deref(),
        RequestContext::ApiGatewayV2(context) => context.request_id.as_deref(),
        _ => None,
    }
}

/// API Gateway speaks only TLS, and may leave both headers out. The URI is made of them where they are there.
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

/// Answers with an error in place of what Lambda would not take: API Gateway's own would say nothing.
#[derive(Debug)]
pub struct WithinLimit;

impl<E: Endpoint> Middleware<E> for WithinLimit {
    type Output = LimitedEndpoint<E>;

    fn transform(&self, inner: E) -> Self::Output {
        LimitedEndpoint(inner)
    }
}

#[derive(Debug)]
pub struct LimitedEndpoint<E>(E);

impl<E: Endpoint> Endpoint for LimitedEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let (parts, body) = self.0.call(request).await?.into_response().into_parts();
        let bytes = body.into_bytes().await.map_err(|_| Problem::internal())?;
        if !fits(&bytes) {
            let message = "The answer is larger than the 6 MB that a Lambda function may give";
            return Err(Problem::new(ErrorType::InternalError, message).into());
        }
        Ok(Response::from_parts(parts, Body::from(bytes)))
    }
}

/// Lambda gets it inside JSON: text as a string, everything else as base64.
fn fits(body: &[u8]) -> bool {
    if body.len() * 6 <= MAX_ANSWER {
        // However much of it has to be escaped.
        return true;
    }
    let base64 = body.len().div_ceil(3) * 4;
    let escaped = std::str::from_utf8(body).map_or(0, |text| json!(text).to_string().len());
    base64.max(escaped) <= MAX_ANSWER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_by_what_lambda_gets_of_it() {
        let million = 1_000_000;
        assert!(fits(&vec![b'a'; 4 * million]));
        assert!(!fits(&vec![b'a'; 7 * million]));
        assert!(!fits(&vec![b'\n'; 4 * million]), "two octets each");
        assert!(fits(&vec![b'\0'; million]));
        assert!(!fits(&vec![0xff; 5 * million]), "a third more as base64");
    }

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
