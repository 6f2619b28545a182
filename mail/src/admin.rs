//! Authentication of management calls by the admin token.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    aws::Aws,
    aws::secret::{CachedSecret, SecretError, Terms},
    config::{Admin, AdminToken},
    error::Result,
    telemetry,
};

/// A token that was replaced opens nothing after the lifetime. One that is wrong costs a reading in each rest.
const TERMS: Terms = Terms {
    lifetime: Some(Duration::from_mins(5)),
    rest: Duration::from_mins(1),
};

/// Wrong tokens that an address may show at once, and how long it takes until it may show one more. A person, or a
/// program that is set up wrongly, shows fewer; an attacker who guesses shows more.
const WRONG_AT_ONCE: f64 = 100.0;
const ONE_MORE_AFTER: Duration = Duration::from_secs(1);
/// Addresses that are remembered; more share one count.
const PEERS: usize = 4096;

#[derive(Debug)]
pub struct AdminAuth {
    credential: Credential,
    brake: Brake,
}

/// The answer to a token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Admitted,
    Refused,
    /// Too many wrong ones came from there: the token was not looked at.
    Wait(Duration),
}

/// Counts wrong tokens by the address they came from, so that an attacker who guesses keeps out no other caller.
#[derive(Debug, Default)]
struct Brake(Mutex<HashMap<Option<IpAddr>, Wrong>>);

#[derive(Clone, Copy, Debug)]
struct Wrong {
    count: f64,
    counted_at: Instant,
}

impl Wrong {
    /// Without those that are long enough ago.
    fn now(self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.counted_at);
        let forgotten = passed.as_secs_f64() / ONE_MORE_AFTER.as_secs_f64();
        (self.count - forgotten).max(0.0)
    }
}

impl Brake {
    fn wait(&self, peer: Option<IpAddr>, now: Instant) -> Option<Duration> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = known.get(&peer).or_else(|| {
            let full = known.len() >= PEERS;
            full.then(|| known.get(&None)).flatten()
        })?;
        let above = wrong.now(now) - (WRONG_AT_ONCE - 1.0);
        (above > 0.0).then(|| ONE_MORE_AFTER.mul_f64(above))
    }

    /// Returns whether waiting begins with this wrong token.
    fn count(&self, peer: Option<IpAddr>, now: Instant) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= PEERS && !known.contains_key(&peer) {
            known.retain(|_, wrong| wrong.now(now) > 0.0);
        }
        let peer = peer.filter(|_| known.len() < PEERS || known.contains_key(&peer));
        let wrong = known.entry(peer).or_insert(Wrong {
            count: 0.0,
            counted_at: now,
        });
        let before = wrong.now(now);
        *wrong = Wrong {
            count: before + 1.0,
            counted_at: now,
        };
        before <= WRONG_AT_ONCE - 1.0 && before + 1.0 > WRONG_AT_ONCE - 1.0
    }
}

#[derive(Debug)]
enum Credential {
    /// No token is set, so none is right.
    Closed,
    Token(AdminToken),
    Secret(CachedSecret<AdminToken>),
}

impl AdminAuth {
    pub fn new(admin: Option<&Admin>, aws: &Arc<Aws>) -> Self {
        let credential = match admin {
            None => Credential::Closed,
            Some(Admin::Token(token)) => Credential::Token(token.clone()),
            Some(Admin::Secret(name)) => Credential::Secret(CachedSecret::new(
                Arc::clone(aws),
                "ADMIN_SECRET_NAME",
                name.clone(),
                |text| AdminToken::parse(text.trim()),
                TERMS,
            )),
        };
        Self {
            credential,
            brake: Brake::default(),
        }
    }

    /// Returns whether this is the admin token, and came from an address that has not shown too many wrong ones.
    pub async fn admit(&self, given: &str, peer: Option<IpAddr>) -> Result<Admission> {
        // Behind API Gateway, which has limits of its own, the address is not known: all callers would have to wait.
        let brake = peer.map(|_| &self.brake);
        if let Some(wait) = brake.and_then(|brake| brake.wait(peer, Instant::now())) {
            telemetry::token_refused();
            return Ok(Admission::Wait(wait));
        }
        if self.opens(given).await? {
            return Ok(Admission::Admitted);
        }
        telemetry::token_refused();
        if brake.is_some_and(|brake| brake.count(peer, Instant::now())) {
            tracing::warn!("many wrong admin tokens came from one address; it has to wait");
        }
        Ok(Admission::Refused)
    }

    async fn opens(&self, given: &str) -> Result<bool, SecretError> {
        match &self.credential {
            Credential::Closed => Ok(false),
            Credential::Token(token) => Ok(token.matches(given)),
            Credential::Secret(secret) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "an address may be unknown")]
    fn peer(number: u32) -> Option<IpAddr> {
        Some(std::net::Ipv4Addr::from(number).into())
    }

    #[test]
    fn who_shows_many_wrong_tokens_has_to_wait_and_nobody_else() {
        let (brake, now) = (Brake::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(brake.wait(peer(1), now), None);
            brake.count(peer(1), now);
        }
        let wait = brake.wait(peer(1), now).unwrap();
        assert_eq!(wait, ONE_MORE_AFTER);
        assert_eq!(brake.wait(peer(2), now), None);
        assert_eq!(brake.wait(peer(1), now + wait), None);
    }

    #[test]
    fn no_more_addresses_are_remembered_than_there_is_room_for() {
        let (brake, now) = (Brake::default(), Instant::now());
        for number in 0..20_000 {
            brake.count(peer(number), now);
        }
        assert!(brake.0.lock().unwrap().len() <= PEERS + 1);
        // Those that found no room share one count.
        assert!(brake.wait(peer(30_000), now).is_some());
        assert_eq!(
            brake.wait(peer(30_000), now + Duration::from_hours(24)),
            None
        );
    }
}
