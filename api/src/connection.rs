//! How long a connection may keep the service waiting, and how many there may be.

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep},
};

/// How long a connection may be idle; also how long a request may take from its first octet to the first of its
/// answer: more than a body may take to arrive and mail to be sent.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Connections at a time; more wait until they are accepted. Below the 1,024 files that a process may usually open.
pub const MAX_CONNECTIONS: usize = 500;

/// Accepts connections that end when they are waited for too long.
#[derive(Debug)]
pub struct Patient<A> {
    inner: A,
    patience: Duration,
    places: Arc<Semaphore>,
}

impl<A> Patient<A> {
    pub fn new(inner: A, patience: Duration, connections: usize) -> Self {
        Self {
            inner,
            patience,
            places: Arc::new(Semaphore::new(connections)),
        }
    }
}

impl<A: Acceptor> Acceptor for Patient<A> {
    type Io = Connection<A::Io>;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.inner.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        let (inner, local, remote, scheme) = self.inner.accept().await?;
        let connection = Connection {
            inner,
            patience: self.patience,
            deadline: Box::pin(sleep(self.patience)),
            idle: true,
            _place: place,
        };
        Ok((connection, local, remote, scheme))
    }
}

/// Has a deadline that what is written puts off, and the first octet read after it. Further octets read do not: who
/// sends a request drop by drop would hold the connection for ever.
pub struct Connection<T> {
    inner: T,
    patience: Duration,
    deadline: Pin<Box<Sleep>>,
    /// Whether nothing was read since something was written.
    idle: bool,
    _place: OwnedSemaphorePermit,
}

impl<T> fmt::Debug for Connection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl<T> Connection<T> {
    fn put_off(&mut self) {
        let deadline = Instant::now() + self.patience;
        self.deadline.as_mut().reset(deadline);
    }

    fn wrote(&mut self) {
        self.idle = true;
        self.put_off();
    }

    /// Whether the deadline has passed; if not, the task is woken when it does.
    fn overdue<R>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn unless_overdue<R>(
        &mut self,
        polled: Poll<io::Result<R>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<R>> {
        match polled {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => self.overdue(cx),
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(cx, buffer);
        if this.idle && buffer.filled().len() > before {
            this.idle = false;
            this.put_off();
        }
        this.unless_overdue(polled, cx)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(1..)) = polled {
            this.wrote();
        }
        this.unless_overdue(polled, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(1..)) = polled {
            this.wrote();
        }
        this.unless_overdue(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_flush(cx);
        this.unless_overdue(polled, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.unless_overdue(polled, cx)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::{
        Route, Server, get, handler,
        listener::{Listener, TcpListener},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::{interval, timeout},
    };

    use super::*;

    const SHORT: Duration = Duration::from_millis(300);
    /// Far more than anything here takes.
    const LONG: Duration = Duration::from_secs(20);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

    #[handler]
    fn hello() -> &'static str {
        "hello"
    }

    async fn server(patience: Duration, connections: usize) -> SocketAddr {
        let bound = TcpListener::bind("127.0.0.1:0").into_acceptor().await;
        let acceptor = Patient::new(bound.unwrap(), patience, connections);
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        tokio::spawn(Server::new_with_acceptor(acceptor).run(Route::new().at("/", get(hello))));
        address
    }

    /// All that comes until the other side ends the connection.
    async fn until_end(connection: &mut (impl AsyncReadExt + Unpin)) -> String {
        let mut answer = Vec::new();
        // Ended in the middle of a request, it may also be reset.
        let _ = timeout(LONG, connection.read_to_end(&mut answer))
            .await
            .expect("the server ends the connection");
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_request_that_never_becomes_whole_is_ended() {
        let address = server(SHORT, 10).await;
        for part in ["", "G", "GET / HTTP/1.1\r\nhost: local"] {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(part.as_bytes()).await.unwrap();
            assert!(!until_end(&mut connection).await.contains("200"), "{part}");
        }
    }

    #[tokio::test]
    async fn a_request_that_comes_drop_by_drop_is_ended() {
        let address = server(SHORT, 10).await;
        let connection = TcpStream::connect(address).await.unwrap();
        let (mut reading, mut writing) = connection.into_split();
        let dripping = tokio::spawn(async move {
            let mut drops = interval(SHORT / 10);
            let mut drop = &REQUEST[..20];
            while writing.write_all(drop).await.is_ok() {
                drop = b"x";
                drops.tick().await;
            }
        });
        assert!(!until_end(&mut reading).await.contains("200"));
        dripping.abort();
    }

    #[tokio::test]
    async fn a_connection_that_is_idle_after_an_answer_is_ended() {
        let address = server(SHORT, 10).await;
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(REQUEST).await.unwrap();
        assert!(until_end(&mut connection).await.ends_with("hello"));
    }

    #[tokio::test]
    async fn one_more_connection_waits_until_another_ends() {
        let address = server(LONG, 1).await;
        let first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        let mut octet = [0];
        let early = timeout(SHORT, second.read_exact(&mut octet)).await;
        assert!(early.is_err(), "answered beside the first");
        drop(first);
        let late = timeout(LONG, second.read_exact(&mut octet)).await;
        assert!(late.expect("answered after the first").is_ok());
    }
}
