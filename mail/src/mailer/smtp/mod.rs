//! The SMTP transport (RFC 5321), one exchange for each recipient, over several connections at once.
//!
//! `smtp://[user:password@]host[:port]`: port 25, or 587 with credentials. STARTTLS is used if the server offers it;
//! with credentials the server must offer it, unless the host is this machine. `smtps://[user:password@]host[:port]`:
//! port 465, TLS from the start.
//!
//! Credentials are percent-encoded. Certificates are checked against the system's roots, or `SSL_CERT_FILE`.

use std::{fmt, io, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::Mutex, time::timeout};
use url::Url;

use super::{
    Call,
    compose::{Composed, aside, compose},
};
use crate::drain::CONCURRENCY;
use crate::mailing::{ClaimedRecipient, Mailing};
use crate::outcome::{Fault, Outcome};

mod connect;
mod exchange;
mod failure;
mod idle;
mod limit;
mod open;
mod places;
mod reply;
mod server;
mod socket;
#[cfg(test)]
mod tests;
mod tls;

use connect::Connector;
use failure::{Failure, Phase, Progress, not_tried};
use idle::IdleConnections;
use open::Open;
use places::{Kind, NoPlace, Place, Places};
use server::Server;

/// The share of a call's time for everything before the end of the mail: RFC 5321, 4.5.3.2, has clients wait for five
/// minutes at most steps, and for ten after the end.
const BEFORE_END: u32 = 3;
const LEAST_BEFORE_END: Duration = Duration::from_secs(5);
/// A mail that gets no free connection within this time is put off, so that other mail gets its turn.
const WAIT_FOR_PLACE: Duration = Duration::from_secs(15);
/// The longest time that mails wait for what comes of the first connection.
const WAIT_FOR_FIRST: Duration = Duration::from_secs(5);
/// The number of recipients that a wake-up has.
const MOST_RECIPIENTS: usize = 50;

pub struct Smtp {
    connector: Connector,
    idle: Arc<IdleConnections>,
    /// One for each mail that may be under way, and therefore for each connection: a mail prefers an idle one.
    places: Arc<Places>,
    /// Held by the mail that opens a connection while there is none.
    first: Mutex<()>,
    connections: usize,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp")
            .field(self.connector.server())
            .finish()
    }
}

/// The reason why a mail was not accepted.
enum Obstacle {
    Failure(Failure),
    /// Another mail has found that the server serves none.
    CalledOff,
}

impl From<Failure> for Obstacle {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Smtp {
    pub fn new(url: &Url, connections: usize) -> io::Result<Self> {
        Ok(Self {
            connector: Connector::new(Server::parse(url)?),
            idle: IdleConnections::new(idle::OLDEST),
            places: Places::new(connections),
            first: Mutex::default(),
            connections,
        })
    }

    /// Returns the share of one wake-up: all of them together use all connections, and no mail of theirs waits for one. A
    /// process that dies leaves no more recipients unconfirmed than it has connections.
    pub fn recipients_per_call(&self) -> usize {
        (self.connections / CONCURRENCY).clamp(1, MOST_RECIPIENTS)
    }

    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        call: &Call,
        tell: impl Fn(&ClaimedRecipient, Outcome),
    ) {
        let kind = match recipients {
            [_] => Kind::Single,
            _ => Kind::Mailing,
        };
        let mut sends: FuturesUnordered<_> = recipients
            .iter()
            .map(|recipient| async move {
                let outcome = self.send_one(mailing, recipient, kind, call).await;
                (recipient, outcome)
            })
            .collect();
        while let Some((recipient, outcome)) = sends.next().await {
            tell(recipient, outcome);
        }
    }

