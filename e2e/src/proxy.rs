//! Stands between a program and a server of TCP, to cut connections and, before `PostgreSQL`, to lose answers.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

use crate::listener::Listener;

/// What a message of the client must be for its answer to be lost.
pub type Lost = fn(&[u8]) -> bool;

/// `COMMIT`, which goes as a simple query.
pub fn commit(message: &[u8]) -> bool {
    message.windows(6).any(|word| word == b"COMMIT")
}

/// A statement that is run: Bind, which comes after it was prepared.
pub fn statement(message: &[u8]) -> bool {
    message.first() == Some(&b'B')
}

#[derive(Default)]
struct State {
    down: AtomicBool,
    refused: AtomicUsize,
    lose: Mutex<Option<Lost>>,
    connections: Mutex<JoinSet<()>>,
}

/// Carries bytes until it is dropped.
pub struct Proxy {
    state: Arc<State>,
    url: String,
    _listener: Listener,
}

impl Proxy {
    /// Before the server of this address, which has to name a port.
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
                // However it ends, both sides see their connection closed.
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

    /// The server's address with this proxy in its place.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Cuts all connections, and every new one at once.
    pub fn go_down(&self) {
        self.state.down.store(true, Ordering::SeqCst);
        let mut connections = self.state.connections.lock().expect("nobody panics");
        connections.abort_all();
    }

    pub fn come_up(&self) {
        self.state.down.store(false, Ordering::SeqCst);
    }

    /// How many connections were refused so far.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// The next message of that kind is carried out, and its connection cut instead of answered.
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
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let message = &asked[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                server.write_all(message).await?;
                let lost = state.lose.lock().expect("nobody panics").take_if(|lost| lost(message));
                if lost.is_some() {
                    return until_ready(&mut server).await;
                }
            }
            read = server.read(&mut answered) => {
                let message = &answered[..read?];
                if message.is_empty() {
                    return Ok(());
                }
                client.write_all(message).await?;
            }
        }
    }
}

/// The server says `ReadyForQuery` when it has carried out what it was asked.
async fn until_ready(server: &mut TcpStream) -> io::Result<()> {
    let mut answer = Vec::new();
    loop {
        let ready = answer.len() >= 6 && answer[answer.len() - 6..][..5] == [b'Z', 0, 0, 0, 5];
        if ready || server.read_buf(&mut answer).await? == 0 {
            return Ok(());
        }
    }
}
