//! Waiting for a state, with a deadline.

use std::fmt::Debug;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(25);

/// What `look` finds once it finds something. It looks again and again for a minute.
///
/// `look` answers `Err` with what it saw instead, for the message of the failure.
pub async fn eventually<T, S: Debug>(
    what: &str,
    look: impl AsyncFnMut() -> Result<T, S>,
) -> T {
    within(Duration::from_mins(1), what, look).await
}

/// As [`eventually`], with a deadline of the test's own.
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
