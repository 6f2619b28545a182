use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn message(url: &str) -> SignedMessage {
    SignedMessage {
        url: url.to_owned(),
        headers: [("webhook-id".to_owned(), "1".to_owned())].into(),
        body: r#"{"type":"ping"}"#.to_owned(),
    }
}

/// A poster that finds these addresses for a name, one list for each look-up, the last one again and again.
fn poster(reach: Reach, found: Vec<Vec<SocketAddr>>) -> (Poster, Arc<AtomicUsize>) {
    let lookups = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&lookups);
    let lookup: Lookup = Arc::new(move |_, _| {
        let number = counted.fetch_add(1, Ordering::SeqCst).min(found.len() - 1);
        let found = found[number].clone();
        Box::pin(async move { Ok(found) })
    });
    let poster = Poster {
        lookup,
        ..Poster::new(reach).unwrap()
    };
    (poster, lookups)
}

/// A server that gives one answer to each connection, and counts them.
async fn server(answer: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    (address, connections)
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn a_name_that_changes_its_address_is_connected_to_where_it_was_checked() {
    let (checked, connections) = server(NO_CONTENT).await;
    let private: SocketAddr = format!("10.0.0.1:{}", checked.port()).parse().unwrap();
    let (poster, lookups) = poster(Reach::PublicAndLoopback, vec![vec![checked], vec![private]]);
    let url = format!("http://rebinding.example:{}/", checked.port());
    let first = poster.post(&message(&url)).await;
    assert_eq!(first.status, Some(204), "{first:?}");
    assert_eq!(
        lookups.load(Ordering::SeqCst),
        1,
        "the name is looked up once"
    );
    let second = poster.post(&message(&url)).await;
    assert_eq!(second.failure, Some(Failure::AddressRefused));
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn every_way_to_write_an_address_inside_is_refused() {
    let (inside, connections) = server(NO_CONTENT).await;
    let poster = Poster::new(Reach::Public).unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.0.1",
        "224.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{}/", inside.port());
            let outcome = poster.post(&message(&url)).await;
            assert_eq!(outcome.failure, Some(Failure::AddressRefused), "{url}");
        }
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_ones_are_tried() {
    let (inside, connections) = server(NO_CONTENT).await;
    let private: SocketAddr = format!("10.0.0.1:{}", inside.port()).parse().unwrap();
    let (poster, _) = poster(Reach::PublicAndLoopback, vec![vec![private, inside]]);
    let url = format!("http://both.example:{}/", inside.port());
    let outcome = poster.post(&message(&url)).await;
    assert_eq!(outcome.status, Some(204), "{outcome:?}");
    assert!(outcome.is_success());
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (inside, followed) = server(NO_CONTENT).await;
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{inside}/\r\ncontent-length: 0\r\n\r\n"
    );
    let (redirecting, _) = server(answer.leak()).await;
    let poster = Poster::new(Reach::PublicAndLoopback).unwrap();
    let outcome = poster
        .post(&message(&format!("http://{redirecting}/")))
        .await;
    assert_eq!(outcome.status, Some(307));
    assert!(!outcome.is_success());
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_without_an_end_is_read_in_part() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (endless, _) = server(head).await;
    let poster = Poster::new(Reach::PublicAndLoopback).unwrap();
    let outcome = poster.post(&message(&format!("http://{endless}/"))).await;
    assert!(outcome.is_success(), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_answer_is_told_apart() {
    let poster = Poster::new(Reach::PublicAndLoopback).unwrap();
    let (broken, _) = server("SMTP ready\r\n").await;
    let (silent, _) = server("").await;
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    for (url, failure) in [
        (format!("http://{broken}/"), Failure::NoAnswer),
        (format!("http://{silent}/"), Failure::NoAnswer),
        (format!("https://{broken}/"), Failure::TlsFailed),
        (format!("http://{closed}/"), Failure::ConnectionFailed),
        (
            "https://no-such-name.invalid/".to_owned(),
            Failure::NameNotFound,
        ),
    ] {
        let outcome = poster.post(&message(&url)).await;
        assert_eq!(
            (outcome.status, outcome.failure),
            (None, Some(failure)),
            "{url}"
        );
    }
}
