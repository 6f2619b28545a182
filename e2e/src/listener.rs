//! A port on loopback that can be closed and opened again.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const WAIT: Duration = Duration::from_mins(1);

/// A listener, which accepts connections until it is dropped.
pub struct Listener {
    address: SocketAddr,
    open: watch::Sender<bool>,
    listening: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Passes each connection, with its peer's address, to `take`.
    pub async fn start(take: impl Fn(TcpStream, SocketAddr) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("the port's number");
        let (open, opened) = watch::channel(true);
        let (now_listening, listening) = watch::channel(true);
        Self {
            address,
            open,
            listening,
            task: tokio::spawn(listen(listener, address, take, opened, now_listening)),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn listening(&self) -> watch::Receiver<bool> {
        self.listening.clone()
    }

    /// Refuses connections (`false`), or accepts them again (`true`), once this returns.
    pub async fn set_open(&self, open: bool) {
        self.open.send_replace(open);
        let mut listening = self.listening();
        let settled = timeout(WAIT, listening.wait_for(|listening| *listening == open)).await;
        settled.expect("the listener follows").expect("it runs");
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(
    mut listener: TcpListener,
    address: SocketAddr,
    take: impl Fn(TcpStream, SocketAddr),
    mut open: watch::Receiver<bool>,
    listening: watch::Sender<bool>,
) {
    loop {
        tokio::select! {
            connection = listener.accept() => {
                if let Ok((stream, peer)) = connection {
                    take(stream, peer);
                }
                continue;
            }
            closed = open.wait_for(|open| !open) => if closed.is_err() { return },
        }
        drop(listener);
        listening.send_replace(false);
        if open.wait_for(|open| *open).await.is_err() {
            return;
        }
        listener = TcpListener::bind(address).await.expect("the same port");
        listening.send_replace(true);
    }
}
