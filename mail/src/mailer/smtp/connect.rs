//! New connections: connected, encrypted, authenticated.

use lettre::transport::smtp::{
    authentication::Mechanism,
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use tokio::sync::OnceCell;

use super::{
    failure::Failure,
    server::{Security, Server},
    socket,
};

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

pub struct Connector {
    server: Server,
    hello: ClientId,
    /// Built when a connection first needs it, because that reads the system's root certificates.
    tls: OnceCell<TlsParameters>,
}

impl Connector {
    pub fn new(server: Server) -> Self {
        Self {
            server,
            hello: ClientId::default(),
            tls: OnceCell::new(),
        }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    pub async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let mut connection = self.greeted().await?;
        if connection.can_starttls() {
            connection
                .starttls(self.tls().await?, &self.hello)
                .await
                .map_err(Failure::connecting)?;
        }
        if self.server.security == Security::Required && !connection.is_encrypted() {
            return Err(Failure::Account(
                "The mail server offers no TLS, and the credentials may not go out without.".into(),
            ));
        }
        if let Some(credentials) = &self.server.credentials {
            connection
                .auth(&MECHANISMS, credentials)
                .await
                .map_err(Failure::authenticating)?;
        }
        Ok(connection)
    }

    /// A connection whose server has greeted. The client of SMTP takes no socket of ours for TLS from the start.
    async fn greeted(&self) -> Result<AsyncSmtpConnection, Failure> {
        let Server { host, port, .. } = &self.server;
        let greeted = if self.server.security == Security::Implicit {
            let (server, tls) = ((host.as_str(), *port), Some(self.tls().await?));
            let timeout = Some(socket::CONNECT_TIMEOUT);
            AsyncSmtpConnection::connect_tokio1(server, timeout, &self.hello, tls, None).await
        } else {
            let socket = socket::connect(host, *port).await;
            let socket = Box::new(socket.map_err(|_| Failure::unreachable())?);
            AsyncSmtpConnection::connect_with_transport(socket, &self.hello).await
        };
        greeted.map_err(Failure::connecting)
    }

    async fn tls(&self) -> Result<TlsParameters, Failure> {
        let build = || async {
            let builder = TlsParameters::builder(self.server.host.clone())
                .dangerous_accept_invalid_certs(self.server.takes_any_certificate());
            tokio::task::spawn_blocking(|| builder.build_rustls())
                .await
                .map_err(|_| Failure::Account("TLS could not be set up.".into()))?
                .map_err(Failure::connecting)
        };
        self.tls.get_or_try_init(build).await.cloned()
    }
}
