//! The transport `smtp://` against a real SMTP server: the fate of a mail after every possible reply of the server, and
//! the commands and messages that the server receives.

mod aiosmtpd;
mod content;
mod encryption;
mod health;
mod outcomes;
mod singles;
mod slow;

use e2e::{Database, Server, SmtpServer};

/// Starts a server on this transport with time-outs of two seconds.
async fn start(database: &Database, smtp: &SmtpServer) -> Server {
    Server::through(smtp, database)
        .env("LEASE_SECONDS", "6")
        .env("SMTP_TIMEOUT_SECONDS", "2")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await
}
