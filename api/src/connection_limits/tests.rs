mod http2;

use std::{net::SocketAddr, time::Duration};

use poem::{
    EndpointExt, Route, get, handler,
    listener::{Acceptor, Listener, TcpListener},
    web::Data,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedWriteHalf},
    sync::Semaphore,
    task::JoinHandle,
    time::{interval, timeout},
};

use super::*;
use crate::server::http;

const SHORT: Duration = Duration::from_millis(300);
/// Far more than anything here takes.
const LONG: Duration = Duration::from_secs(20);
/// No limit is reached.
const WIDE: Limits = Limits {
    connections: 10,
    head: LONG,
    patience: LONG,
    age: LONG,
    slow: LONG,
};
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const SLOW_REQUEST: &[u8] = b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n";
const BODY_BEGUN: &[u8] = b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nx";
const LONG_BODY_BEGUN: &[u8] =
    b"POST /body HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999\r\n\r\n";

/// Frames of HTTP/2 (<https://www.rfc-editor.org/rfc/rfc9113#section-4.1>): length, type, flags, stream, payload.
mod frame {
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const EMPTY_SETTINGS: &[u8] = &[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0];
    pub const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

    /// A GET without a body. The fields by their places in HPACK's table: GET, http, and the path as a literal.
    pub fn request(stream: u8, path: &str) -> Vec<u8> {
        let mut fields = vec![0x82, 0x86, 0x04, u8::try_from(path.len()).unwrap()];
        fields.extend(path.as_bytes());
        let length = u8::try_from(fields.len()).unwrap();
        let ends_stream_and_headers = 5;
        let mut frame = vec![0, 0, length, HEADERS, ends_stream_and_headers];
        frame.extend([0, 0, 0, stream]);
        frame.extend(fields);
        frame
    }
}

/// Signals by which a test and the handlers wait for each other.
struct Signals {
    /// One for each request that has got to its handler.
    begun: Semaphore,
    /// One for each request that may be answered.
    go_on: Semaphore,
}

struct Bench {
    address: SocketAddr,
    signals: Arc<Signals>,
}

#[handler]
fn hello() -> &'static str {
    "hello"
}

#[handler]
async fn slow(signals: Data<&Arc<Signals>>) -> &'static str {
    signals.begun.add_permits(1);
    signals.go_on.acquire().await.unwrap().forget();
    "at last"
}

/// As `payload` reads a body.
#[handler]
async fn read_body(
    signals: Data<&Arc<Signals>>,
    request: &poem::Request,
    content: poem::Body,
) -> String {
    let connection = request.extensions().get::<OfConnection>().unwrap();
    let _arriving = connection.body_arrives();
    signals.begun.add_permits(1);
    content.into_string().await.unwrap_or_default()
}

async fn server(limits: Limits) -> SocketAddr {
    bench(limits).await.address
}

async fn bench(limits: Limits) -> Bench {
    let signals = Arc::new(Signals {
        begun: Semaphore::new(0),
        go_on: Semaphore::new(0),
    });
    let bound = TcpListener::bind("127.0.0.1:0").into_acceptor().await;
    let acceptor = Bounded::new(bound.unwrap(), limits);
    let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
    let route = Route::new()
        .at("/", get(hello))
        .at("/slow", get(slow))
        .at("/body", poem::post(read_body))
        .data(Arc::clone(&signals))
        .with(acceptor.requests());
    tokio::spawn(http(acceptor).run(route));
    Bench { address, signals }
}

impl Bench {
    /// A connection with a request that has got to its handler.
    async fn open_under_way(&self, request: &[u8]) -> TcpStream {
        let connection = open(self.address, request).await;
        let begun = timeout(LONG, self.signals.begun.acquire()).await;
        begun.expect("the request begins").unwrap().forget();
        connection
    }

    /// One whose handler is at work, and one whose body is on its way.
    async fn busy_and_sending(&self) -> (TcpStream, TcpStream) {
        let busy = self.open_under_way(SLOW_REQUEST).await;
        (busy, self.open_under_way(BODY_BEGUN).await)
    }

    async fn is_answered_at_last(&self, busy: &mut TcpStream) {
        self.signals.go_on.add_permits(1);
        until(busy, "at last").await;
    }
}

async fn open(address: SocketAddr, sent: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(sent).await.unwrap();
    connection
}

async fn open_http2(address: SocketAddr, frames: &[u8]) -> TcpStream {
    open(address, &[PREFACE, frame::EMPTY_SETTINGS, frames].concat()).await
}

/// All that comes until the other side ends the connection.
async fn until_end(connection: &mut (impl AsyncReadExt + Unpin)) -> Vec<u8> {
    let mut answer = Vec::new();
    // Ended in the middle of a request, it may also be reset.
    let _ = timeout(LONG, connection.read_to_end(&mut answer))
        .await
        .expect("the server ends the connection");
    answer
}

