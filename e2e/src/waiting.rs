//! Waiting for a state, with a deadline.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(25);

/// Calls `look` repeatedly for up to a minute, and returns the first value that it finds.
///
/// `look` returns `Err` with what it saw instead, for the failure message.
pub async fn eventually<T, S: Debug>(what: &str, look: impl AsyncFnMut() -> Result<T, S>) -> T {
    within(Duration::from_mins(1), what, look).await
}

/// Does the same as [`eventually`], with another time limit.
pub async fn within<T, S: Debug>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, S>,
) -> T {
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
