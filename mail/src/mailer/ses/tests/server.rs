//! An HTTP server that answers as SES may.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use e2e::http::{Asked, Http, Reply};
use serde_json::Value;

pub fn ok(body: &Value) -> Reply {
    Reply::json(200, body)
}

#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub body: Value,
}

impl Request {
    fn of(asked: &Asked) -> Self {
        Self {
            path: asked.uri.path().to_owned(),
            body: serde_json::from_slice(&asked.body).unwrap_or_default(),
        }
    }

    pub fn is_bulk(&self) -> bool {
        self.path == "/v2/email/outbound-bulk-emails"
    }

    /// Returns the number of recipients of a bulk call, and 1 for any other call.
    pub fn entries(&self) -> usize {
        self.body["BulkEmailEntries"].as_array().map_or(1, Vec::len)
    }
}

pub struct Server {
    pub url: String,
    pub http: Http,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server with a script: the reply to a request, given the number of requests before it.
    pub async fn start(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, script).await
    }

    /// Starts a server that waits before each reply.
    pub async fn slow(
        wait: Duration,
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let seen = Arc::clone(&requests);
        let http = Http::serve(move |asked| {
            let request = Request::of(&asked);
            let reply = {
                let mut seen = seen.lock().unwrap();
                seen.push(request.clone());
                script(&request, seen.len() - 1)
            };
            async move {
                tokio::time::sleep(wait).await;
                reply
            }
        })
        .await;
        Self {
            url: http.url(),
            http,
            requests,
        }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}
