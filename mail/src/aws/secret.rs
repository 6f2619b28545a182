//! A secret in Secrets Manager: read when it is first needed, cached, and read again when it may have changed.

use std::{
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use thiserror::Error;

use crate::aws::Aws;

/// The time for which nothing is read after a failed read.
const RETRY: Duration = Duration::from_secs(3);

/// An error that names the variable of the secret and the fault, never the secret's content.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the secret of {variable} {fault}")]
pub struct SecretError {
    variable: &'static str,
    fault: String,
}

/// The time limits of a cached secret.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The age at which the secret is read again before it is used.
    pub lifetime: Option<Duration>,
    /// The time for which nothing is read after a read that brought nothing new.
    pub rest: Duration,
}

pub struct CachedSecret<T> {
    aws: Arc<Aws>,
    variable: &'static str,
    /// The name or ARN of the secret.
    name: String,
    parse: fn(&str) -> Result<T, String>,
    terms: Terms,
    kept: Mutex<Kept<T>>,
    /// Held by the task that reads the secret; the others wait for its result.
    reading: tokio::sync::Mutex<()>,
}

impl<T: PartialEq> CachedSecret<T> {
    /// Creates a cache. The errors of `parse` must not quote the secret.
    pub fn new(
        aws: Arc<Aws>,
        variable: &'static str,
        name: String,
        parse: fn(&str) -> Result<T, String>,
        terms: Terms,
    ) -> Self {
        Self {
            aws,
            variable,
            name,
            parse,
            terms,
            kept: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// Returns the secret as it was last read, and reads it if necessary.
    pub async fn get(&self) -> Result<Arc<T>, SecretError> {
        let known = || self.kept().known(self.terms, Instant::now());
        if let Some(known) = known() {
            return known;
        }
        let _reading = self.reading.lock().await;
        match known() {
            Some(known) => known,
            None => self.read().await,
        }
    }

    /// Returns the secret if it differs from `useless`, a value that was refused; otherwise reads it again.
    pub async fn other_than(&self, useless: &T) -> Result<Option<Arc<T>>, SecretError> {
        let is_other = |value: &Arc<T>| **value != *useless;
        let _reading = self.reading.lock().await;
        let (known, rests, failure) = {
            let kept = self.kept();
            let known = kept.value.clone().filter(is_other);
            (known, kept.rests(Instant::now()), kept.failure.clone())
        };
        match (known, failure) {
            // Another task has read the secret meanwhile.
            (Some(other), _) => Ok(Some(other)),
            (None, Some(failure)) if rests => Err(failure),
            (None, None) if rests => Ok(None),
            _ => self.read().await.map(|read| Some(read).filter(is_other)),
        }
    }

    async fn read(&self) -> Result<Arc<T>, SecretError> {
        // Boxed because it is rare and large: every future that awaits it would be as large.
        let read = Box::pin(self.ask()).await;
        self.kept().note(&read, self.terms, Instant::now());
        read
    }

    async fn ask(&self) -> Result<Arc<T>, SecretError> {
        let client = self.aws.secrets().await;
        let answer = client.get_secret_value().secret_id(&self.name).send().await;
        let answer = answer
            .map_err(|error| self.error(format!("cannot be read: {}", with_sources(&error))))?;
        let text = answer.secret_string();
        let text = text.ok_or_else(|| self.error("is not text".to_owned()))?;
        (self.parse)(text)
            .map(Arc::new)
            .map_err(|fault| self.error(fault))
    }

    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, fault: String) -> SecretError {
        SecretError {
            variable: self.variable,
            fault,
        }
    }
}

impl<T> fmt::Debug for CachedSecret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The cached secret, and the time of the next read.
struct Kept<T> {
    value: Option<Arc<T>>,
    /// The error of the last read.
    failure: Option<SecretError>,
    read_at: Option<Instant>,
    rests_until: Option<Instant>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            value: None,
            failure: None,
            read_at: None,
            rests_until: None,
        }
    }
}

impl<T: PartialEq> Kept<T> {
    /// Returns the cached value or error, or `None` if the secret has to be read.
    fn known(&self, terms: Terms, now: Instant) -> Option<Result<Arc<T>, SecretError>> {
        let old = |read_at| {
            terms
                .lifetime
                .is_some_and(|lifetime| now >= read_at + lifetime)
        };
        match (&self.value, self.read_at) {
            (Some(value), Some(read_at)) if !old(read_at) => Some(Ok(Arc::clone(value))),
            _ => self.failure.clone().filter(|_| self.rests(now)).map(Err),
        }
    }

    fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }

    fn note(&mut self, read: &Result<Arc<T>, SecretError>, terms: Terms, now: Instant) {
        self.failure = read.as_ref().err().cloned();
        self.rests_until = match read {
            Err(_) => Some(now + RETRY),
            Ok(value) => {
                self.read_at = Some(now);
                let before = self.value.replace(Arc::clone(value));
                let is_known = before.is_some_and(|before| before == *value);
                is_known.then(|| now + terms.rest)
            }
        };
    }
}

/// Returns the message of an error and those of its sources.
fn with_sources(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms {
        lifetime: Some(Duration::from_mins(5)),
        rest: Duration::from_mins(1),
    };

    fn failure() -> SecretError {
        SecretError {
            variable: "SECRET_NAME",
            fault: "is not there".to_owned(),
        }
    }

    fn seconds(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn what_was_read_is_known_until_it_is_too_old() {
        let start = Instant::now();
        let mut kept = Kept::default();
        assert_eq!(kept.known(TERMS, start), None);
        kept.note(&Ok(Arc::new(1)), TERMS, start);
        assert_eq!(kept.known(TERMS, seconds(start, 299)), Some(Ok(1.into())));
        assert_eq!(kept.known(TERMS, seconds(start, 300)), None);
        let forever = Terms {
            lifetime: None,
            ..TERMS
        };
        let late = kept.known(forever, seconds(start, 1_000_000));
        assert_eq!(late, Some(Ok(1.into())));
    }

    #[test]
    fn a_failure_is_told_again_instead_of_asking_again() {
        let start = Instant::now();
        let mut kept = Kept::<u8>::default();
        kept.note(&Err(failure()), TERMS, start);
        let told = kept.known(TERMS, seconds(start, 2));
        assert_eq!(told, Some(Err(failure())));
        assert_eq!(kept.known(TERMS, seconds(start, 3)), None);
    }

    #[test]
    fn a_failure_leaves_what_is_known_until_that_is_too_old() {
        let start = Instant::now();
        let mut kept = Kept::default();
        kept.note(&Ok(Arc::new(1)), TERMS, start);
        kept.note(&Err(failure()), TERMS, seconds(start, 299));
        assert_eq!(kept.known(TERMS, seconds(start, 299)), Some(Ok(1.into())));
        let told = kept.known(TERMS, seconds(start, 300));
        assert_eq!(told, Some(Err(failure())));
    }

    #[test]
    fn only_a_reading_that_brought_nothing_new_is_followed_by_a_rest() {
        let start = Instant::now();
        let mut kept = Kept::default();
        kept.note(&Ok(Arc::new(1)), TERMS, start);
        assert!(!kept.rests(start));
        kept.note(&Ok(Arc::new(2)), TERMS, start);
        assert!(!kept.rests(start));
        kept.note(&Ok(Arc::new(2)), TERMS, start);
        assert!(kept.rests(seconds(start, 59)));
        assert!(!kept.rests(seconds(start, 60)));
    }
}