async fn until(connection: &mut TcpStream, end: &str) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(end.as_bytes()) {
        let octet = timeout(LONG, connection.read_u8()).await;
        answer.push(octet.expect("an answer").expect("the whole answer"));
    }
    String::from_utf8(answer).unwrap()
}

fn is_answered(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 200")
}

/// Sends the same again and again until the connection ends.
fn drip(mut writing: OwnedWriteHalf, drop: &'static [u8]) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut drops = interval(SHORT / 10);
        while writing.write_all(drop).await.is_ok() {
            drops.tick().await;
        }
    })
}

#[tokio::test]
async fn a_first_request_head_has_to_be_whole_in_time() {
    let limits = Limits {
        head: SHORT,
        ..WIDE
    };
    let address = server(limits).await;
    for part in ["", "G", "PRI * HT", "GET / HTTP/1.1\r\nhost: local"] {
        let mut connection = open(address, part.as_bytes()).await;
        assert!(!is_answered(&until_end(&mut connection).await), "{part}");
    }
    let mut connection = open_http2(address, b"").await;
    until_end(&mut connection).await;
}

#[tokio::test]
async fn a_later_request_head_has_to_be_whole_in_time_too() {
    let limits = Limits {
        head: SHORT,
        ..WIDE
    };
    let mut connection = open(server(limits).await, REQUEST).await;
    until(&mut connection, "hello").await;
    connection.write_all(&REQUEST[..20]).await.unwrap();
    assert!(until_end(&mut connection).await.is_empty());
}

#[tokio::test]
async fn a_request_that_comes_drop_by_drop_is_ended() {
    for begun in [&REQUEST[..20], LONG_BODY_BEGUN] {
        let limits = Limits {
            head: SHORT,
            patience: SHORT,
            ..WIDE
        };
        let connection = open(server(limits).await, begun).await;
        let (mut reading, writing) = connection.into_split();
        let dripping = drip(writing, b"x");
        assert!(!is_answered(&until_end(&mut reading).await));
        dripping.abort();
    }
}

#[tokio::test]
async fn a_connection_that_is_idle_after_an_answer_is_ended() {
    let limits = Limits {
        patience: SHORT,
        ..WIDE
    };
    let mut connection = open(server(limits).await, REQUEST).await;
    assert!(until_end(&mut connection).await.ends_with(b"hello"));
}

#[tokio::test]
async fn an_old_connection_answers_once_more_and_closes() {
    let limits = Limits {
        age: Duration::ZERO,
        ..WIDE
    };
    let mut connection = open(server(limits).await, REQUEST).await;
    let answer = until_end(&mut connection).await;
    assert!(is_answered(&answer) && answer.ends_with(b"hello"));
    assert!(
        String::from_utf8(answer)
            .unwrap()
            .contains("connection: close")
    );
}

#[tokio::test]
async fn a_new_connection_gets_the_place_of_the_longest_idle_one() {
    let limits = Limits {
        connections: 3,
        ..WIDE
    };
    let bench = bench(limits).await;
    let address = bench.address;
    // Silent since its start, then idle since an answer, then one whose request is under way.
    let mut silent = open(address, b"").await;
    let mut idle = open(address, REQUEST).await;
    until(&mut idle, "hello").await;
    let mut busy = bench.open_under_way(SLOW_REQUEST).await;

    let mut new = open(address, REQUEST).await;
    assert!(until(&mut new, "hello").await.contains("200"));
    assert!(until_end(&mut silent).await.is_empty());
    idle.write_all(REQUEST).await.unwrap();
    until(&mut idle, "hello").await;

    let mut newer = open(address, REQUEST).await;
    until(&mut newer, "hello").await;
    assert!(until_end(&mut new).await.is_empty());
    bench.is_answered_at_last(&mut busy).await;
}

#[tokio::test]
async fn a_new_connection_gets_the_place_of_one_that_is_slow_to_send() {
    let limits = Limits {
        connections: 2,
        slow: Duration::ZERO,
        ..WIDE
    };
    let bench = bench(limits).await;
    let address = bench.address;
    let (mut busy, mut sending) = bench.busy_and_sending().await;

    let mut new = open(address, &REQUEST[..20]).await;
    assert!(!is_answered(&until_end(&mut sending).await));
    let mut newer = open(address, REQUEST).await;
    until(&mut newer, "hello").await;
    assert!(until_end(&mut new).await.is_empty());
    bench.is_answered_at_last(&mut busy).await;
}

#[tokio::test]
async fn a_new_connection_waits_while_all_others_are_at_work() {
    let limits = Limits {
        connections: 2,
        ..WIDE
    };
    let bench = bench(limits).await;
    let address = bench.address;
    let (mut busy, mut sending) = bench.busy_and_sending().await;
    let mut new = open(address, REQUEST).await;
    let early = timeout(SHORT, new.read_u8()).await;
    assert!(early.is_err(), "answered beside the others");
    bench.is_answered_at_last(&mut busy).await;
    until(&mut new, "hello").await;
    sending.write_all(b"xxxxxxxx").await.unwrap();
    until(&mut sending, "xxxxxxxxx").await;
}
