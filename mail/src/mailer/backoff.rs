//! When what was surely not accepted is tried again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(2);
/// With the jitter on top it is three hours.
const LONGEST: Duration = Duration::from_mins(144);
const THROTTLED: Duration = Duration::from_secs(5);
/// Somebody has to change the settings first.
const ACCOUNT: Duration = Duration::from_mins(1);
/// A quota over a day comes free bit by bit.
const QUOTA: Duration = Duration::from_mins(5);

/// The wait before the next attempt, after `attempts` earlier ones and the one that has just failed: 2 s, 8 s,
/// 32 s … up to three hours, a quarter more or less.
pub fn backoff(attempts: i32) -> Duration {
    let earlier = u32::try_from(attempts).unwrap_or(0).min(10);
    jittered(FIRST.saturating_mul(4_u32.pow(earlier)).min(LONGEST))
}

/// The wait of somebody who was told to slow down: about 5 s.
pub fn throttle_pause() -> Duration {
    jittered(THROTTLED)
}

/// The wait where the account itself is at fault: about a minute. The others are held back meanwhile.
pub(super) fn account_pause() -> Duration {
    jittered(ACCOUNT)
}

/// The wait of a mail that names what is not the account's to use: about 5 minutes.
pub(super) fn identity_pause() -> Duration {
    jittered(QUOTA)
}

/// The wait of somebody who has sent all that a day allows: about 5 minutes.
pub(super) fn quota_pause() -> Duration {
    jittered(QUOTA)
}

/// A quarter more or less, so that what failed together does not come back together.
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
