//! The two formats of API Gateway's events
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use crate::http::Asked;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An HTTP API, payload version 2.0; its stage is `$default`.
    Http,
    /// A REST API, payload version 1.0, with every body in base64; its stage is called `prod`.
    Rest,
}

pub const STAGE: &str = "prod";

pub fn of(asked: &Asked, format: Format) -> Value {
    match format {
        Format::Http => http(asked),
        Format::Rest => rest(asked),
    }
}

fn http(asked: &Asked) -> Value {
    let query = asked.uri.query().unwrap_or_default();
    let (body, is_base64) = body(asked);
    let path = asked.uri.path();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": joined(headers(asked)),
        "queryStringParameters": joined(parameters(query)),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": host(asked),
            "domainPrefix": "api",
            "http": {
                "method": asked.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": asked.peer.ip().to_string(),
                "userAgent": asked.header("user-agent"),
            },
            "requestId": request_id(),
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1_795_334_400_000_i64,
        },
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

fn rest(asked: &Asked) -> Value {
    let query = asked.uri.query().unwrap_or_default();
    let path = asked.uri.path();
    let body = (!asked.body.is_empty()).then(|| BASE64_STANDARD.encode(&asked.body));
    json!({
        "version": "1.0",
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": asked.method.as_str(),
        "headers": last(headers(asked)),
        "multiValueHeaders": every(headers(asked)),
        "queryStringParameters": last(parameters(query)),
        "multiValueQueryStringParameters": every(parameters(query)),
        "pathParameters": { "proxy": path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": host(asked),
            "domainPrefix": "api",
            "extendedRequestId": "extended",
            "httpMethod": asked.method.as_str(),
            "identity": {
                "sourceIp": asked.peer.ip().to_string(),
                "userAgent": asked.header("user-agent"),
            },
            "path": format!("/{STAGE}{path}"),
            "protocol": "HTTP/1.1",
            "requestId": request_id(),
            "requestTime": "22/Nov/2026:08:00:00 +0000",
            "requestTimeEpoch": 1_795_334_400_000_i64,
            "resourceId": "resource",
            "resourcePath": "/{proxy+}",
            "stage": STAGE,
        },
        "isBase64Encoded": body.is_some(),
        "body": body,
    })
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

fn host(asked: &Asked) -> &str {
    asked.header("host").unwrap_or_default()
}

/// Returns the body, as text or else in base64, and whether it is in base64.
fn body(asked: &Asked) -> (Option<String>, bool) {
    let content_type = asked.header("content-type").unwrap_or_default();
    let is_text = content_type.starts_with("text/") || content_type.starts_with("application/json");
    match std::str::from_utf8(&asked.body) {
        _ if asked.body.is_empty() => (None, false),
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(BASE64_STANDARD.encode(&asked.body)), true),
    }
}

/// Returns the request's own headers, and those that API Gateway adds.
fn headers(asked: &Asked) -> Vec<(String, String)> {
    let own = asked.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), value)
    });
    let added = [
        ("x-forwarded-for", asked.peer.ip().to_string()),
        ("x-forwarded-proto", "http".to_owned()),
        ("x-forwarded-port", asked.peer.port().to_string()),
        ("x-amzn-trace-id", "Root=1-0-0".to_owned()),
    ];
    own.chain(added.map(|(name, value)| (name.to_owned(), value)))
        .collect()
}

fn parameters(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn every(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        let values = map.entry(name).or_insert_with(|| json!([]));
        values.as_array_mut().expect("an array").push(value.into());
    }
    map
}

fn last(pairs: Vec<(String, String)>) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect()
}

fn joined(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let join = |(name, values): (String, Value)| {
        let values = values.as_array().expect("an array");
        let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        (name, values.join(",").into())
    };
    every(pairs).into_iter().map(join).collect()
}
