//! Limits of connections: the time that a connection may keep the service waiting, its age, and the number of
//! connections. When there are too many, an idle or slow one is closed.
//!
//! hyper reads and writes through [`Connection`], which ends itself by returning an error. What a connection is doing is
//! known from two sides: [`Connection`] sees the octets, and [`Requests`], around the application, sees which requests
//! are under way. So no frame of HTTP/2 has to be understood: of HTTP/2 only requests count, whatever else is exchanged.

mod limits;
mod registry;
mod requests;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::WaitForCancellationFutureOwned;

pub use limits::Limits;
use registry::{Place, Registry};
pub use requests::{Arriving, OfConnection, Requests};

/// The first octets of each HTTP/2 connection (<https://www.rfc-editor.org/rfc/rfc9113#section-3.4>).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Accepts connections that keep to limits. When every place is taken, a new connection gets that of the longest idle
/// one, which is closed; see [`Registry::make_room`].
#[derive(Debug)]
pub struct Bounded<A> {
    inner: A,
    registry: Arc<Registry>,
}

impl<A> Bounded<A> {
    pub fn new(inner: A, limits: Limits) -> Self {
        Self {
            inner,
            registry: Arc::new(Registry::new(limits)),
        }
    }

    /// To be put around the application: tells the connections which requests are under way.
    pub fn requests(&self) -> Requests {
        Requests(Arc::clone(&self.registry))
    }
}

impl<A: Acceptor> Acceptor for Bounded<A> {
    type Io = Connection<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let (inner, local, remote, scheme) = self.inner.accept().await?;
        let place = Registry::enter(&self.registry, &remote).await?;
        let connection = Connection {
            inner,
            told_to_go: Box::pin(place.progress.told_to_go.clone().cancelled_owned()),
            deadline: Box::pin(sleep_until(place.progress.deadline())),
            protocol: Protocol::Unknown { matched: 0 },
            place,
        };
        Ok((connection, local, remote, scheme))
    }
}

/// The protocol of a connection, by the first octets that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// So many octets were read, all of them the preface of HTTP/2.
    Unknown {
        matched: usize,
    },
    Http1,
    Http2,
}

impl Protocol {
    fn after(self, read: &[u8]) -> Self {
        let Self::Unknown { matched } = self else {
            return self;
        };
        let expected = &PREFACE[matched..];
        let length = read.len().min(expected.len());
        if read[..length] != expected[..length] {
            Self::Http1
        } else if length == expected.len() {
            Self::Http2
        } else {
            Self::Unknown {
                matched: matched + length,
            }
        }
    }
}

/// A connection that fails after the deadline of its progress, or when it is told to close.
///
/// With HTTP/1.1 the deadline is put off by what is written and by a request that begins or ends, not by octets that
/// are read: a request could be sent drop by drop for ever. With HTTP/2 it is put off by requests alone: PING and
/// SETTINGS are answered, so that what is written says nothing of progress there.
pub struct Connection<T> {
    inner: T,
    /// When to look next: the deadline may have been put off meanwhile.
    deadline: Pin<Box<Sleep>>,
    told_to_go: Pin<Box<WaitForCancellationFutureOwned>>,
    protocol: Protocol,
    place: Place,
}

impl<T> fmt::Debug for Connection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<T> Connection<T> {
    fn read(&mut self, octets: &[u8]) {
        if octets.is_empty() {
            return;
        }
        self.protocol = self.protocol.after(octets);
        if self.protocol == Protocol::Http2 {
            self.place.progress.no_head();
        } else if self.place.progress.begin_head() {
            let deadline = self.place.progress.deadline();
            self.deadline.as_mut().reset(deadline);
        }
    }

    fn wrote(&self, polled: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(1..)) = polled
            && self.protocol != Protocol::Http2
        {
            self.place.progress.wrote();
        }
    }

    /// Checks the deadline before each step, not only when the connection is pending: a peer may keep it busy.
    fn check(&mut self) -> io::Result<()> {
        if self.place.progress.told_to_go.is_cancelled() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let now = Instant::now();
        if now >= self.deadline.deadline() {
            let deadline = self.place.progress.deadline();
            if now >= deadline {
                // For good: the request that fails by it would put the deadline off.
                self.place.progress.told_to_go.cancel();
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.deadline.as_mut().reset(deadline);
        }
        Ok(())
    }

    /// If the connection is pending, registers the task to be woken when the connection has to end.
    fn unless_over<R>(
        &mut self,
        polled: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        if polled.is_ready() {
            return polled;
        }
        if self.told_to_go.as_mut().poll(cx).is_pending() {
            loop {
                ready!(self.deadline.as_mut().poll(cx));
                if let Err(error) = self.check() {
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check()?;
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(cx, buffer);
        this.read(&buffer.filled()[before..]);
        this.unless_over(polled, cx)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check()?;
        let polled = Pin::new(&mut this.inner).poll_write(cx, bytes);
        this.wrote(&polled);
        this.unless_over(polled, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check()?;
        let polled = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        this.wrote(&polled);
        this.unless_over(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_flush(cx);
        this.unless_over(polled, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.unless_over(polled, cx)
    }
}
