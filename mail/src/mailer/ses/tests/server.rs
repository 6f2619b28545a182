//! An HTTP server that answers as SES may.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

#[derive(Clone, Debug)]
pub enum Reply {
    /// The status, the error's type if there is one, and the body.
    Answer(u16, Option<&'static str>, String),
    /// An answer that is shorter than its announced length.
    Half,
    HangUp,
    Never,
    After(Duration, Box<Reply>),
}

pub fn ok(body: &Value) -> Reply {
    Reply::Answer(200, None, body.to_string())
}

pub fn error(status: u16, code: &'static str, message: &str) -> Reply {
    let body = json!({ "message": message }).to_string();
    Reply::Answer(status, Some(code), body)
}

#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub body: Value,
}

impl Request {
    pub fn is_bulk(&self) -> bool {
        self.path == "/v2/email/outbound-bulk-emails"
    }

    /// Returns the number of recipients of a bulk call, and 1 for any other call.
    pub fn entries(&self) -> usize {
        self.body["BulkEmailEntries"].as_array().map_or(1, Vec::len)
    }
}

/// The reply to a request, given the number of requests before it.
type Script = dyn Fn(&Request, usize) -> Reply + Send + Sync;

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub async fn start(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::default();
        let (script, seen): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&requests));
        let connections = Arc::new(AtomicUsize::new(0));
        let opened = Arc::clone(&connections);
        let accepting = tokio::spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::Relaxed);
                serving.spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        Self {
            url,
            requests,
            connections,
            accepting,
        }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Stops listening, and closes the open connections.
    pub async fn stop(&mut self) {
        self.accepting.abort();
        let _aborted = (&mut self.accepting).await;
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>, seen: Arc<Mutex<Vec<Request>>>) {
    while let Some(request) = read(&mut stream).await {
        let before = seen.lock().unwrap().len();
        seen.lock().unwrap().push(request.clone());
        let mut reply = script(&request, before);
        while let Reply::After(wait, then) = reply {
            tokio::time::sleep(wait).await;
            reply = *then;
        }
        match reply {
            Reply::Answer(status, code, body) => {
                let code = code.map(|code| format!("x-amzn-ErrorType: {code}\r\n"));
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{body}",
                    code.unwrap_or_default(),
                    body.len()
                );
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Half => {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"MessageId\":";
                let _written = stream.write_all(answer).await;
                return;
            }
            Reply::HangUp => return,
            Reply::Never | Reply::After(..) => std::future::pending().await,
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse().ok())?
            });
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                return Some(Request {
                    path: head.split(' ').nth(1)?.to_owned(),
                    body: serde_json::from_slice(body).unwrap_or_default(),
                });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
