//! A TCP proxy between a program and a server, which cuts connections and, in front of `PostgreSQL`, loses answers.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

use crate::listener::Listener;

/// Selects the message of the client whose answer is lost.
pub type Lost = fn(&[u8]) -> bool;

/// Selects a statement that is executed: Bind, which comes after it was prepared.
pub fn statement(message: &[u8]) -> bool {
    message.first() == Some(&b'B')
}

#[derive(Default)]
struct State {
    down: AtomicBool,
    refused: AtomicUsize,
    round_trips: AtomicUsize,
    lose: Mutex<Option<Lost>>,
    connections: Mutex<JoinSet<()>>,
}

/// A proxy, which runs until it is dropped.
pub struct Proxy {
    state: Arc<State>,
    url: String,
    _listener: Listener,
}

impl Proxy {
    /// Creates a proxy in front of the server at this URL, which must name a port.
    pub async fn before(server: &str) -> Self {
        let mut url = Url::parse(server).expect("a URL");
        let host = url.host_str().expect("a host").to_owned();
        let target = (host, url.port().expect("a port"));
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let listener = Listener::start(move |client, _| {
            if shared.down.load(Ordering::SeqCst) {
                shared.refused.fetch_add(1, Ordering::SeqCst);
                return;
            }
            let (target, state) = (target.clone(), Arc::clone(&shared));
            let mut connections = shared.connections.lock().expect("nobody panics");
            connections.spawn(async move {
                // Both sides see their connection closed, regardless of the result.
                let _ = carry(client, target, &state).await;
            });
        })
        .await;
        url.set_host(Some("127.0.0.1")).expect("a host");
        let port = listener.address().port();
        url.set_port(Some(port)).expect("a port");
        Self {
            state,
            url: url.to_string(),
            _listener: listener,
        }
    }

    /// Returns the server's URL with the address of this proxy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts all connections, and refuses new ones.
    pub fn go_down(&self) {
        self.state.down.store(true, Ordering::SeqCst);
        let mut connections = self.state.connections.lock().expect("nobody panics");
        connections.abort_all();
    }

    pub fn come_up(&self) {
        self.state.down.store(false, Ordering::SeqCst);
    }

    /// Returns the number of refused connections so far.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// Returns the number of times so far that a client has asked something after the server's last answer.
    pub fn round_trips(&self) -> usize {
        self.state.round_trips.load(Ordering::SeqCst)
    }

    /// Lets the next message of that kind be executed, and then cuts its connection instead of answering.
    pub fn lose_answer(&self, lost: Lost) {
        *self.state.lose.lock().expect("nobody panics") = Some(lost);
    }

    pub fn has_lost_it(&self) -> bool {
        self.state.lose.lock().expect("nobody panics").is_none()
    }
}

async fn carry(mut client: TcpStream, target: (String, u16), state: &State) -> io::Result<()> {
    let mut server = TcpStream::connect(target).await?;
    let (mut asked, mut answered) = ([0; 4096], [0; 4096]);
    let mut asks = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let message = &asked[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                if !std::mem::replace(&mut asks, true) {
                    state.round_trips.fetch_add(1, Ordering::SeqCst);
                }
                server.write_all(message).await?;
                let lost = state.lose.lock().expect("nobody panics").take_if(|lost| lost(message));
                if lost.is_some() {
                    return until_ready(&mut client, &mut server).await;
                }
            }
            read = server.read(&mut answered) => {
                let message = &answered[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                asks = false;
                client.write_all(message).await?;
            }
        }
    }
}

/// The server sends `ReadyForQuery` when it has executed the query, whose rest the client may still be sending.
async fn until_ready(client: &mut TcpStream, server: &mut TcpStream) -> io::Result<()> {
    let (mut rest, mut answer) = ([0; 4096], Vec::new());
    loop {
        tokio::select! {
            read = client.read(&mut rest) => {
                let message = &rest[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                server.write_all(message).await?;
            }
            read = server.read_buf(&mut answer) => {
                if read? == 0 || answer.len() >= 6 && answer[answer.len() - 6..][..5] == [b'Z', 0, 0, 0, 5] {
                    return Ok(());
                }
            }
        }
    }
}
