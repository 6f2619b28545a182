//! A real SMTP server that counts: it keeps every message that it accepted, and reacts at each step as the test's
//! script says.

mod message;
mod script;
mod session;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

pub use message::Accepted;
pub use script::{Phase, Reaction, Step, always, refuses};
pub use tls::Certificate;

use crate::listener::Listener;

type Script = Arc<dyn Fn(&Step) -> Reaction + Send + Sync>;

const WAIT: Duration = Duration::from_mins(1);

/// The settings of the server.
#[derive(Default)]
pub struct Options {
    pub tls: Tls,
    /// The only accepted user and password; without them, no login is needed.
    pub credentials: Option<(&'static str, &'static str)>,
    /// The number of mails that a session accepts, and the reply to `MAIL` after them.
    pub mails_per_session: Option<(usize, &'static str)>,
    /// The number of connections that are open at once, and the greeting of those beyond it, which are then closed.
    pub most_connections: Option<(usize, &'static str)>,
    pub pipelining: Pipelining,
}

#[derive(Default)]
pub enum Tls {
    #[default]
    None,
    /// Offered by STARTTLS.
    Offered(TlsAcceptor),
    /// From the first byte.
    Implicit(TlsAcceptor),
}

/// Whether several commands may come in one write (RFC 2920).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pipelining {
    #[default]
    Offered,
    /// Offered by a server that accepts `DATA` although it has refused every recipient.
    OfferedWithAnyData,
    NotOffered,
}

pub struct SmtpServer {
    state: Arc<State>,
    listener: Listener,
}

struct State {
    options: Options,
    script: RwLock<Script>,
    accepted: watch::Sender<Vec<Accepted>>,
    /// The number of visits of each step, by step and recipient.
    visits: Mutex<HashMap<(Phase, String), usize>>,
    /// The users who tried to log in, successfully or not.
    users: Mutex<Vec<String>>,
    sessions: AtomicUsize,
    most_sessions: AtomicUsize,
    transactions: AtomicUsize,
    answering: AtomicUsize,
}

impl SmtpServer {
    pub async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let state = Arc::new(State {
            options,
            script: RwLock::new(Arc::new(|_| Reaction::Continue)),
            accepted: watch::Sender::new(Vec::new()),
            visits: Mutex::default(),
            users: Mutex::default(),
            sessions: AtomicUsize::new(0),
            most_sessions: AtomicUsize::new(0),
            transactions: AtomicUsize::new(0),
            answering: AtomicUsize::new(0),
        });
        let serving = state.clone();
        let listener = Listener::start(move |stream, _| {
            tokio::spawn(converse(stream, serving.clone()));
        })
        .await;
        Self { state, listener }
    }

    /// Returns the `MAIL_TRANSPORT` for this server.
    pub fn transport(&self) -> String {
        format!("smtp://{}", self.listener.address())
    }

    pub fn port(&self) -> u16 {
        self.listener.address().port()
    }

    /// Sets the script that decides the reaction at each step.
    pub fn script(&self, script: impl Fn(&Step) -> Reaction + Send + Sync + 'static) {
        *self.state.script.write().expect("no script panics") = Arc::new(script);
    }

    /// Refuses connections (`false`), or accepts them again (`true`), once this returns.
    pub async fn set_open(&self, open: bool) {
        self.listener.set_open(open).await;
    }

    /// Returns every message accepted so far, in order.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.state.accepted.borrow().clone()
    }

    /// Returns the messages accepted for an address.
    pub fn to(&self, address: &str) -> Vec<Accepted> {
        let mut messages = self.accepted();
        messages.retain(|message| message.recipients.iter().any(|to| to == address));
        messages
    }

    /// Returns the number of messages accepted for each address.
    pub fn tally(&self) -> HashMap<String, usize> {
        let mut tally = HashMap::new();
        for message in self.state.accepted.borrow().iter() {
            for recipient in &message.recipients {
                *tally.entry(recipient.clone()).or_default() += 1;
            }
        }
        tally
    }

    pub fn count(&self) -> usize {
        self.state.accepted.borrow().len()
    }

    /// Waits until `count` messages were accepted.
    pub async fn accepts(&self, count: usize) {
        let mut accepted = self.state.accepted.subscribe();
        let enough = timeout(WAIT, accepted.wait_for(|messages| messages.len() >= count)).await;
        assert!(
            enough.is_ok(),
            "{} of {count} messages came within {WAIT:?}",
            self.count()
        );
    }

    /// Returns the number of visits of a step for this recipient, or for `""` in all (`Connect`, `Mail`).
    pub fn visits(&self, phase: Phase, recipient: &str) -> usize {
        let visits = self.state.visits.lock().expect("no script panics");
        let key = (phase, recipient.to_owned());
        visits.get(&key).copied().unwrap_or_default()
    }

    /// Returns the number of visits of a step for all recipients together.
    pub fn all_visits(&self, phase: Phase) -> usize {
        let visits = self.state.visits.lock().expect("no script panics");
        let of_phase = visits.iter().filter(|((visited, _), _)| *visited == phase);
        of_phase.map(|(_, count)| count).sum()
    }

    /// Returns the users who tried to log in.
    pub fn users(&self) -> Vec<String> {
        self.state.users.lock().expect("no script panics").clone()
    }

    /// Returns the number of open connections.
    pub fn sessions(&self) -> usize {
        self.state.sessions.load(Ordering::SeqCst)
    }

    /// Returns the largest number of connections that were open at once.
    pub fn most_sessions(&self) -> usize {
        self.state.most_sessions.load(Ordering::SeqCst)
    }

    /// Returns the number of mails between MAIL FROM and the last answer.
    pub fn transactions(&self) -> usize {
        self.state.transactions.load(Ordering::SeqCst)
    }

    /// Returns the number of mails that were received completely and are not answered yet.
    pub fn answering(&self) -> usize {
        self.state.answering.load(Ordering::SeqCst)
    }
}

impl State {
    fn note_user(&self, user: &str) {
        let mut users = self.users.lock().expect("no script panics");
        users.push(user.to_owned());
    }

    /// Returns the script's reaction at this step.
    fn react(&self, phase: Phase, sender: &str, recipients: &[String]) -> Reaction {
        let recipient = recipients.last().cloned().unwrap_or_default();
        let visit = {
            let mut visits = self.visits.lock().expect("no script panics");
            let visits = visits.entry((phase, recipient.clone())).or_default();
            *visits += 1;
            *visits
        };
        let script = self.script.read().expect("no script panics").clone();
        script(&Step {
            phase,
            sender,
            recipient: &recipient,
            visit,
        })
    }
}

async fn converse(stream: TcpStream, state: Arc<State>) {
    let _session = Counted::one(&state.sessions);
    let now = state.sessions.load(Ordering::SeqCst);
    state.most_sessions.fetch_max(now, Ordering::SeqCst);
    // The client may disconnect at any moment, which is no error of the server.
    let _ = session::run(stream, &state).await;
}

/// Increments a counter for as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one(counter: &'a AtomicUsize) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
