//! The settings, read once from the environment, which no other module reads.

use std::{env, net::IpAddr, path::PathBuf, time::Duration};

use thiserror::Error;
use url::Url;
use webhook::{EMULATOR, Reach};

use crate::{hash_secret::HashSecretSource, result_statuses::ResultStatuses};

mod database;
mod environment;
mod kept;
mod queues;
mod secrets;
#[cfg(test)]
mod tests;
mod transport;

pub use database::{DatabaseSource, SecretDatabase};
use environment::{Environment, number};
use kept::Kept;
use queues::Queues;
pub use queues::WebhookQueues;
pub use secrets::{Admin, AdminToken};
use secrets::{admin, hash_secret, role_secret};
pub use transport::Transport;

/// Set by Lambda itself: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
const LAMBDA_RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The highest rate that can be configured, in recipients a second.
const MAX_RATE: f64 = 100_000.0;
/// A shorter lease would not leave enough time for a call.
const SHORTEST_LEASE_FOR_SES: Duration = Duration::from_secs(6);

/// Returns whether the process is a Lambda function, before there is a configuration.
pub fn is_function() -> bool {
    env::var_os(LAMBDA_RUNTIME_API).is_some_and(|value| !value.is_empty())
}

#[derive(Clone, Debug)]
pub struct Config {
    pub database: DatabaseSource,
    /// `true` if the first use of the database migrates its schema; otherwise the schema must be up to date by then.
    pub migrates: bool,
    /// The secret with the login of the role that a migration creates for the service. If it is set, `worker` migrates,
    /// sets up that role, and does nothing else.
    pub role_secret: Option<String>,
    pub transport: Transport,
    /// Recipients a second, over all instances. If it is not set, the transport is asked for its rate.
    pub max_send_rate: Option<f64>,
    /// The SQS queue of wake-ups. If it is not set, the queue is in the process.
    pub queue_url: Option<Url>,
    /// The SQS queue with SES's events. If it is not set, nothing is learned from SES after it has accepted a mail.
    pub event_queue_url: Option<Url>,
    /// The SQS queue to which results are published. If it is not set, none are.
    pub result_queue_url: Option<Url>,
    /// The statuses that are published to it.
    pub result_statuses: ResultStatuses,
    /// The SQS queues by which a function posts to webhooks. If they are not set, the process that drains the queue
    /// posts by itself, and functions post nothing.
    pub webhook_queues: Option<WebhookQueues>,
    /// The addresses that webhooks may be at; if it is not set, it depends on the other settings.
    pub webhook_reach: Option<Reach>,
    pub host: IpAddr,
    pub port: u16,
    /// The URL under which the API is reached from outside.
    pub public_url: Option<Url>,
    pub admin: Option<Admin>,
    /// The place of the secret that keys the hashes of addresses.
    pub hash_secret: HashSecretSource,
    /// The time from a mailing's end until its addresses and names are removed.
    pub retention: Duration,
    /// The time from a mailing's end until all of it is removed.
    pub keep: Duration,
    /// The time for which events are kept.
    pub keep_events: Duration,
    pub lease: Duration,
    pub sweep_every: Duration,
    pub max_attempts: i32,
    pub log_format: LogFormat,
    /// Directives of `RUST_LOG`.
    pub log_filter: String,
    /// `true` if this process is an instance of a Lambda function.
    pub is_function: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

/// One line that names the variable, never its value, which may be a secret.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{variable}: {reason}")]
pub struct InvalidConfig {
    pub variable: &'static str,
    pub reason: String,
}

pub(crate) fn invalid(variable: &'static str, reason: impl Into<String>) -> InvalidConfig {
    InvalidConfig {
        variable,
        reason: reason.into(),
    }
}

impl Config {
    pub fn from_env() -> Result<Self, InvalidConfig> {
        Self::read(|name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err("must be UTF-8".to_owned()),
        })
    }

