//! An HTTP server for tests, which can also break connections, not answer, or refuse connections.

use std::future::{self, Future};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::listener::Listener;

/// A complete request.
pub struct Asked {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub peer: SocketAddr,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Clone, Debug)]
pub enum Reply {
    Answer(Response<Full<Bytes>>),
    /// The connection is broken off.
    Reset,
    /// These bytes are sent instead of an answer, and the connection is closed in order.
    Close(&'static [u8]),
    /// No answer is ever sent.
    Silence,
}

impl Reply {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::claimed_json(status, body.to_string())
    }

    /// Returns an answer that is declared to be JSON, whether it is or not.
    pub fn claimed_json(status: u16, body: String) -> Self {
        let answer = Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Full::from(body));
        Self::Answer(answer.expect("a status and a body"))
    }
}

/// A server, which runs until it is dropped.
pub struct Http {
    listener: Listener,
    closed: Arc<AtomicBool>,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Http {
    pub async fn serve<F, A>(answer: F) -> Self
    where
        F: Fn(Asked) -> A + Send + Sync + 'static,
        A: Future<Output = Reply> + Send + 'static,
    {
        let answer = Arc::new(answer);
        // A closed server asks its clients to reconnect, so that they find it closed.
        let closed = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&closed);
        let connections = Arc::<Mutex<Vec<_>>>::default();
        let opened = Arc::clone(&connections);
        let listener = Listener::start(move |stream, peer| {
            let conversation = tokio::spawn(converse(
                stream,
                peer,
                Arc::clone(&answer),
                Arc::clone(&closing),
            ));
            let mut opened = opened.lock().expect("no listener panics");
            opened.push(conversation);
        })
        .await;
        Self {
            listener,
            closed,
            connections,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Refuses connections (`false`), or accepts them again (`true`), once this returns. Open connections stay open
    /// until their next answer, so that no request is lost without a trace.
    pub async fn set_open(&self, open: bool) {
        self.closed.store(!open, Ordering::SeqCst);
        self.listener.set_open(open).await;
    }

    /// Returns the number of connections that were opened so far.
    pub fn connections(&self) -> usize {
        self.connections.lock().expect("no listener panics").len()
    }

    /// Refuses connections, and closes the open ones, once this returns.
    pub async fn stop(&self) {
        self.set_open(false).await;
        let connections =
            std::mem::take(&mut *self.connections.lock().expect("no listener panics"));
        for connection in connections {
            connection.abort();
            let _aborted = connection.await;
        }
    }
}

/// The end of a connection by the server.
enum End {
    Reset,
    Close(&'static [u8]),
}

async fn converse<F, A>(
    stream: TcpStream,
    peer: SocketAddr,
    answer: Arc<F>,
    closed: Arc<AtomicBool>,
) where
    F: Fn(Asked) -> A + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    let (end, mut ended) = mpsc::unbounded_channel();
    let service = service_fn(|request: Request<Incoming>| {
        let (answer, end) = (Arc::clone(&answer), end.clone());
        let closed = Arc::clone(&closed);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let asked = Asked {
                method: head.method,
                uri: head.uri,
                headers: head.headers,
                body,
                peer,
            };
            // The receiver lives as long as the connection.
            let _sent = match answer(asked).await {
                Reply::Answer(mut response) => {
                    if closed.load(Ordering::SeqCst) {
                        let close = HeaderValue::from_static("close");
                        response.headers_mut().insert(CONNECTION, close);
                    }
                    return Ok::<_, hyper::Error>(response);
                }
                Reply::Reset => end.send(End::Reset),
                Reply::Close(bytes) => end.send(End::Close(bytes)),
                Reply::Silence => Ok(()),
            };
            future::pending().await
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // The client may disconnect at any moment, which is no error of the server.
        _ = &mut connection => {}
        Some(end) = ended.recv() => {
            let mut stream = connection.into_parts().io.into_inner();
            match end {
                End::Reset => stream.set_zero_linger().expect("a connection can be broken off"),
                // The client may have disconnected.
                End::Close(bytes) => drop(stream.write_all(bytes).await),
            }
        }
    }
}
