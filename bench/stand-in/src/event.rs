//! API Gateway's events
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::now;

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// An HTTP API, payload version 2.0.
    #[default]
    Http,
    /// A REST API, payload version 1.0, the only one that Chalice takes.
    Rest,
}

/// A request of a caller.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: &'a [(String, String)],
    pub body: &'a str,
}

impl Call<'_> {
    pub fn event(&self, format: Format) -> Bytes {
        let event = match format {
            Format::Http => self.http(),
            Format::Rest => self.rest(),
        };
        event.to_string().into()
    }

    fn headers(&self) -> Value {
        let mut headers = json!({
            "content-type": "application/json",
            "host": "api.example.com",
            "user-agent": "bench",
            "x-forwarded-for": "192.0.2.1",
        });
        for (name, value) in self.headers {
            headers[name] = json!(value);
        }
        headers
    }

    fn http(&self) -> Value {
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": "",
            "headers": self.headers(),
            "requestContext": {
                "accountId": "000000000000", "apiId": "api",
                "domainName": "api.example.com", "domainPrefix": "api",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "bench",
                },
                "requestId": "bench", "routeKey": "$default", "stage": "$default",
                "time": "22/Nov/2026:08:00:00 +0000", "timeEpoch": milliseconds(),
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }

    fn rest(&self) -> Value {
        json!({
            "version": "1.0",
            "resource": self.path, "path": self.path, "httpMethod": self.method,
            "headers": self.headers(),
            "multiValueHeaders": {},
            "queryStringParameters": null, "multiValueQueryStringParameters": null,
            "pathParameters": {}, "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api",
                "httpMethod": self.method, "path": self.path, "protocol": "HTTP/1.1",
                "identity": {"sourceIp": "192.0.2.1", "userAgent": "bench"},
                "requestId": "bench", "requestTimeEpoch": milliseconds(),
                "resourceId": "resource", "resourcePath": self.path, "stage": "prod",
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

fn milliseconds() -> u64 {
    u64::try_from(now() / 1_000_000).unwrap_or_default()
}
