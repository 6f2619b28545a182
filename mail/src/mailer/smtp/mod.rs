//! The SMTP transport (RFC 5321), one exchange for each recipient.
//!
//! `smtp://[user:password@]host[:port]`: port 25, or 587 with credentials. STARTTLS is used if the server offers it;
//! with credentials the server must offer it, unless the host is this machine. `smtps://[user:password@]host[:port]`:
//! port 465, TLS from the start.
//!
//! Credentials are percent-encoded. Certificates are checked against the system's roots, or `SSL_CERT_FILE`.

use std::{fmt, io, time::Duration};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use super::{
    Call,
    backoff::throttle_pause,
    compose::{Composed, aside, compose},
};
use crate::mailing::{ClaimedRecipient, Mailing};
use crate::outcome::{Fault, Outcome, Reason, StatusDetail};

mod connect;
mod exchange;
mod failure;
mod idle;
mod reply;
mod server;
mod socket;
#[cfg(test)]
mod tests;

use connect::Connector;
use failure::{Failure, Phase, Progress};
use idle::IdleConnections;
use server::Server;

/// The share of a call's time for everything before the end of the mail: RFC 5321, 4.5.3.2, has clients wait for five
/// minutes at most steps, and for ten after the end.
const BEFORE_END: u32 = 3;
const LEAST_BEFORE_END: Duration = Duration::from_secs(5);
/// A mail that gets no free connection within this time is put off, so that other mail gets its turn.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(15);

pub struct Smtp {
    connector: Connector,
    idle: IdleConnections,
    /// One permit for each mail that may be under way, and therefore for each connection: a mail prefers an idle one.
    places: Semaphore,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp")
            .field(self.connector.server())
            .finish()
    }
}

impl Smtp {
    pub fn new(url: &Url, connections: usize) -> io::Result<Self> {
        Ok(Self {
            connector: Connector::new(Server::parse(url)?),
            idle: IdleConnections::new(connections),
            places: Semaphore::new(connections),
        })
    }

    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        call: &Call,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            outcomes.push(match aside(|| compose(mailing, recipient)).await {
                Ok(mail) => self.send_one(&mail, recipient.attempts, call).await,
                Err(reason) => reason.into(),
            });
        }
        outcomes
    }

    async fn send_one(&self, mail: &Composed, attempts: i32, call: &Call) -> Outcome {
        // A permit at the end of the time would be of no use.
        let wait = WAIT_FOR_PLACE.min(call.limit() / 2);
        let Ok(Ok(_place)) = timeout(wait, self.places.acquire()).await else {
            return no_connection_is_free();
        };
        let progress = Progress::of(call);
        let before_end = LEAST_BEFORE_END.max(call.limit() / BEFORE_END);
        let result = tokio::select! {
            biased;
            result = self.exchange(mail, &progress) => result,
            () = call.out_of_time(before_end) => Err(Failure::TimedOut),
        };
        let phase = progress.phase();
        match result {
            Ok(()) => Outcome::Accepted {
                message_id: mail.message_id.clone(),
            },
            Err(failure) => failure.outcome(phase, attempts),
        }
    }

    async fn exchange(&self, mail: &Composed, progress: &Progress<'_>) -> Result<(), Failure> {
        if let Some(connection) = self.idle.take().await {
            let result = self.exchange_over(connection, mail, progress).await;
            // The kept connection may have died or reached a limit: only a fresh connection shows the fault of the
            // mail.
            let stale = result.as_ref().is_err_and(Failure::ends_connection);
            if !stale || progress.phase() == Phase::Ending {
                return result;
            }
            progress.reached(Phase::Connecting);
        }
        let connection = self.connector.connect().await?;
        self.exchange_over(connection, mail, progress).await
    }

    async fn exchange_over(
        &self,
        mut connection: AsyncSmtpConnection,
        mail: &Composed,
        progress: &Progress<'_>,
    ) -> Result<(), Failure> {
        progress.reached(Phase::BeforeEnd);
        let result = exchange::transmit(&mut connection, mail, progress).await;
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

fn no_connection_is_free() -> Outcome {
    Outcome::NotAccepted {
        reason: Reason {
            code: StatusDetail::Throttled,
            text: "All connections to the mail server were in use.".to_owned(),
        },
        again_in: throttle_pause(),
        fault: Fault::NotTried,
    }
}
