//! Retries of statements: a lost answer or a deadlock is no reason to lose an outcome.

use std::{future::Future, time::Duration};

use backon::{ExponentialBuilder, Retryable};

use crate::{
    error::{Error, Result},
    telemetry,
};

/// The back-off for reads and moves that a caller waits for: about two seconds.
pub fn short_backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(5)
        .with_jitter()
}

/// The back-off for outcomes, which are stored nowhere else: about two minutes.
fn long_backoff() -> ExponentialBuilder {
    short_backoff()
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(30)
}

/// Retries `work` as long as its error is transient. Doing `work` twice must be harmless.
pub async fn repeat<T, F, Fut>(backoff: ExponentialBuilder, work: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    repeat_if(backoff, Error::is_transient, work).await
}

/// Retries `work` after any error of the ledger: even a full disk may have room again.
pub async fn retry_until_recorded<T, F, Fut>(work: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    repeat_if(
        long_backoff(),
        |error| {
            matches!(
                error,
                Error::Ledger(_) | Error::Untrusted(_) | Error::Secret(_)
            )
        },
        work,
    )
    .await
}

async fn repeat_if<T, F, Fut>(
    backoff: ExponentialBuilder,
    worth_it: fn(&Error) -> bool,
    work: F,
) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T>>,
{
    work.retry(backoff)
        .when(worth_it)
        .notify(|error, delay| {
            tracing::warn!(
                error = telemetry::causes(error),
                delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                "the ledger failed, trying again"
            );
        })
        .await
}
