//! Lambda's Runtime API (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>), a port for each function.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::bail;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Response};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
};

use crate::{
    http::{self, Answer, Asked},
    now,
};

const API: &str = "/2018-06-01/runtime/";
/// The time limit of an invocation, in milliseconds.
const TIME_LIMIT: u128 = 60_000;

pub struct Runtime {
    events: mpsc::UnboundedSender<(String, Bytes)>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Bytes)>>,
    running: Mutex<HashMap<String, oneshot::Sender<Result<Bytes, Bytes>>>>,
    number: AtomicU64,
    /// The time of the first request for an event.
    first: watch::Sender<Option<u128>>,
}

impl Runtime {
    /// Serves the API on a free port, and returns its address as well.
    pub async fn start() -> anyhow::Result<(Arc<Self>, String)> {
        let (events, waiting) = mpsc::unbounded_channel();
        let runtime = Arc::new(Self {
            events,
            waiting: tokio::sync::Mutex::new(waiting),
            running: Mutex::default(),
            number: AtomicU64::new(0),
            first: watch::Sender::new(None),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let served = Arc::clone(&runtime);
        tokio::spawn(http::serve(listener, move |asked| {
            Arc::clone(&served).answer(asked)
        }));
        Ok((runtime, address))
    }

    /// Returns the time at which the function first asked for an event, and waits for it.
    pub async fn first_next(&self) -> u128 {
        let mut first = self.first.subscribe();
        let asked = first.wait_for(Option::is_some).await;
        asked.map_or(0, |first| first.unwrap_or_default())
    }

    /// Hands out an event, and returns the function's answer.
    pub async fn invoke(&self, event: Bytes) -> anyhow::Result<Bytes> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let id = format!("00000000-0000-4000-8000-{number:012}");
        let (sender, outcome) = oneshot::channel();
        self.running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), sender);
        self.events.send((id, event))?;
        match outcome.await? {
            Ok(answer) => Ok(answer),
            Err(error) => bail!("the function failed: {}", String::from_utf8_lossy(&error)),
        }
    }

    /// Hands out an event of API Gateway, and returns the status and the body of the answer.
    pub async fn request(&self, event: Bytes) -> anyhow::Result<(u64, String)> {
        let answer: Value = serde_json::from_slice(&self.invoke(event).await?)?;
        let status = answer["statusCode"].as_u64().unwrap_or_default();
        let body = answer["body"].as_str().unwrap_or_default();
        Ok((status, body.to_owned()))
    }

    async fn answer(self: Arc<Self>, asked: Asked) -> Answer {
        let path = asked.path.strip_prefix(API).unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        match (&asked.method, parts.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.finish(id, Ok(asked.body)),
            (&Method::POST, ["invocation", id, "error"]) => self.finish(id, Err(asked.body)),
            (&Method::POST, ["init", "error"]) => {
                eprintln!(
                    "a function did not start: {}",
                    String::from_utf8_lossy(&asked.body)
                );
                http::json(202, &json!({"status": "OK"}))
            }
            _ => http::json(404, &json!({"errorMessage": path})),
        }
    }

    async fn next(&self) -> Answer {
        self.first.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert_with(now);
            is_first
        });
        let Some((id, event)) = self.waiting.lock().await.recv().await else {
            return http::raw(500, Bytes::new());
        };
        let deadline = now() / 1_000_000 + TIME_LIMIT;
        let answer = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:000000000000:function:bench",
            )
            .header("lambda-runtime-trace-id", "Root=1-0-0;Sampled=0")
            .body(Full::new(event));
        answer.expect("an event and its headers")
    }

    fn finish(&self, id: &str, outcome: Result<Bytes, Bytes>) -> Answer {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = running.remove(id) {
            let _ = sender.send(outcome);
        }
        http::json(202, &json!({"status": "OK"}))
    }
}
