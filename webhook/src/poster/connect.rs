//! Connects to the host of a webhook, at addresses only that messages may be sent to.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};
use url::{Host, Url};

use super::Poster;
use crate::message::Failure;

/// The time for one of the host's addresses, so that the next one gets its turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

pub enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Poster {
    /// Connects to the first of the host's allowed addresses that answers.
    pub(super) async fn connect(&self, url: &Url) -> Result<TcpStream, Failure> {
        let found = self.addresses(url).await?;
        if found.is_empty() {
            return Err(Failure::NameNotFound);
        }
        let allowed: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| self.reach.allows(address.ip()))
            .collect();
        if allowed.is_empty() {
            return Err(Failure::AddressRefused);
        }
        for address in allowed {
            let connecting = timeout(CONNECT_TIMEOUT, TcpStream::connect(address));
            if let Ok(Ok(socket)) = connecting.await {
                // A failure costs time only.
                let _ = socket.set_nodelay(true);
                return Ok(socket);
            }
        }
        Err(Failure::ConnectionFailed)
    }

    /// Returns the addresses of the host. `Url` has turned every way to write an IPv4 address (decimal, octal,
    /// hexadecimal, with fewer parts) into that address.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Failure> {
        let port = url.port_or_known_default().ok_or(Failure::NameNotFound)?;
        match url.host() {
            Some(Host::Ipv4(address)) => Ok(vec![(address, port).into()]),
            Some(Host::Ipv6(address)) => Ok(vec![(address, port).into()]),
            Some(Host::Domain(name)) => {
                let looked_up = (self.lookup)(name.to_owned(), port).await;
                looked_up.map_err(|_| Failure::NameNotFound)
            }
            None => Err(Failure::NameNotFound),
        }
    }

    /// Encrypts the connection unless the URL is one of plain HTTP, which is accepted for this machine only.
    pub(super) async fn encrypt(&self, url: &Url, socket: TcpStream) -> Result<Stream, Failure> {
        if url.scheme() != "https" {
            let peer = socket.peer_addr().map_err(|_| Failure::ConnectionFailed)?;
            return if peer.ip().to_canonical().is_loopback() {
                Ok(Stream::Plain(socket))
            } else {
                Err(Failure::AddressRefused)
            };
        }
        let name = match url.host() {
            Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
            Some(Host::Ipv4(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
            Some(Host::Ipv6(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
            None => None,
        };
        let name = name.ok_or(Failure::TlsFailed)?;
        let connector = TlsConnector::from(self.tls.clone());
        let encrypted = connector.connect(name, socket).await;
        encrypted
            .map(|stream| Stream::Encrypted(Box::new(stream)))
            .map_err(|_| Failure::TlsFailed)
    }
}
