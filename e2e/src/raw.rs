//! HTTP by hand, for requests that a client library would not send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);

/// A connection on which a request is written piece by piece.
pub struct Connection(TcpStream);

impl Connection {
    /// Connects to the server of `http://host:port`.
    pub async fn to(url: &str) -> Self {
        let address = url.strip_prefix("http://").expect("an http address");
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    pub async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// Returns the status and the text of the answer: its head, and as much of its body as `content-length` announces.
    pub async fn answer(&mut self) -> (u16, String) {
        let answer = timeout(LIMIT, self.read_answer()).await;
        let text = answer.expect("an answer before the request is whole");
        let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
        (
            status.unwrap_or_else(|| panic!("no HTTP answer: {text:?}")),
            text,
        )
    }

    async fn read_answer(&mut self) -> String {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if is_whole(&text) {
                return text.into_owned();
            }
            match self.0.read_buf(&mut bytes).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            }
        }
    }
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}
