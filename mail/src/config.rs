//! The settings, read once from the environment. Nothing else reads it.

use std::{
    env, fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use thiserror::Error;
use url::Url;

/// Where the database is unless `DATABASE_URL` says otherwise.
const DEFAULT_DATABASE_URL: &str = "sqlite://./data/mmms.db";

/// How `PostgreSQL` connections are encrypted and checked
/// (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>).
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Belongs to parts that this version does not have yet; set, it would be quietly ignored.
const NOT_YET: [&str; 10] = [
    "ADMIN_SECRET_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "DB_HOST",
    "DB_NAME",
    "DB_PORT",
    "MAIL_QUEUE_URL",
    "MAIL_RESULT_QUEUE_URL",
    "MAX_SEND_RATE",
    "SECRET_NAME",
    "SES_CONFIGURATION_SET",
];

#[derive(Clone, Debug)]
pub struct Config {
    pub database: DatabaseUrl,
    pub transport: Transport,
    pub host: IpAddr,
    pub port: u16,
    pub admin_token: Option<AdminToken>,
    pub retention: Duration,
    pub lease: Duration,
    pub sweep_every: Duration,
    pub max_attempts: i32,
    pub log_format: LogFormat,
    /// Directives of `RUST_LOG`.
    pub log_filter: String,
}

#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(Url),
}

#[derive(Clone, Debug)]
pub enum Transport {
    Mailbox(PathBuf),
    Smtp(Url),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

/// Opens the management calls.
#[derive(Clone)]
pub struct AdminToken(String);

impl AdminToken {
    /// Compares hashes, so that the time it takes tells nothing about the token.
    pub fn matches(&self, given: &str) -> bool {
        crate::api_key::hash(&self.0) == crate::api_key::hash(given)
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

/// One line that names the variable, and never its value: it may be a secret.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{variable}: {reason}")]
pub struct InvalidConfig {
    pub variable: &'static str,
    pub reason: String,
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
        for variable in NOT_YET {
            if env.text(variable)?.is_some() {
                return Err(invalid(variable, "is not supported by this version yet"));
            }
        }
        let mut database = env.parsed("DATABASE_URL", DatabaseUrl::parse, DEFAULT_DATABASE_URL)?;
        if let Some(mode) = env.text("DB_SSLMODE")? {
            if !SSL_MODES.contains(&mode.as_str()) {
                let modes = SSL_MODES.join(", ");
                return Err(invalid("DB_SSLMODE", format!("must be one of {modes}")));
            }
            database.set_parameter("DB_SSLMODE", "sslmode", &mode)?;
        }
        if let Some(path) = env.text("DB_SSLROOTCERT")? {
            if !Path::new(&path).is_file() {
                return Err(invalid(
                    "DB_SSLROOTCERT",
                    "must name a file of certificates",
                ));
            }
            database.set_parameter("DB_SSLROOTCERT", "sslrootcert", &path)?;
        }
        let host = env.parsed("HOST", parse_host, "127.0.0.1")?;
        let transport = env.text("MAIL_TRANSPORT")?;
        if transport.is_none() && !host.is_loopback() {
            return Err(invalid(
                "MAIL_TRANSPORT",
                "must be given where HOST is not loopback",
            ));
        }
        let mailbox_dir = env
            .text("MAILBOX_DIR")?
            .map_or_else(|| database.mailbox_dir(), PathBuf::from);
        let transport = match transport.as_deref() {
            None | Some("mailbox") => Transport::Mailbox(mailbox_dir),
            Some(other) => {
                Transport::smtp(other).map_err(|reason| invalid("MAIL_TRANSPORT", reason))?
            }
        };
        let admin_token = env.text("ADMIN_TOKEN")?;
        if admin_token
            .as_ref()
            .is_some_and(|token| !token.bytes().all(|b| b.is_ascii_graphic()))
        {
            return Err(invalid(
                "ADMIN_TOKEN",
                "must be printable ASCII without spaces",
            ));
        }
        Ok(Self {
            database,
            transport,
            host,
            port: env.parsed("PORT", number(0..=u16::MAX), "8000")?,
            admin_token: admin_token.map(AdminToken),
            retention: Duration::from_secs(
                env.parsed("RETENTION_DAYS", number(0..=36_500_u64), "30")? * 24 * 3600,
            ),
            lease: Duration::from_secs(env.parsed("LEASE_SECONDS", number(1..=3600_u64), "60")?),
            sweep_every: Duration::from_secs(env.parsed(
                "SWEEP_SECONDS",
                number(1..=3600_u64),
                "60",
            )?),
            max_attempts: env.parsed("MAX_ATTEMPTS", number(1..=1000), "8")?,
            log_format: env.parsed("LOG_FORMAT", LogFormat::parse, "pretty")?,
            log_filter: env.text("RUST_LOG")?.unwrap_or_else(|| "info".to_owned()),
        })
    }

    /// How long one call to a transport may take: a third of the lease that covers it.
    pub fn send_timeout(&self) -> Duration {
        (self.lease / 3).min(Duration::from_secs(15))
    }
}

struct Environment<F>(F);

impl<F: Fn(&'static str) -> Result<Option<String>, String>> Environment<F> {
    /// An empty variable counts as unset, as shells and compose files leave them.
    fn text(&self, variable: &'static str) -> Result<Option<String>, InvalidConfig> {
        let value = (self.0)(variable).map_err(|reason| invalid(variable, reason))?;
        Ok(value.filter(|value| !value.is_empty()))
    }

    fn parsed<T>(
        &self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
        default: &str,
    ) -> Result<T, InvalidConfig> {
        let value = self.text(variable)?;
        parse(value.as_deref().unwrap_or(default)).map_err(|reason| invalid(variable, reason))
    }
}

pub(crate) fn invalid(variable: &'static str, reason: impl Into<String>) -> InvalidConfig {
    InvalidConfig {
        variable,
        reason: reason.into(),
    }
}

fn number<T: FromStr + PartialOrd + fmt::Display + Copy>(
    range: std::ops::RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> {
    move |text| {
        text.parse()
            .ok()
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                format!(
                    "must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                )
            })
    }
}

fn parse_host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(IpAddr::from([127, 0, 0, 1]));
    }
    text.parse()
        .map_err(|_| "must be an IP address or localhost".to_owned())
}

