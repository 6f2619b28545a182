//! A server of HTTP/1.1.

use std::{convert::Infallible, future::Future};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

pub struct Asked {
    pub method: Method,
    pub path: String,
    /// The operation of a request to SQS.
    pub operation: String,
    pub body: Bytes,
}

pub type Answer = Response<Full<Bytes>>;

pub fn json(status: u16, body: &Value) -> Answer {
    raw(status, body.to_string().into())
}

pub fn raw(status: u16, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = answer.headers_mut();
    headers.insert("content-type", "application/json".parse().expect("a value"));
    answer
}

/// Answers requests until the process ends.
pub async fn serve<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Asked) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let handler = handler.clone();
        let service = service_fn(move |request| answer(request, handler.clone()));
        tokio::spawn(async move {
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _ = connection.await;
        });
    }
}

async fn answer<H, F>(request: Request<Incoming>, handler: H) -> Result<Answer, Infallible>
where
    H: Fn(Asked) -> F,
    F: Future<Output = Answer>,
{
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(raw(400, Bytes::new()));
    };
    let operation = parts.headers.get("x-amz-target");
    let operation = operation.and_then(|target| target.to_str().ok());
    let operation = operation.and_then(|target| target.rsplit('.').next());
    Ok(handler(Asked {
        operation: operation.unwrap_or_default().to_owned(),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        body: body.to_bytes(),
    })
    .await)
}
