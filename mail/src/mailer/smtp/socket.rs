//! Sockets to a mail server, which send each write at once: the final dot of a mail is a small write behind a large one,
//! and Nagle's algorithm holds it back until the server acknowledges the large one, which it may delay by 40 ms
//! (RFC 1122, 4.2.3.2).

use std::{io, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

/// The time for one of the host's addresses, so that the next one gets its turn.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the first of the host's addresses that answers.
pub async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host((host, port)).await? {
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await;
        match connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_small_write_does_not_wait_for_the_server() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let socket = connect("localhost", port).await.unwrap();
        assert!(socket.nodelay().unwrap());
    }
}
