//! New connections: connected, encrypted, authenticated.

use std::sync::Arc;

use lettre::transport::smtp::{
    authentication::Mechanism,
    client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters},
    commands::Ehlo,
    extension::ClientId,
};
use tokio::{sync::OnceCell, task::spawn_blocking};
use tokio_rustls::rustls::ClientConfig;

use super::{
    failure::Failure,
    open::{Count, Open},
    server::{Security, Server},
    socket,
    tls::{self, TlsSocket},
};

const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];

pub struct Connector {
    server: Server,
    hello: ClientId,
    /// Both are built when a connection first needs them, because that reads the system's root certificates.
    starttls: OnceCell<TlsParameters>,
    implicit: OnceCell<Arc<ClientConfig>>,
    count: Count,
}

impl Connector {
    pub fn new(server: Server) -> Self {
        Self {
            server,
            hello: ClientId::default(),
            starttls: OnceCell::new(),
            implicit: OnceCell::new(),
            count: Count::default(),
        }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Returns the number of connections that are open.
    pub fn open(&self) -> usize {
        self.count.get()
    }

    pub async fn connect(&self) -> Result<Open, Failure> {
        let mut connection = self.greeted().await?;
        let implicit = self.server.security == Security::Implicit;
        if !implicit && connection.can_starttls() {
            connection
                .starttls(self.starttls().await?, &self.hello)
                .await
                .map_err(Failure::connecting)?;
        }
        if self.server.security == Security::Required && !connection.is_encrypted() {
            return Err(Failure::Account(
                "The mail server offers no TLS, and the credentials may not go out without.".into(),
            ));
        }
        let pipelining = self.offers_pipelining(&mut connection).await?;
        if let Some(credentials) = &self.server.credentials {
            connection
                .auth(&MECHANISMS, credentials)
                .await
                .map_err(Failure::authenticating)?;
        }
        Ok(Open::new(connection, pipelining, &self.count))
    }

    /// Asks the server again for what it offers: the SMTP client has forgotten all that it does not use itself.
    async fn offers_pipelining(
        &self,
        connection: &mut AsyncSmtpConnection,
    ) -> Result<bool, Failure> {
        match connection.command(Ehlo::new(self.hello.clone())).await {
            Ok(offers) => Ok(offers
                .message()
                .any(|line| line.trim().eq_ignore_ascii_case("PIPELINING"))),
            // It may mind the repetition.
            Err(error) if error.status().is_some_and(|code| u16::from(code) != 421) => Ok(false),
            Err(error) => Err(Failure::connecting(error)),
        }
    }

    /// Returns a connection whose server has greeted.
    async fn greeted(&self) -> Result<AsyncSmtpConnection, Failure> {
        let Server { host, port, .. } = &self.server;
        let socket = socket::connect(host, *port).await;
        let socket = socket.map_err(|_| Failure::unreachable())?;
        let socket: Box<dyn AsyncTokioStream> = if self.server.security == Security::Implicit {
            let encrypted = TlsSocket::over(socket, host, self.implicit().await?).await;
            Box::new(encrypted.map_err(|error| Failure::encrypting(&error))?)
        } else {
            Box::new(socket)
        };
        let greeted = AsyncSmtpConnection::connect_with_transport(socket, &self.hello).await;
        greeted.map_err(Failure::connecting)
    }

    async fn starttls(&self) -> Result<TlsParameters, Failure> {
        let build = || async {
            let builder = TlsParameters::builder(self.server.host.clone())
                .dangerous_accept_invalid_certs(self.server.takes_any_certificate());
            spawn_blocking(|| builder.build_rustls())
                .await
                .map_err(|_| no_tls())?
                .map_err(Failure::connecting)
        };
        self.starttls.get_or_try_init(build).await.cloned()
    }

    async fn implicit(&self) -> Result<Arc<ClientConfig>, Failure> {
        let build = || async {
            let settings = spawn_blocking(tls::settings).await;
            settings.map_err(|_| no_tls())?.map_err(|_| no_tls())
        };
        self.implicit.get_or_try_init(build).await.cloned()
    }
}

fn no_tls() -> Failure {
    Failure::Account("TLS could not be set up.".into())
}
