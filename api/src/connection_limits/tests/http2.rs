//! Connections of HTTP/2.

use super::*;

/// The type and the payload of the next frame.
async fn next_frame(connection: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 9];
    let read = timeout(LONG, connection.read_exact(&mut head)).await;
    read.expect("a frame").unwrap();
    let length = usize::from(head[1]) << 8 | usize::from(head[2]);
    let mut payload = vec![0; length];
    connection.read_exact(&mut payload).await.unwrap();
    (head[3], payload)
}

#[tokio::test]
async fn pings_do_not_keep_an_http2_connection() {
    let limits = Limits {
        patience: SHORT,
        ..WIDE
    };
    for kept_by in [frame::PING, frame::EMPTY_SETTINGS] {
        let connection = open_http2(server(limits).await, &frame::request(1, "/")).await;
        let (mut reading, writing) = connection.into_split();
        let dripping = drip(writing, kept_by);
        let answer = until_end(&mut reading).await;
        assert!(answer.windows(5).any(|octets| octets == b"hello"));
        dripping.abort();
    }
}

#[tokio::test]
async fn an_http2_connection_has_so_many_streams_and_so_large_heads() {
    let mut connection = open_http2(server(WIDE).await, b"").await;
    let (kind, settings) = next_frame(&mut connection).await;
    assert_eq!(kind, frame::SETTINGS);
    let settings: Vec<_> = settings.chunks(6).collect();
    assert!(
        settings.contains(&&[0, 3, 0, 0, 0, 32][..]),
        "streams: {settings:?}"
    );
    assert!(
        settings.contains(&&[0, 6, 0, 0, 64, 0][..]),
        "header list: {settings:?}"
    );
    for stream in 0..33 {
        let request = frame::request(2 * stream + 1, "/slow");
        connection.write_all(&request).await.unwrap();
    }
    let refused = loop {
        let (kind, payload) = next_frame(&mut connection).await;
        if kind == frame::RST_STREAM {
            break payload;
        }
    };
    assert_eq!(refused, [0, 0, 0, 7], "REFUSED_STREAM");
}

#[tokio::test]
async fn an_old_http2_connection_ends_however_many_requests_it_brings() {
    let limits = Limits {
        age: SHORT,
        patience: SHORT,
        ..WIDE
    };
    let mut connection = open_http2(server(limits).await, b"").await;
    let mut stream = 1;
    let ending = async {
        loop {
            let request = frame::request(stream, "/");
            if connection.write_all(&request).await.is_err() {
                break;
            }
            let mut some = [0; 1024];
            if !matches!(connection.read(&mut some).await, Ok(1..)) {
                break;
            }
            stream = (stream + 2) % 250;
        }
    };
    timeout(LONG, ending).await.expect("the server ends it");
}

#[test]
fn http2_is_known_by_its_first_octets_however_they_come() {
    let mut protocol = Protocol::Unknown { matched: 0 };
    for octet in PREFACE {
        assert!(matches!(protocol, Protocol::Unknown { .. }));
        protocol = protocol.after(&[*octet]);
    }
    assert_eq!(protocol, Protocol::Http2);
    let start = Protocol::Unknown { matched: 0 };
    assert_eq!(start.after(PREFACE), Protocol::Http2);
    assert_eq!(start.after(b"P").after(b"OST /"), Protocol::Http1);
}
