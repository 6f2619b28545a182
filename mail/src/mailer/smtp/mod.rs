//! Mail leaves through an SMTP server (RFC 5321), one exchange for each recipient.
//!
//! `smtp://[user:password@]host[:port]`: port 25, or 587 where there are credentials. STARTTLS wherever the
//! server offers it; with credentials it has to, unless the host is this machine.
//! `smtps://[user:password@]host[:port]`: port 465, TLS from the start.
//!
//! Credentials are percent-encoded. Certificates are checked against the system's roots, or `SSL_CERT_FILE`.

use std::{
    fmt, io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::compose::{Composed, compose};
use crate::ledger::{ClaimedRecipient, Mailing, Outcome};

mod connect;
mod exchange;
mod failure;
mod idle;
mod server;
#[cfg(test)]
mod tests;

use connect::Connector;
use failure::{Failure, Phase};
use idle::IdleConnections;
use server::Server;

pub struct Smtp {
    connector: Connector,
    idle: IdleConnections,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp")
            .field(self.connector.server())
            .finish()
    }
}

impl Smtp {
    pub fn new(url: &Url) -> io::Result<Self> {
        Ok(Self {
            connector: Connector::new(Server::parse(url)?),
            idle: IdleConnections::default(),
        })
    }

    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        limit: Duration,
    ) -> Vec<Outcome> {
        let deadline = Instant::now() + limit;
        let mut outcomes = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            outcomes.push(match compose(mailing, recipient) {
                Ok(mail) => self.send_one(&mail, recipient.attempts, deadline).await,
                Err(reason) => reason.into(),
            });
        }
        outcomes
    }

    async fn send_one(&self, mail: &Composed, attempts: i32, deadline: Instant) -> Outcome {
        // Set before the first octet of the end leaves: from then on the server may have accepted.
        let ending = AtomicBool::new(false);
        let result = timeout_at(deadline, self.exchange(mail, &ending)).await;
        let phase = if ending.load(Ordering::Relaxed) {
            Phase::Ending
        } else {
            Phase::BeforeEnd
        };
        match result.unwrap_or(Err(Failure::TimedOut)) {
            Ok(()) => Outcome::Accepted {
                message_id: mail.message_id.clone(),
            },
            Err(failure) => failure.outcome(phase, attempts),
        }
    }

    async fn exchange(&self, mail: &Composed, ending: &AtomicBool) -> Result<(), Failure> {
        if let Some(connection) = self.idle.take().await {
            let result = self.exchange_over(connection, mail, ending).await;
            let stale = result.as_ref().is_err_and(Failure::ends_connection);
            if !stale || ending.load(Ordering::Relaxed) {
                return result;
            }
        }
        let connection = self.connector.connect().await?;
        self.exchange_over(connection, mail, ending).await
    }

    async fn exchange_over(
        &self,
        mut connection: AsyncSmtpConnection,
        mail: &Composed,
        ending: &AtomicBool,
    ) -> Result<(), Failure> {
        let result = exchange::transmit(&mut connection, mail, ending).await;
        match &result {
            Ok(()) => self.idle.put(connection, idle::State::Clean),
            Err(failure) if !failure.ends_connection() => {
                self.idle.put(connection, idle::State::InTransaction);
            }
            Err(_) => {}
        }
        result
    }
}
