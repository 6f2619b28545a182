//! Failures before, instead of and around an answer.

use std::io;

use aws_credential_types::provider::{
    ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future,
};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::*;

const NOT_CONNECTED: (&str, &str, Option<Fault>) =
    ("not accepted", "not_connected", Some(Fault::NotConnected));

/// Enough for one call, too little for a connection that is never established.
const SHORT: Duration = Duration::from_millis(2500);

/// The address of a server that has just stopped.
async fn nobody() -> io::Result<std::net::SocketAddr> {
    TcpListener::bind("127.0.0.1:0").await?.local_addr()
}

#[tokio::test]
async fn a_mail_that_nobody_took_a_connection_for_is_surely_not_accepted() {
    let nobody = nobody().await.unwrap();
    for url in [
        format!("http://{nobody}"),
        format!("https://{nobody}"),
        "http://ses.invalid:4566".to_owned(),
    ] {
        assert_eq!(short(&send_one(&url, LIMIT).await), NOT_CONNECTED, "{url}");
    }
}

#[tokio::test]
async fn without_tls_nothing_is_said() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let url = server.url.replace("http:", "https:");
    assert_eq!(short(&send_one(&url, LIMIT).await), NOT_CONNECTED);
    assert!(server.requests().is_empty());
}

/// A listener whose queue of connections is full: connecting to it hangs.
async fn full() -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
    {
        waiting.push(stream);
    }
    (listener, waiting)
}

#[tokio::test]
async fn a_connection_that_does_not_come_is_none_whichever_limit_ends_it() {
    let (listener, _waiting) = full().await;
    let url = format!("http://{}", listener.local_addr().unwrap());
    for limit in [SHORT, LIMIT] {
        let started = Instant::now();
        assert_eq!(short(&send_one(&url, limit).await), NOT_CONNECTED);
        assert!(started.elapsed() < LIMIT / 2);
    }
}

#[tokio::test]
async fn without_an_answer_nobody_knows() {
    let half = Reply::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"MessageId\":");
    for (reply, limit, code) in [
        (HANG_UP, LIMIT, "connection_lost"),
        (half, LIMIT, "unclear_answer"),
        (Reply::Silence, SHORT, "timeout"),
    ] {
        let server = Server::start(move |_, _| reply.clone()).await;
        let outcome = send_one(&server.url, limit).await;
        assert_eq!(short(&outcome), ("unknown", code, None), "{outcome:?}");
        assert_eq!(server.requests().len(), 1, "it is not sent again");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_at_once_may_have_read_the_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let outcome = send_one(&url, LIMIT).await;
    assert_eq!(short(&outcome), ("unknown", "connection_lost", None));
}

#[tokio::test]
async fn a_connection_is_used_again_whatever_the_limit_of_a_call() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let ses = ses(&server.url).await;
    for limit in [LIMIT, LIMIT / 2, LIMIT / 3] {
        let outcomes = ses.send(&mailing(), &recipients(1), limit).await;
        assert_eq!(short(&outcomes[0]).0, "accepted");
    }
    assert_eq!(server.http.connections(), 1);
}

#[tokio::test]
async fn a_server_that_is_gone_since_the_last_mail_has_not_accepted_the_next() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    let ses = ses(&server.url).await;
    let sent = ses.send(&mailing(), &recipients(1), LIMIT).await;
    assert_eq!(short(&sent[0]).0, "accepted");
    server.http.stop().await;
    let outcomes = ses.send(&mailing(), &recipients(1), LIMIT).await;
    assert_eq!(short(&outcomes[0]), NOT_CONNECTED);
}

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("none")))
    }
}

/// A provider of credentials that hangs.
#[derive(Debug)]
struct SlowCredentials;

impl ProvideCredentials for SlowCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(std::future::pending())
    }
}

#[tokio::test]
async fn without_credentials_the_mail_waits() {
    let server = Server::start(|_, _| ok(&json!({ "MessageId": "m" }))).await;
    for (credentials, expected) in [
        (
            SharedCredentialsProvider::new(NoCredentials),
            ("not accepted", "account", Some(Fault::Account)),
        ),
        (
            SharedCredentialsProvider::new(SlowCredentials),
            ("not accepted", "timeout", Some(Fault::NotTried)),
        ),
    ] {
        let aws = Aws::at(server.url.clone(), credentials).await;
        let ses = Ses::new(Arc::new(aws), None);
        let outcomes = ses.send(&mailing(), &recipients(1), SHORT).await;
        assert_eq!(short(&outcomes[0]), expected);
    }
    assert!(server.requests().is_empty());
}
