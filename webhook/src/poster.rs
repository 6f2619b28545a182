//! Posts a message over a connection of its own, whose address is checked before it is connected to: a name that means
//! another address a moment later changes nothing, because it is looked up once.

mod connect;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::lookup_host,
    time::timeout,
};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::{
    address::Reach,
    message::{Failure, Outcome, SignedMessage},
};

/// The time for all of it, from the look-up of the name to the end of the answer's header.
pub const TIME_LIMIT: Duration = Duration::from_secs(15);
/// The size of the answer's header, in bytes, and of the part of its body that is read.
const MOST_HEADER: usize = 16 * 1024;
const MOST_BODY: usize = 4 * 1024;
/// The time for the body of an answer that has come: nothing depends on it.
const BODY_TIME: Duration = Duration::from_secs(1);
const USER_AGENT: &str = concat!("MMMS/", env!("CARGO_PKG_VERSION"));

/// Finds the addresses of a host.
type Lookup =
    Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

#[derive(Clone)]
pub struct Poster {
    reach: Reach,
    tls: Arc<ClientConfig>,
    lookup: Lookup,
}

impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poster")
            .field("reach", &self.reach)
            .finish_non_exhaustive()
    }
}

impl Poster {
    /// Trusts the system's roots, or those of `SSL_CERT_FILE`.
    pub fn new(reach: Reach) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            reach,
            tls: Arc::new(tls),
            lookup: Arc::new(|host, port| {
                Box::pin(async move { Ok(lookup_host((host, port)).await?.collect()) })
            }),
        })
    }

    /// Posts a message. Redirects are not followed, and no proxy is used.
    pub async fn post(&self, message: &SignedMessage) -> Outcome {
        let begun = Instant::now();
        let answered = timeout(TIME_LIMIT, self.exchange(message)).await;
        let answered = answered.unwrap_or(Err(Failure::TimedOut));
        Outcome {
            status: answered.ok(),
            failure: answered.err(),
            duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    async fn exchange(&self, message: &SignedMessage) -> Result<u16, Failure> {
        // Nothing else is stored, and it was checked before.
        let url = Url::parse(&message.url).map_err(|_| Failure::NameNotFound)?;
        let socket = self.connect(&url).await?;
        match self.encrypt(&url, socket).await? {
            connect::Stream::Plain(socket) => send(message, &url, socket).await,
            connect::Stream::Encrypted(socket) => send(message, &url, socket).await,
        }
    }
}

async fn send<S>(message: &SignedMessage, url: &Url, stream: S) -> Result<u16, Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let request = request(message, url).ok_or(Failure::NoAnswer)?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MOST_HEADER)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::NoAnswer)?;
    // The connection is closed with the end of this function.
    let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender
        .send_request(request)
        .await
        .map_err(|_| Failure::NoAnswer)?;
    let status = answer.status().as_u16();
    // Some servers stop their work when the caller goes away before the end of their answer.
    let _ = timeout(BODY_TIME, read_some(answer)).await;
    Ok(status)
}

async fn read_some(answer: Response<Incoming>) {
    let mut body = answer.into_body();
    let mut read = 0;
    while read < MOST_BODY
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// Returns `None` if the message cannot be a request.
fn request(message: &SignedMessage, url: &Url) -> Option<Request<Full<Bytes>>> {
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::post(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::from(message.body.clone()))
        .ok()?;
    for (name, value) in &message.headers {
        let name: HeaderName = name.parse().ok()?;
        request
            .headers_mut()
            .insert(name, HeaderValue::from_str(value).ok()?);
    }
    Some(request)
}

#[cfg(test)]
mod tests;
