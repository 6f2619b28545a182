//! Stands between the ledger and `PostgreSQL`, to cut connections and to lose answers.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use url::Url;

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
    down: Mutex<bool>,
    refused: AtomicUsize,
    lose: Mutex<Option<Lost>>,
    connections: Mutex<JoinSet<()>>,
}

#[derive(Clone)]
pub struct Proxy {
    state: Arc<State>,
    pub url: Url,
}

impl Proxy {
    pub async fn before(server: &Url) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut url = server.clone();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(port)).unwrap();
        let state = Arc::new(State::default());
        let target = (
            server.host_str().unwrap().to_owned(),
            server.port().unwrap_or(5432),
        );
        tokio::spawn(accept(listener, target, Arc::clone(&state)));
        Self { state, url }
    }

    /// Cuts all connections and takes no new ones.
    pub fn go_down(&self) {
        *self.state.down.lock().unwrap() = true;
        self.state.connections.lock().unwrap().abort_all();
    }

    pub fn come_up(&self) {
        *self.state.down.lock().unwrap() = false;
    }

    /// How many connections were refused so far.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// The next message of that kind is carried out, and its connection cut instead of answered.
    pub fn lose_answer(&self, lost: Lost) {
        *self.state.lose.lock().unwrap() = Some(lost);
    }

    pub fn has_lost_it(&self) -> bool {
        self.state.lose.lock().unwrap().is_none()
    }
}

async fn accept(listener: TcpListener, target: (String, u16), state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        if *state.down.lock().unwrap() {
            state.refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        let (target, shared) = (target.clone(), Arc::clone(&state));
        state.connections.lock().unwrap().spawn(async move {
            // However it ends, both sides see their connection closed.
            let _ = carry(client, target, &shared).await;
        });
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
                let lost = state.lose.lock().unwrap().take_if(|lost| lost(message));
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
