//! One call to a transport: its time limit and its progress.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// The time that a call under way may still take after the process was asked to stop. Docker, ECS and Kubernetes kill a
/// process 10 to 30 seconds after SIGTERM.
const AFTER_STOP: Duration = Duration::from_secs(25);

/// A call, shared by the task that makes it and the task that waits for it.
#[derive(Clone, Debug)]
pub struct Call {
    begin: Instant,
    limit: Duration,
    stop: CancellationToken,
    handed_over: Arc<AtomicBool>,
}

impl Call {
    /// Creates a call that begins now.
    pub fn new(limit: Duration, stop: CancellationToken) -> Self {
        Self {
            begin: Instant::now(),
            limit,
            stop,
            handed_over: Arc::default(),
        }
    }

    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Returns the time that is left for the call.
    pub fn left(&self) -> Duration {
        self.deadline().saturating_duration_since(Instant::now())
    }

    fn deadline(&self) -> Instant {
        self.begin + self.limit
    }

    /// Notes that from now on the transport may have accepted the mail, or one of several.
    pub fn hand_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    /// Returns whether the transport may have accepted the mail already, or one of several.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Relaxed)
    }

    /// Waits until a mail of the call must end: `before_end` from now if it is not handed over by then, otherwise at the
    /// limit of the call; and in any case `AFTER_STOP` after the process was asked to stop.
    pub async fn out_of_time(&self, before_end: Duration, is_handed_over: impl Fn() -> bool) {
        let over = async {
            sleep_until(self.deadline().min(Instant::now() + before_end)).await;
            if is_handed_over() {
                sleep_until(self.deadline()).await;
            }
        };
        let stopped = async {
            self.stop.cancelled().await;
            sleep(AFTER_STOP).await;
        };
        tokio::select! {
            () = over => {}
            () = stopped => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn call(limit: Duration) -> Call {
        Call::new(limit, CancellationToken::new())
    }

    #[tokio::test]
    async fn what_is_not_handed_over_has_a_part_of_the_time() {
        call(Duration::from_mins(15))
            .out_of_time(Duration::ZERO, || false)
            .await;
        call(Duration::ZERO)
            .out_of_time(Duration::from_mins(5), || false)
            .await;
    }

    #[tokio::test]
    async fn what_is_handed_over_has_all_of_it() {
        let long = call(Duration::from_mins(15));
        let out_of_time = long.out_of_time(Duration::ZERO, || true);
        assert_eq!(out_of_time.now_or_never(), None);
        let over = call(Duration::ZERO);
        over.out_of_time(Duration::ZERO, || true).await;
    }
}
