//! Counts what passes to `PostgreSQL`
//! (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The requests for encryption, after which the start-up message is still to come.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

#[derive(Default)]
pub struct Counts {
    /// The times that a client sent something after an answer of the server.
    round_trips: AtomicU64,
    /// The Execute and Query messages.
    statements: AtomicU64,
}

impl Counts {
    pub fn reset(&self) {
        self.round_trips.store(0, Ordering::Relaxed);
        self.statements.store(0, Ordering::Relaxed);
    }

    pub fn report(&self) -> Value {
        json!({
            "round_trips": self.round_trips.load(Ordering::Relaxed),
            "statements": self.statements.load(Ordering::Relaxed),
        })
    }
}

/// Passes connections on to the server until it is aborted.
pub async fn serve(listener: TcpListener, server: String, counts: Arc<Counts>) {
    while let Ok((client, _)) = listener.accept().await {
        if let Ok(server) = TcpStream::connect(&server).await {
            tokio::spawn(pass(client, server, Arc::clone(&counts)));
        }
    }
}

async fn pass(client: TcpStream, server: TcpStream, counts: Arc<Counts>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answered = Arc::new(AtomicBool::new(true));
    let server_answered = Arc::clone(&answered);
    tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            server_answered.store(true, Ordering::SeqCst);
            if to_client.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
    });
    let mut messages = Messages::default();
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
        if answered.swap(false, Ordering::SeqCst) {
            counts.round_trips.fetch_add(1, Ordering::Relaxed);
        }
        let statements = messages.feed(&buffer[..count]);
        counts.statements.fetch_add(statements, Ordering::Relaxed);
        if to_server.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
}

/// Finds the messages in a client's bytes.
#[derive(Default)]
struct Messages {
    is_started: bool,
    head: Vec<u8>,
    /// The bytes that remain of the current message.
    rest: usize,
}

impl Messages {
    /// Returns the number of statements that begin in these bytes.
    fn feed(&mut self, mut bytes: &[u8]) -> u64 {
        let mut statements = 0;
        while !bytes.is_empty() {
            if self.rest > 0 {
                let skipped = self.rest.min(bytes.len());
                self.rest -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            // A tag and the length, or the length and the code of a start-up message, which has no tag.
            let length = if self.is_started { 5 } else { 8 };
            let taken = (length - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.head.len() < length {
                break;
            }
            if self.is_started {
                statements += u64::from(matches!(self.head[0], b'E' | b'Q'));
                self.rest = (number(&self.head[1..5]) as usize).saturating_sub(4);
            } else {
                self.is_started = !ENCRYPTION.contains(&number(&self.head[4..8]));
                self.rest = (number(&self.head[..4]) as usize).saturating_sub(8);
            }
            self.head.clear();
        }
        statements
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 4).expect("a short message");
        [&[tag], length.to_be_bytes().as_slice(), content].concat()
    }

    #[test]
    fn statements_are_counted_however_their_bytes_arrive() {
        let startup = [
            &12_u32.to_be_bytes()[..],
            &196_608_u32.to_be_bytes(),
            b"user",
        ]
        .concat();
        let encryption = [8_u32.to_be_bytes(), 80_877_103_u32.to_be_bytes()].concat();
        let bytes = [
            encryption,
            startup,
            message(b'p', b"password"),
            message(b'P', b"EEQQ"),
            message(b'E', b"portal"),
            message(b'S', b""),
            message(b'Q', b"COMMIT"),
        ]
        .concat();
        for size in 1..=bytes.len() {
            let mut messages = Messages::default();
            let statements: u64 = bytes.chunks(size).map(|chunk| messages.feed(chunk)).sum();
            assert_eq!(statements, 2, "in pieces of {size}");
        }
    }
}