    fn read(
        lookup: impl Fn(&'static str) -> Result<Option<String>, String>,
    ) -> Result<Self, InvalidConfig> {
        let env = Environment(lookup);
        #[cfg(debug_assertions)]
        env.optional("MMMS_FAIL_POINT", crate::fail_point::arm)?;
        let is_function = env.text(LAMBDA_RUNTIME_API)?.is_some();
        let database = DatabaseSource::read(&env)?;
        let migrates = env.parsed("DB_MIGRATE", flag, "true")?;
        let role_secret = role_secret(&env, &database, migrates)?;
        let queues = Queues::read(&env)?;
        if is_function {
            let has_queue = queues.wake_ups.is_some() || role_secret.is_some();
            on_functions(&database, has_queue)?;
        }
        let host = env.parsed("HOST", parse_host, "127.0.0.1")?;
        let has_queue = is_function || queues.wake_ups.is_some();
        let transport = transport(&env, &database, has_queue, host)?;
        let Kept {
            retention,
            keep,
            events,
        } = Kept::read(&env)?;
        Ok(Self {
            lease: lease(&env, &transport)?,
            transport,
            migrates,
            role_secret,
            max_send_rate: env.optional("MAX_SEND_RATE", rate)?,
            queue_url: queues.wake_ups,
            result_queue_url: queues.results,
            result_statuses: env
                .optional("RESULT_STATUSES", ResultStatuses::parse)?
                .unwrap_or_default(),
            event_queue_url: queues.events,
            webhook_queues: queues.webhooks,
            webhook_reach: webhook_reach(&env, is_function)?,
            host,
            port: env.parsed("PORT", number(0..=u16::MAX), "8000")?,
            public_url: env.optional("PUBLIC_URL", public_url)?,
            admin: admin(&env)?,
            hash_secret: hash_secret(&env, &database)?,
            retention,
            keep,
            keep_events: events,
            sweep_every: Duration::from_secs(env.parsed(
                "SWEEP_SECONDS",
                number(1..=3600_u64),
                "60",
            )?),
            max_attempts: env.parsed("MAX_ATTEMPTS", number(1..=1000), "8")?,
            log_format: env.parsed(
                "LOG_FORMAT",
                LogFormat::parse,
                if is_function { "json" } else { "pretty" },
            )?,
            log_filter: env.text("RUST_LOG")?.unwrap_or_else(|| "info".to_owned()),
            is_function,
            database,
        })
    }

    /// Returns whether the public URL of the API is one of HTTPS.
    pub fn is_reached_by_tls(&self) -> bool {
        let url = self.public_url.as_ref();
        url.is_some_and(|url| url.scheme() == "https")
    }

    /// Returns the addresses that webhooks may be at: unless it is set, this machine only in the embedded default, which
    /// sends no mail.
    pub fn webhook_reach(&self) -> Reach {
        if let Some(reach) = self.webhook_reach {
            return reach;
        }
        let is_embedded = matches!(self.transport, Transport::Mailbox(_))
            && self.queue_url.is_none()
            && self.host.is_loopback()
            && !self.is_function;
        if is_embedded {
            Reach::PublicAndLoopback
        } else {
            Reach::Public
        }
    }

    /// Returns whether anything posts to webhooks. A function cannot: it may have no way out, and is frozen after its
    /// answer.
    pub fn posts_to_webhooks(&self) -> bool {
        self.webhook_queues.is_some() || !self.is_function
    }

    /// Returns the usual time limit of a call to a transport: a third of the lease that covers it, and at most 15 s.
    pub fn send_timeout(&self) -> Duration {
        (self.lease / 3).min(Duration::from_secs(15))
    }

    /// Returns the time limit of a call whose lease is renewed meanwhile.
    pub fn longest_call(&self) -> Duration {
        match self.transport {
            Transport::Smtp { timeout, .. } => timeout,
            Transport::Mailbox(_) | Transport::Ses { .. } => self.send_timeout(),
        }
    }
}

/// Refuses settings that keep data in the disk or memory of a Lambda instance, which are lost with it.
fn on_functions(database: &DatabaseSource, has_queue: bool) -> Result<(), InvalidConfig> {
    if let DatabaseSource::Sqlite(_) = database {
        return Err(invalid(
            "SECRET_NAME",
            "must be given on Lambda, or DATABASE_URL of a PostgreSQL server",
        ));
    }
    if !has_queue {
        return Err(invalid("MAIL_QUEUE_URL", "must be given on Lambda"));
    }
    Ok(())
}

/// Reads the addresses that webhooks may be at.
fn webhook_reach<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    is_function: bool,
) -> Result<Option<Reach>, InvalidConfig> {
    let has_emulator = env.text(EMULATOR)?.is_some();
    env.optional("WEBHOOK_REACH", |text| {
        let reach = Reach::parse(text)?;
        if is_function {
            reach.on_lambda(has_emulator)
        } else {
            Ok(reach)
        }
    })
}

fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

fn transport<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    database: &DatabaseSource,
    has_queue: bool,
    host: IpAddr,
) -> Result<Transport, InvalidConfig> {
    let given = env.text("MAIL_TRANSPORT")?;
    if given.is_none() && !host.is_loopback() {
        return Err(invalid(
            "MAIL_TRANSPORT",
            "must be given where HOST is not loopback",
        ));
    }
    let default = if has_queue { "ses" } else { "mailbox" };
    let given = given.as_deref().unwrap_or(default);
    if given == "ses" {
        return Ok(Transport::Ses {
            configuration_set: env.text("SES_CONFIGURATION_SET")?,
        });
    }
    env.refuse(&["SES_CONFIGURATION_SET"], "is for MAIL_TRANSPORT=ses only")?;
    if given == "mailbox" {
        let folder = env.text("MAILBOX_DIR")?;
        return Ok(Transport::Mailbox(
            folder.map_or_else(|| database.mailbox_dir(), PathBuf::from),
        ));
    }
    let connections = env.parsed("SMTP_CONNECTIONS", number(1..=1000), "20")?;
    let timeout = env.parsed("SMTP_TIMEOUT_SECONDS", number(1..=3600_u64), "900")?;
    Transport::smtp(given, connections, Duration::from_secs(timeout))
        .map_err(|reason| invalid("MAIL_TRANSPORT", reason))
}

fn lease<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    transport: &Transport,
) -> Result<Duration, InvalidConfig> {
    let lease = Duration::from_secs(env.parsed("LEASE_SECONDS", number(1..=3600_u64), "60")?);
    if matches!(transport, Transport::Ses { .. }) && lease < SHORTEST_LEASE_FOR_SES {
        let seconds = SHORTEST_LEASE_FOR_SES.as_secs();
        return Err(invalid(
            "LEASE_SECONDS",
            format!("must be at least {seconds} with SES, for a call may take a third of it"),
        ));
    }
    Ok(lease)
}

fn parse_host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse()
        .map_err(|_| "must be an IP address or localhost".to_owned())
}

fn public_url(text: &str) -> Result<Url, String> {
    let is_plain = |url: &Url| {
        url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && is_plain(url))
        .ok_or_else(|| "must be an address such as https://mail.example.com".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.01..=MAX_RATE).contains(rate))
        .ok_or_else(|| format!("must be a number of recipients a second, 0.01 to {MAX_RATE}"))
}

impl LogFormat {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err("must be json or pretty".to_owned()),
        }
    }
}
