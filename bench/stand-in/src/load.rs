//! Callers that send mail, each with its next request as soon as the last one is answered.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    event::{Call, Format},
    mail,
    runtime::Runtime,
};

/// A measurement.
#[derive(Clone, Debug, Deserialize)]
pub struct Load {
    /// The function's number, or else the server's address.
    pub runtime: Option<usize>,
    #[serde(default)]
    pub server: String,
    #[serde(default)]
    pub format: Format,
    pub key: String,
    pub prefix: String,
    #[serde(default)]
    pub first: usize,
    pub requests: usize,
    #[serde(default = "one")]
    pub callers: usize,
    /// The recipients of each request.
    #[serde(default = "one")]
    pub recipients: usize,
    /// The seconds after which no further request is begun.
    pub seconds: Option<f64>,
}

fn one() -> usize {
    1
}

const PATH: &str = "/v1/mail";

#[derive(Default)]
struct Results {
    latencies: Vec<Duration>,
    statuses: BTreeMap<String, usize>,
    /// An answer that is not a success.
    example: Option<String>,
}

enum Caller {
    Function(Arc<Runtime>),
    Http(Option<SendRequest<Full<Bytes>>>),
}

/// Runs the measurement, and returns what the callers saw.
pub async fn run(load: Load, runtime: Option<Arc<Runtime>>) -> Value {
    let load = Arc::new(load);
    let (next, results) = (
        Arc::<AtomicUsize>::default(),
        Arc::<Mutex<Results>>::default(),
    );
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..load.callers {
        let caller = match &runtime {
            Some(runtime) => Caller::Function(Arc::clone(runtime)),
            None => Caller::Http(None),
        };
        let (load, next, results) = (Arc::clone(&load), Arc::clone(&next), Arc::clone(&results));
        callers.spawn(call_on(load, caller, next, results, started));
    }
    while callers.join_next().await.is_some() {}
    let seconds = started.elapsed().as_secs_f64();
    let results = std::mem::take(&mut *results.lock().unwrap_or_else(PoisonError::into_inner));
    results.report(seconds)
}

async fn call_on(
    load: Arc<Load>,
    mut caller: Caller,
    next: Arc<AtomicUsize>,
    results: Arc<Mutex<Results>>,
    started: Instant,
) {
    let headers = [("x-api-key".to_owned(), load.key.clone())];
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let is_late = |seconds| started.elapsed().as_secs_f64() > seconds;
        if number >= load.requests || load.seconds.is_some_and(is_late) {
            return;
        }
        let first = load.first + number * load.recipients;
        let body = mail::body(&load.prefix, first, load.recipients);
        let call = Call {
            method: "POST",
            path: PATH,
            headers: &headers,
            body: &body,
        };
        let event = matches!(caller, Caller::Function(_)).then(|| call.event(load.format));
        let begun = Instant::now();
        let answer = match &mut caller {
            Caller::Function(runtime) => runtime.request(event.unwrap_or_default()).await,
            Caller::Http(connection) => post(connection, &load, body).await,
        };
        let latency = begun.elapsed();
        let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
        results.add(latency, answer);
    }
}

/// Sends a request, over the caller's connection if it has one.
async fn post(
    connection: &mut Option<SendRequest<Full<Bytes>>>,
    load: &Load,
    body: String,
) -> anyhow::Result<(u64, String)> {
    let mut sender = match connection.take() {
        Some(sender) if !sender.is_closed() => sender,
        _ => connect(&load.server).await?,
    };
    sender.ready().await?;
    let request = Request::post(PATH)
        .header("host", &load.server)
        .header("content-type", "application/json")
        .header("x-api-key", &load.key)
        .body(Full::new(body.into()))?;
    let answer = sender.send_request(request).await?;
    let status = u64::from(answer.status().as_u16());
    let body = answer.into_body().collect().await?.to_bytes();
    *connection = Some(sender);
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

async fn connect(server: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(server).await.context("connect")?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Results {
    fn add(&mut self, latency: Duration, answer: anyhow::Result<(u64, String)>) {
        self.latencies.push(latency);
        let (status, text) = match answer {
            Ok((status, body)) => (status.to_string(), body),
            Err(error) => ("error".to_owned(), format!("{error:#}")),
        };
        if !status.starts_with('2') {
            self.example.get_or_insert(text);
        }
        *self.statuses.entry(status).or_default() += 1;
    }

    fn report(mut self, seconds: f64) -> Value {
        self.latencies.sort_unstable();
        let at = |share: usize| {
            let last = self.latencies.len().saturating_sub(1);
            let latency = self.latencies.get(last * share / 100);
            latency.map_or(0.0, |latency| latency.as_secs_f64() * 1_000.0)
        };
        json!({
            "requests": self.latencies.len(),
            "seconds": seconds,
            "p50_ms": at(50),
            "p99_ms": at(99),
            "max_ms": at(100),
            "statuses": self.statuses,
            "example": self.example,
        })
    }
}
