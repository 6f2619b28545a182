//! The settings of the database.

use std::path::{Path, PathBuf};

use url::Url;

use super::{
    InvalidConfig,
    environment::{Environment, number},
    invalid,
};

/// The default database.
const DEFAULT_URL: &str = "sqlite://./data/mmms.db";

/// The modes of encrypting and verifying connections to `PostgreSQL`
/// (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>).
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];
/// Variables that are valid only together with a secret.
const OF_SECRETS: [&str; 3] = ["DB_NAME", "DB_HOST", "DB_PORT"];

#[derive(Clone, Debug)]
pub enum DatabaseSource {
    Sqlite(PathBuf),
    Postgres(Url),
    Secret(SecretDatabase),
}

/// A `PostgreSQL` database whose credentials are in Secrets Manager, in the form in which RDS writes them: an object
/// with `username` and `password`, and optionally `host` and `port`
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html>).
#[derive(Clone, Debug)]
pub struct SecretDatabase {
    /// The name or ARN of the secret.
    pub secret: String,
    pub database: String,
    /// Takes precedence over the host in the secret, for example as the endpoint of a proxy.
    pub host: Option<String>,
    pub port: Option<u16>,
    pub ssl_mode: String,
    /// Replaces the root certificates of RDS and Amazon.
    pub ssl_root_cert: Option<PathBuf>,
}

impl DatabaseSource {
    pub(super) fn read<F: Fn(&'static str) -> Result<Option<String>, String>>(
        env: &Environment<F>,
    ) -> Result<Self, InvalidConfig> {
        let mode = env.optional("DB_SSLMODE", ssl_mode)?;
        let root_cert = env.optional("DB_SSLROOTCERT", certificates)?;
        let url = env.optional("DATABASE_URL", Self::parse)?;
        if let (None, Some(secret)) = (&url, env.text("SECRET_NAME")?) {
            let database = env
                .text("DB_NAME")?
                .ok_or_else(|| invalid("DB_NAME", "must be given together with SECRET_NAME"))?;
            return Ok(Self::Secret(SecretDatabase {
                secret,
                database,
                host: env.text("DB_HOST")?,
                port: env.optional("DB_PORT", number(1..=u16::MAX))?,
                ssl_mode: mode.unwrap_or_else(|| "verify-full".to_owned()),
                ssl_root_cert: root_cert,
            }));
        }
        if url.is_none() {
            env.refuse(&OF_SECRETS, "means nothing without SECRET_NAME")?;
        }
        let mut source = match url {
            Some(url) => url,
            None => Self::parse(DEFAULT_URL).map_err(|reason| invalid("DATABASE_URL", reason))?,
        };
        if let Some(mode) = mode {
            source.set_parameter("DB_SSLMODE", "sslmode", &mode)?;
        }
        if let Some(path) = root_cert {
            source.set_parameter("DB_SSLROOTCERT", "sslrootcert", &path.to_string_lossy())?;
        }
        Ok(source)
    }

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

    /// Sets a parameter of the database's URL, and replaces one of the same name.
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

    /// Returns the folder of captured mail: next to the database file, or `./data/mailbox` if the database is a server.
    pub(super) fn mailbox_dir(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => path.with_file_name("mailbox"),
            Self::Postgres(_) | Self::Secret(_) => PathBuf::from("./data/mailbox"),
        }
    }
}

fn ssl_mode(text: &str) -> Result<String, String> {
    if SSL_MODES.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be one of {}", SSL_MODES.join(", ")))
    }
}

fn certificates(text: &str) -> Result<PathBuf, String> {
    if Path::new(text).is_file() {
        Ok(text.into())
    } else {
        Err("must name a file of certificates".to_owned())
    }
}
