//! An HTTP server for tests, which can also break connections, not answer, or refuse connections.

use std::future::{self, Future};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Notify;

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

pub enum Reply {
    Answer(Response<Full<Bytes>>),
    /// The connection is broken off.
    Reset,
    /// No answer is ever sent.
    Silence,
}

impl Reply {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let answer = Response::builder()
            .status(status)
            .header("content-type", "application/json")
            .body(Full::from(body.to_string()));
        Self::Answer(answer.expect("a status and a body"))
    }
}

/// A server, which runs until it is dropped.
pub struct Http {
    listener: Listener,
    closed: Arc<AtomicBool>,
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
        let listener = Listener::start(move |stream, peer| {
            tokio::spawn(converse(
                stream,
                peer,
                Arc::clone(&answer),
                Arc::clone(&closing),
            ));
        })
        .await;
        Self { listener, closed }
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
    let broken = Arc::new(Notify::new());
    let service = service_fn(|request: Request<Incoming>| {
        let (answer, broken) = (Arc::clone(&answer), Arc::clone(&broken));
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
            match answer(asked).await {
                Reply::Answer(mut response) => {
                    if closed.load(Ordering::SeqCst) {
                        let close = HeaderValue::from_static("close");
                        response.headers_mut().insert(CONNECTION, close);
                    }
                    return Ok::<_, hyper::Error>(response);
                }
                Reply::Reset => broken.notify_one(),
                Reply::Silence => {}
            }
            future::pending().await
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // The client may disconnect at any moment, which is no error of the server.
        _ = &mut connection => {}
        () = broken.notified() => {
            let stream = connection.into_parts().io.into_inner();
            stream.set_zero_linger().expect("a connection can be broken off");
        }
    }
}
