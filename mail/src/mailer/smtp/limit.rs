//! The number of mails that may be under way at once: no more than the setting, and fewer while the server takes fewer.

use std::time::Duration;

use tokio::time::Instant;

/// The number of mails of mailings at the beginning, and after a fault that concerns all mail: a server that serves
/// none is not asked by all connections at once.
const FIRST: usize = 4;
/// The time without a refused connection after which one more is tried.
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub struct Limit {
    most: usize,
    /// The limit of all mails. The server has lowered it where it is less than `most`.
    all: usize,
    /// The limit of the mails of mailings: one more for each mail that the server has served.
    of_mailings: usize,
    grows_at: Instant,
}

impl Limit {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            all: most,
            of_mailings: FIRST.min(most),
            grows_at: Instant::now(),
        }
    }

    /// Returns how many mails may be under way, and how many of them may be of mailings.
    pub fn now(&mut self, now: Instant) -> (usize, usize) {
        if self.all < self.most && now >= self.grows_at {
            self.all += 1;
            self.grows_at = now + PATIENCE;
        }
        (self.all, self.of_mailings.min(self.all))
    }

    /// The server has served a mail.
    pub fn grow(&mut self) {
        self.of_mailings = (self.of_mailings + 1).min(self.most);
    }

    /// The server serves no mail. Where it does not even take a connection, its limit of them is not known any more.
    pub fn shrink(&mut self, open: usize) {
        self.of_mailings = FIRST.min(self.most);
        if open == 0 {
            self.all = self.most;
        }
    }

    /// The server takes no connection beyond those that are open.
    pub fn lower(&mut self, open: usize, now: Instant) {
        self.all = self.all.min(open.max(1));
        self.grows_at = now + PATIENCE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailings_begin_with_a_few_and_get_one_more_for_each_mail_that_was_served() {
        let (mut limit, now) = (Limit::new(6), Instant::now());
        assert_eq!(limit.now(now), (6, 4));
        for expected in [5, 6, 6] {
            limit.grow();
            assert_eq!(limit.now(now), (6, expected));
        }
        limit.shrink(6);
        assert_eq!(limit.now(now), (6, 4));
        assert_eq!(Limit::new(1).now(now), (1, 1));
    }

    #[test]
    fn a_limit_of_the_server_is_tried_again_one_by_one() {
        let (mut limit, now) = (Limit::new(20), Instant::now());
        limit.lower(7, now);
        limit.lower(9, now);
        assert_eq!(limit.now(now), (7, 4));
        assert_eq!(limit.now(now + PATIENCE), (8, 4));
        assert_eq!(limit.now(now + PATIENCE), (8, 4));
        assert_eq!(limit.now(now + 2 * PATIENCE), (9, 4));
        limit.lower(0, now);
        assert_eq!(limit.now(now), (1, 1));
        for steps in 1..100 {
            limit.now(now + steps * PATIENCE);
        }
        assert_eq!(limit.now(now).0, 20);
        limit.lower(3, now);
        limit.shrink(3);
        assert_eq!(limit.now(now).0, 3);
        limit.shrink(0);
        assert_eq!(limit.now(now).0, 20);
    }
}