    async fn send_one(
        &self,
        mailing: &Mailing,
        recipient: &ClaimedRecipient,
        kind: Kind,
        call: &Call,
    ) -> Outcome {
        let mut tries = 2;
        loop {
            // A place at the end of the time would be of no use.
            let wait = WAIT_FOR_PLACE.min(call.left() / 2);
            let place = match self.places.take(kind, wait).await {
                Ok(place) => place,
                Err(NoPlace::Late) => {
                    return not_tried("All connections to the mail server were in use.");
                }
                Err(NoPlace::CalledOff) => return called_off(),
            };
            let mail = match aside(|| compose(mailing, recipient)).await {
                Ok(mail) => mail,
                Err(reason) => return reason.into(),
            };
            let progress = Progress::of(call);
            let before_end = LEAST_BEFORE_END.max(call.limit() / BEFORE_END);
            let is_handed_over = || progress.phase() == Phase::Ending;
            let result = tokio::select! {
                biased;
                result = self.exchange(&mail, &place, &progress) => result,
                () = call.out_of_time(before_end, is_handed_over) => Err(Failure::TimedOut.into()),
            };
            tries -= 1;
            let failure = match result {
                Ok(()) => {
                    self.places.served();
                    return Outcome::Accepted {
                        message_id: mail.message_id,
                    };
                }
                Err(Obstacle::CalledOff) => return called_off(),
                Err(Obstacle::Failure(failure)) => failure,
            };
            let phase = progress.phase();
            if failure.is_about_connections(phase) && self.connector.open() > 0 {
                self.places.lower(self.connector.open());
                if tries > 0 && failure.is_before_mail() {
                    continue;
                }
                return failure.put_off();
            }
            return self.learned(failure.outcome(phase, recipient.attempts));
        }
    }

    /// Adjusts the number of mails under way to what the outcome says about the server.
    fn learned(&self, outcome: Outcome) -> Outcome {
        match &outcome {
            Outcome::NotAccepted { fault, .. } => match fault {
                Fault::Throttled | Fault::Quota | Fault::Account | Fault::NotConnected => {
                    self.places.call_off(self.connector.open());
                }
                Fault::Identity | Fault::Passing => self.places.served(),
                Fault::NotTried => {}
            },
            Outcome::Accepted { .. } | Outcome::Refused(_) => self.places.served(),
            Outcome::Unknown(_) => {}
        }
        outcome
    }

    async fn exchange(
        &self,
        mail: &Composed,
        place: &Place,
        progress: &Progress<'_>,
    ) -> Result<(), Obstacle> {
        if let Some(connection) = self.idle.take().await {
            let result = self.exchange_over(connection, mail, progress).await;
            // The kept connection may have died or reached a limit: only a fresh connection shows the fault of the
            // mail.
            let stale = result.as_ref().is_err_and(Failure::ends_connection);
            if !stale || progress.phase() == Phase::Ending {
                return Ok(result?);
            }
            progress.reached(Phase::Connecting);
        }
        let connection = self.open(place).await?;
        Ok(self.exchange_over(connection, mail, progress).await?)
    }

    /// Opens a connection. As long as there is none, one mail opens the first, and the others wait for what comes of it:
    /// a server that takes none is not asked by all of them.
    async fn open(&self, place: &Place) -> Result<Open, Obstacle> {
        let first = if self.connector.open() == 0 {
            timeout(WAIT_FOR_FIRST, self.first.lock()).await.ok()
        } else {
            None
        };
        if place.is_called_off() {
            return Err(Obstacle::CalledOff);
        }
        let is_first = self.connector.open() == 0;
        let first = first.filter(|_| is_first);
        let connected = self.connector.connect().await;
        if connected.is_err() && first.is_some() {
            self.places.call_off(self.connector.open());
        }
        Ok(connected?)
    }

    async fn exchange_over(
        &self,
        mut connection: Open,
        mail: &Composed,
        progress: &Progress<'_>,
    ) -> Result<(), Failure> {
        progress.reached(Phase::BeforeEnd);
        let (state, result) = match exchange::transmit(&mut connection, mail, progress).await {
            Ok(()) => (idle::State::Clean, Ok(())),
            Err(ended) if ended.reusable => (idle::State::InTransaction, Err(ended.failure)),
            Err(ended) => return Err(ended.failure),
        };
        if self.connector.open() > self.places.most() {
            idle::close(connection);
        } else {
            self.idle.put(connection, state);
        }
        result
    }
}

fn called_off() -> Outcome {
    not_tried("The mail server serves no mail for now.")
}
