//! Who may manage: whoever shows the admin token.

use std::{sync::Arc, time::Duration};

use crate::{
    Service,
    aws::Aws,
    config::{Admin, AdminToken},
    error::Result,
    secret::{Secret, SecretError, Terms},
};

/// A token that was replaced opens nothing after the lifetime. One that is wrong costs a reading in each rest.
const TERMS: Terms = Terms {
    lifetime: Some(Duration::from_mins(5)),
    rest: Duration::from_mins(1),
};

#[derive(Debug)]
pub struct Gate(Lock);

#[derive(Debug)]
enum Lock {
    /// Without a token there is none that fits.
    Closed,
    Token(AdminToken),
    Secret(Secret<AdminToken>),
}

impl Gate {
    pub fn new(admin: Option<&Admin>, aws: &Arc<Aws>) -> Self {
        Self(match admin {
            None => Lock::Closed,
            Some(Admin::Token(token)) => Lock::Token(token.clone()),
            Some(Admin::Secret(name)) => Lock::Secret(Secret::new(
                Arc::clone(aws),
                "ADMIN_SECRET_NAME",
                name.clone(),
                |text| AdminToken::parse(text.trim()),
                TERMS,
            )),
        })
    }

    async fn opens(&self, given: &str) -> Result<bool, SecretError> {
        match &self.0 {
            Lock::Closed => Ok(false),
            Lock::Token(token) => Ok(token.matches(given)),
            Lock::Secret(secret) => {
                let token = secret.get().await?;
                if token.matches(given) {
                    return Ok(true);
                }
                let newer = secret.other_than(&token).await?;
                Ok(newer.is_some_and(|token| token.matches(given)))
            }
        }
    }
}

impl Service {
    /// Whether this is the token that opens the management calls.
    pub async fn is_admin(&self, given: &str) -> Result<bool> {
        Ok(self.gate.opens(given).await?)
    }
}
