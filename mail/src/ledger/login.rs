//! The user name and password of the database, read from a secret.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sea_orm::DbErr;
use serde_json::Value;
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::{pool::Pool, session::Options};
use crate::{
    aws::Aws,
    aws::secret::{CachedSecret, SecretError, Terms},
    config::SecretDatabase,
    error::is_refused_login,
    telemetry,
};

/// The certificates that a database on AWS is verified with: the database presents a certificate of RDS, a proxy before
/// it one of Amazon.
const CERTIFICATES: &[u8] = include_bytes!("certificates.pem");
const DEFAULT_PORT: u16 = 5432;
/// A refused login is the reason to read the secret again, so the secret needs no lifetime.
pub const TERMS: Terms = Terms {
    lifetime: None,
    rest: Duration::from_secs(3),
};

/// The fields that RDS writes into a secret.
#[derive(PartialEq, Eq)]
pub struct Login {
    pub username: String,
    pub password: String,
    host: Option<String>,
    port: Option<u16>,
}

pub struct LoginSecret {
    settings: SecretDatabase,
    secret: CachedSecret<Login>,
    /// The login that new connections use.
    shown: RwLock<Option<Arc<Login>>>,
}

impl LoginSecret {
    pub fn new(settings: &SecretDatabase, aws: &Arc<Aws>) -> Self {
        let parse = match settings.host {
            Some(_) => Login::parse,
            None => Login::parse_with_host,
        };
        Self {
            secret: CachedSecret::new(
                Arc::clone(aws),
                "SECRET_NAME",
                settings.secret.clone(),
                parse,
                TERMS,
            ),
            settings: settings.clone(),
            shown: RwLock::default(),
        }
    }

    pub fn shown(&self) -> Option<Arc<Login>> {
        let shown = self.shown.read();
        shown.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the secret unless it has been read before.
    pub async fn prepare(&self, pool: &Pool) -> Result<(), SecretError> {
        if self.shown().is_none() {
            self.show(self.secret.get().await?, pool);
        }
        Ok(())
    }

    /// Returns whether a connection that was refused with the login `shown` is worth a retry, because the secret holds
    /// another login now.
    pub async fn is_renewed(&self, shown: &Login, error: &DbErr, pool: &Pool) -> bool {
        if !is_refused_login(error) {
            return false;
        }
        match self.secret.other_than(shown).await {
            Ok(Some(login)) => {
                tracing::info!(
                    "the password of the database was changed, its secret is read again"
                );
                self.show(login, pool);
                true
            }
            Ok(None) => false,
            Err(error) => {
                let error = telemetry::causes(&error);
                tracing::warn!(error, "the database refuses the password");
                false
            }
        }
    }

    fn show(&self, login: Arc<Login>, pool: &Pool) {
        pool.set_options(Options::Postgres(Box::new(self.options(&login))));
        let mut shown = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        *shown = Some(login);
    }

    fn options(&self, login: &Login) -> PgConnectOptions {
        let settings = &self.settings;
        let host = settings.host.as_ref().or(login.host.as_ref());
        let port = settings.port.or(login.port).unwrap_or(DEFAULT_PORT);
        let options = PgConnectOptions::new_without_pgpass()
            .host(host.map_or("localhost", String::as_str))
            .port(port)
            .username(&login.username)
            .password(&login.password)
            .database(&settings.database)
            .ssl_mode(settings.ssl_mode.parse().unwrap_or(PgSslMode::VerifyFull))
            .disable_statement_logging();
        match &settings.ssl_root_cert {
            Some(path) => options.ssl_root_cert(path),
            None => options.ssl_root_cert_from_pem(CERTIFICATES.to_vec()),
        }
    }
}

impl fmt::Debug for LoginSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginSecret").finish_non_exhaustive()
    }
}

impl Login {
    fn parse_with_host(text: &str) -> Result<Self, String> {
        let login = Self::parse(text)?;
        if login.host.is_none() {
            return Err("has no host, and DB_HOST is not given".to_owned());
        }
        Ok(login)
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        // The error message of serde would quote the secret.
        let Ok(Value::Object(secret)) = serde_json::from_str(text) else {
            return Err("is not a JSON object".to_owned());
        };
        let text = |name| match secret.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        let needed = |name| text(name).ok_or_else(|| format!("has no {name}"));
        let port = match secret.get("port") {
            None | Some(Value::Null) => None,
            Some(port) => {
                let number = port.to_string();
                let port = number.trim_matches('"').parse();
                Some(port.map_err(|_| "has a port that is no number".to_owned())?)
            }
        };
        Ok(Self {
            username: needed("username")?,
            password: needed("password")?,
            host: text("host"),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Login::parse_with_host(text).err().unwrap()
    }

    #[test]
    fn a_port_is_a_number_or_the_text_of_one() {
        for (port, expected) in [
            (r#", "port": 6432"#, Some(6432)),
            (r#", "port": "6432""#, Some(6432)),
            (r#", "port": null"#, None),
            ("", None),
        ] {
            let secret = format!(r#"{{"username": "me", "password": "hunter2"{port}}}"#);
            assert_eq!(Login::parse(&secret).unwrap().port, expected, "{port}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_what_is_there_is_not_told() {
        for (secret, expected) in [
            ("hunter2", "is not a JSON object"),
            ("[\"hunter2\"]", "is not a JSON object"),
            (r#"{"password": "hunter2"}"#, "has no username"),
            (r#"{"username": "me", "password": 7}"#, "has no password"),
            (r#"{"username": "me", "password": ""}"#, "has no password"),
            (
                r#"{"username": "me", "password": "hunter2", "host": "db", "port": "hunter2"}"#,
                "has a port that is no number",
            ),
            (
                r#"{"username": "me", "password": "hunter2"}"#,
                "has no host, and DB_HOST is not given",
            ),
        ] {
            assert_eq!(fault(secret), expected);
        }
    }
}
