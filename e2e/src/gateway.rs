//! API Gateway: turns HTTP requests into events of a function, and its results into HTTP answers.

mod event;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};

pub use event::Format;

use crate::http::{Asked, Http, Reply};
use crate::runtime::{Function, Outcome};

/// An HTTP API (or a REST API) in front of a function, until it is dropped.
pub struct Gateway(Http);

impl Gateway {
    pub async fn before(function: Function, format: Format) -> Self {
        let answer = move |asked: Asked| {
            let function = function.clone();
            async move {
                let event = event::of(&asked, format);
                reply(function.invoke(event.to_string()).await)
            }
        };
        Self(Http::serve(answer).await)
    }

    pub fn url(&self) -> String {
        self.0.url()
    }
}

fn reply(outcome: Outcome) -> Reply {
    match outcome {
        Outcome::Answer(answer) => serde_json::from_slice(&answer)
            .ok()
            .and_then(|answer| response(&answer))
            .unwrap_or_else(|| failed(&format!("no answer of a function: {answer:?}"))),
        Outcome::Error(error) => failed(&format!("the function failed: {error:?}")),
        Outcome::Crash => failed("the function crashed"),
        Outcome::Overrun => Reply::json(503, &json!({ "message": "Service Unavailable" })),
    }
}

/// Returns API Gateway's answer to clients, which does not contain the reason in its log.
fn failed(why: &str) -> Reply {
    println!("the gateway answers 500: {why}");
    Reply::json(500, &json!({ "message": "Internal Server Error" }))
}

fn response(answer: &Value) -> Option<Reply> {
    let status = u16::try_from(answer["statusCode"].as_u64()?).ok()?;
    let mut response = Response::builder().status(status);
    let single = answer["headers"].as_object().into_iter().flatten();
    let multiple = answer["multiValueHeaders"]
        .as_object()
        .into_iter()
        .flatten();
    let several: Vec<&str> = multiple.clone().map(|(name, _)| name.as_str()).collect();
    for (name, value) in single.filter(|(name, _)| !several.contains(&name.as_str())) {
        response = response.header(name, value.as_str()?);
    }
    for (name, values) in multiple {
        for value in values.as_array()? {
            response = response.header(name, value.as_str()?);
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response = response.header("set-cookie", cookie.as_str()?);
    }
    let body = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == true {
        BASE64_STANDARD.decode(body).ok()?
    } else {
        body.as_bytes().to_vec()
    };
    Some(Reply::Answer(response.body(Full::from(body)).ok()?))
}
