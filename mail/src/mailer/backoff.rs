//! Back-off of mail that was certainly not accepted.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
/// With the jitter added, this is three hours.
const LONGEST: Duration = Duration::from_mins(144);
const THROTTLED: Duration = Duration::from_secs(5);
/// The settings of the account have to be changed first.
const ACCOUNT: Duration = Duration::from_mins(1);
/// A daily quota becomes free bit by bit.
const QUOTA: Duration = Duration::from_mins(5);

/// Returns the wait before the next attempt, after `attempts` earlier ones and the one that has just failed: 2 s, 8 s,
/// 32 s … up to three hours, each a quarter more or less.
pub fn backoff(attempts: i32) -> Duration {
    let earlier = u32::try_from(attempts).unwrap_or(0).min(10);
    jittered(FIRST.saturating_mul(4_u32.pow(earlier)).min(LONGEST))
}

/// Returns the wait after the transport has asked to slow down: about 5 s.
pub fn throttle_pause() -> Duration {
    jittered(THROTTLED)
}

/// Returns the wait after a fault of the account itself: about a minute. Other mail is held back meanwhile.
pub(super) fn account_pause() -> Duration {
    jittered(ACCOUNT)
}

/// Returns the wait of a mail that names something the account may not use, such as its sender: about 5 minutes.
pub(super) fn identity_pause() -> Duration {
    jittered(QUOTA)
}

/// Returns the wait after the daily quota is used up: about 5 minutes.
pub(super) fn quota_pause() -> Duration {
    jittered(QUOTA)
}

/// Varies a wait by up to a quarter, so that mails that failed together are not retried together.
pub fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(rand::random_range(0.75..=1.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_about_four_times_the_one_before_and_three_hours_at_most() {
        for (attempts, seconds) in [(0, 2.0), (1, 8.0), (3, 128.0), (6, 8192.0), (7, 8640.0)] {
            let wait = backoff(attempts).as_secs_f64();
            assert!((0.75 * seconds..=1.25 * seconds).contains(&wait), "{wait}");
        }
        for attempts in [-1, 8, 1000, i32::MAX] {
            assert!(backoff(attempts) <= Duration::from_hours(3));
        }
    }

    #[test]
    fn waits_differ() {
        let first = throttle_pause();
        assert!((0..50).any(|_| throttle_pause() != first));
    }
}
