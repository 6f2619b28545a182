//! New connections: connected, encrypted, authenticated.

use std::time::Duration;

use lettre::transport::smtp::{
    authentication::Mechanism,
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use tokio::sync::OnceCell;

use super::{
    failure::Failure,
    server::{Security, Server},
};

/// The time for one of the host's addresses, so that the next one gets its turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
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
        let tls = match self.server.security {
            Security::Implicit => Some(self.tls().await?),
            Security::Opportunistic | Security::Required => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.server.host.as_str(), self.server.port),
            Some(CONNECT_TIMEOUT),
            &self.hello,
            tls,
            None,
        )
        .await
        .map_err(Failure::connecting)?;
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