impl DatabaseUrl {
    fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "must be sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE";
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() || path.contains(":memory:") {
                return Err(
                    "must name a file: mail that is accepted has to survive the process".to_owned(),
                );
            }
            return Ok(Self::Sqlite(path.into()));
        }
        let url = Url::parse(text).map_err(|_| EXPECTED.to_owned())?;
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.path().len() < 2 {
            return Err(EXPECTED.to_owned());
        }
        Ok(Self::Postgres(url))
    }

    /// Goes before one of the same name in the address.
    fn set_parameter(
        &mut self,
        variable: &'static str,
        name: &str,
        value: &str,
    ) -> Result<(), InvalidConfig> {
        let Self::Postgres(url) = self else {
            return Err(invalid(variable, "is for PostgreSQL only"));
        };
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(other, _)| other != name)
            .map(|(other, value)| (other.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(others)
            .append_pair(name, value);
        Ok(())
    }

    /// Captured mail lies beside the database; where that is a server, in `./data`.
    fn mailbox_dir(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.with_file_name("mailbox"),
            Self::Postgres(_) => PathBuf::from("./data/mailbox"),
        }
    }
}

impl Transport {
    fn smtp(text: &str) -> Result<Self, String> {
        if text == "ses" {
            return Err("is not supported by this version yet".to_owned());
        }
        Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host())
            .filter(|url| matches!(url.path(), "" | "/") && url.query().is_none())
            .map(Self::Smtp)
            .ok_or_else(|| "must be mailbox, smtp://HOST:PORT or smtps://HOST:PORT".to_owned())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, InvalidConfig> {
        Config::read(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn unset_means_the_embedded_default() {
        let config = read(&[]).unwrap();
        assert!(
            matches!(config.database, DatabaseUrl::Sqlite(ref path) if path.ends_with("data/mmms.db"))
        );
        assert!(
            matches!(config.transport, Transport::Mailbox(ref dir) if dir.ends_with("data/mailbox"))
        );
        assert_eq!(
            (config.host.to_string().as_str(), config.port),
            ("127.0.0.1", 8000)
        );
        assert_eq!(config.send_timeout(), Duration::from_secs(15));
    }

    #[test]
    fn a_variable_that_makes_no_sense_is_named_without_its_value() {
        for (variable, value) in [
            ("DATABASE_URL", "mysql://root:secret@localhost/x"),
            ("DATABASE_URL", "sqlite::memory:"),
            ("DATABASE_URL", "postgres://localhost"),
            ("MAIL_TRANSPORT", "pigeon"),
            ("MAIL_TRANSPORT", "ses"),
            ("HOST", "somewhere"),
            ("PORT", "65536"),
            ("RETENTION_DAYS", "-1"),
            ("LEASE_SECONDS", "-7"),
            ("SWEEP_SECONDS", "soon"),
            ("MAX_ATTEMPTS", "-7"),
            ("LOG_FORMAT", "xml"),
            ("ADMIN_TOKEN", "two words"),
            ("DB_SSLMODE", "maybe"),
            ("DB_SSLMODE", "verify-full"),
            ("DB_SSLROOTCERT", "/nowhere/ca.pem"),
            ("MAIL_QUEUE_URL", "https://queue.example/1/q"),
        ] {
            let error = read(&[(variable, value)]).expect_err(variable);
            assert_eq!(error.variable, variable);
            assert!(!error.to_string().contains(value), "{error}");
        }
    }

    #[test]
    fn the_ssl_mode_goes_before_the_one_of_the_address() {
        let address = "postgres://me@db.example/mmms?application_name=mmms&sslmode=disable";
        let config = read(&[("DATABASE_URL", address), ("DB_SSLMODE", "verify-full")]).unwrap();
        let DatabaseUrl::Postgres(url) = config.database else {
            panic!("not PostgreSQL");
        };
        assert_eq!(
            url.query(),
            Some("application_name=mmms&sslmode=verify-full")
        );
    }

    #[test]
    fn other_hosts_must_say_how_mail_leaves() {
        assert_eq!(
            read(&[("HOST", "0.0.0.0")]).unwrap_err().variable,
            "MAIL_TRANSPORT"
        );
        assert!(read(&[("HOST", "0.0.0.0"), ("MAIL_TRANSPORT", "mailbox")]).is_ok());
    }
}
