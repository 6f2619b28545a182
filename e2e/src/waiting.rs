//! Waiting for a state, with a deadline.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(25);

/// What `look` finds once it finds something. It looks again and again for a minute.
///
/// `look` answers `Err` with what it saw instead, for the message of the failure.
pub async fn eventually<T, S, F>(what: &str, look: impl FnMut() -> F) -> T
where
    S: Debug,
    F: Future<Output = Result<T, S>>,
{
    within(Duration::from_mins(1), what, look).await
}

/// As [`eventually`], with a deadline of the test's own.
pub async fn within<T, S, F>(limit: Duration, what: &str, mut look: impl FnMut() -> F) -> T
where
    S: Debug,
    F: Future<Output = Result<T, S>>,
{
    let begin = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) => assert!(
                begin.elapsed() < limit,
                "{what}: not within {limit:?}; last seen {seen:?}"
            ),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
