//! Secrets, and the places from which they are read.

use std::fmt;

use super::{DatabaseSource, InvalidConfig, environment::Environment, invalid};
use crate::hash_secret::{HashSecret, HashSecretSource};

/// The minimum number of characters of an admin token.
const ADMIN_TOKEN_LENGTH: usize = 20;

/// The source of the token for the management operations.
#[derive(Clone, Debug)]
pub enum Admin {
    Token(AdminToken),
    /// The name or ARN of a secret that contains only the token.
    Secret(String),
}

/// The token for the management operations.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(String);

impl AdminToken {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            Err("must be printable ASCII without spaces".to_owned())
        } else if text.len() < ADMIN_TOKEN_LENGTH {
            Err(format!(
                "must have at least {ADMIN_TOKEN_LENGTH} characters: make one with `openssl rand -hex 32`"
            ))
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// Compares hashes, so that the time it takes reveals nothing about the token.
    pub fn matches(&self, given: &str) -> bool {
        crate::api_key::hash(&self.0) == crate::api_key::hash(given)
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(…)")
    }
}

pub fn admin<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
) -> Result<Option<Admin>, InvalidConfig> {
    let token = env.optional("ADMIN_TOKEN", AdminToken::parse)?;
    if let Some(token) = token {
        env.refuse(
            &["ADMIN_SECRET_NAME"],
            "cannot be given together with ADMIN_TOKEN",
        )?;
        return Ok(Some(Admin::Token(token)));
    }
    Ok(env.text("ADMIN_SECRET_NAME")?.map(Admin::Secret))
}

pub fn hash_secret<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    database: &DatabaseSource,
) -> Result<HashSecretSource, InvalidConfig> {
    if let Some(secret) = env.optional("HASH_SECRET", HashSecret::check)? {
        env.refuse(
            &["HASH_SECRET_NAME"],
            "cannot be given together with HASH_SECRET",
        )?;
        return Ok(HashSecretSource::Given(secret));
    }
    Ok(match (env.text("HASH_SECRET_NAME")?, database) {
        (Some(name), _) => HashSecretSource::Secret(name),
        (None, DatabaseSource::Sqlite(path)) => {
            HashSecretSource::File(path.with_extension("secret"))
        }
        (None, DatabaseSource::Postgres(_) | DatabaseSource::Secret(_)) => HashSecretSource::Ledger,
    })
}

pub fn role_secret<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    database: &DatabaseSource,
    migrates: bool,
) -> Result<Option<String>, InvalidConfig> {
    const VARIABLE: &str = "DB_ROLE_SECRET_NAME";
    let secret = env.text(VARIABLE)?;
    if secret.is_some() && matches!(database, DatabaseSource::Sqlite(_)) {
        return Err(invalid(VARIABLE, "is for PostgreSQL only"));
    }
    if secret.is_some() && !migrates {
        return Err(invalid(VARIABLE, "means nothing with DB_MIGRATE=false"));
    }
    Ok(secret)
}
