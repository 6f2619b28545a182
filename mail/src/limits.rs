//! Limits of an API key: how many requests it may make and how many recipients it may write to, so that a key that
//! anyone can read in a page cannot be used to send much.
//!
//! A window is a minute or a day of UTC by the database's clock. Its counter begins at zero and never goes back.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use uuid::Uuid;

use crate::change::Change;

/// The lengths of the windows, in milliseconds.
pub const MINUTE: i64 = 60_000;
pub const DAY: i64 = 86_400_000;

/// The limits of a key; one that is `None` limits nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub requests_per_minute: Option<i32>,
    pub recipients_per_minute: Option<i32>,
    pub recipients_per_day: Option<i32>,
    pub recipients_per_request: Option<i32>,
}

/// Changes of single limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitChanges {
    pub requests_per_minute: Change<i32>,
    pub recipients_per_minute: Change<i32>,
    pub recipients_per_day: Change<i32>,
    pub recipients_per_request: Change<i32>,
}

impl Limits {
    pub const NONE: Self = Self {
        requests_per_minute: None,
        recipients_per_minute: None,
        recipients_per_day: None,
        recipients_per_request: None,
    };
    /// The limits of a key when it becomes a browser key, unless others are given.
    pub const OF_BROWSER_KEY: Self = Self {
        requests_per_minute: Some(60),
        recipients_per_minute: Some(60),
        recipients_per_day: Some(1_000),
        recipients_per_request: Some(1),
    };

    #[must_use]
    pub fn changed_by(self, change: Change<LimitChanges>) -> Self {
        match change {
            Change::Keep => self,
            Change::Remove => Self::NONE,
            Change::Set(each) => Self {
                requests_per_minute: each.requests_per_minute.of(self.requests_per_minute),
                recipients_per_minute: each.recipients_per_minute.of(self.recipients_per_minute),
                recipients_per_day: each.recipients_per_day.of(self.recipients_per_day),
                recipients_per_request: each.recipients_per_request.of(self.recipients_per_request),
            },
        }
    }

    /// Returns whether requests have to be counted.
    pub fn have_windows(&self) -> bool {
        Window::ALL.iter().any(|window| self.of(*window).is_some())
    }

    pub fn of(&self, window: Window) -> Option<i32> {
        match window {
            Window::RequestsInMinute => self.requests_per_minute,
            Window::RecipientsInMinute => self.recipients_per_minute,
            Window::RecipientsInDay => self.recipients_per_day,
        }
    }

    /// Returns what is used of each limit that has a window.
    pub fn quotas(&self, usage: &Usage) -> Vec<Quota> {
        let quotas = Window::ALL.into_iter().filter_map(|window| {
            let (used, ends_at) = usage.of(window);
            Some(Quota {
                window,
                limit: i64::from(self.of(window)?),
                used,
                ends_in: Duration::from_millis(u64::try_from(ends_at - usage.at).unwrap_or(0)),
            })
        });
        quotas.collect()
    }

    /// Returns the limit that one more request to so many recipients would exceed; of several, the one whose window
    /// ends last.
    pub fn exceeded(&self, usage: &Usage, recipients: i64) -> Option<Quota> {
        self.quotas(usage)
            .into_iter()
            .filter(|quota| quota.used + quota.window.share(recipients) > quota.limit)
            .max_by_key(|quota| quota.ends_in)
    }
}

/// A counter and the time that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    RequestsInMinute,
    RecipientsInMinute,
    RecipientsInDay,
}

impl Window {
    pub const ALL: [Self; 3] = [
        Self::RequestsInMinute,
        Self::RecipientsInMinute,
        Self::RecipientsInDay,
    ];

    /// Returns what a request to so many recipients adds to the counter.
    pub fn share(self, recipients: i64) -> i64 {
        match self {
            Self::RequestsInMinute => 1,
            Self::RecipientsInMinute | Self::RecipientsInDay => recipients,
        }
    }

    /// Returns the length of the window, in seconds.
    pub fn seconds(self) -> i64 {
        match self {
            Self::RequestsInMinute | Self::RecipientsInMinute => MINUTE / 1000,
            Self::RecipientsInDay => DAY / 1000,
        }
    }
}

/// One limit and what is used of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub window: Window,
    pub limit: i64,
    pub used: i64,
    /// The time until the window ends.
    pub ends_in: Duration,
}

impl Quota {
    pub fn left(&self) -> i64 {
        (self.limit - self.used).max(0)
    }
}

/// What a key has used in its current windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The time of this knowledge. All times are the database's, in milliseconds since the Unix epoch.
    pub at: i64,
    pub minute_ends_at: i64,
    pub minute_requests: i64,
    pub minute_recipients: i64,
    pub day_ends_at: i64,
    pub day_recipients: i64,
}

impl Usage {
    /// Returns the usage of a key that has used nothing.
    pub fn none(at: i64) -> Self {
        Self {
            at,
            minute_ends_at: end_of_window(at, MINUTE),
            minute_requests: 0,
            minute_recipients: 0,
            day_ends_at: end_of_window(at, DAY),
            day_recipients: 0,
        }
    }

    /// Replaces windows that have ended by the current ones.
    #[must_use]
    pub fn current(self) -> Self {
        let new = Self::none(self.at);
        let (minute, day) = (self.minute_ends_at > self.at, self.day_ends_at > self.at);
        Self {
            at: self.at,
            minute_ends_at: if minute {
                self.minute_ends_at
            } else {
                new.minute_ends_at
            },
            minute_requests: if minute { self.minute_requests } else { 0 },
            minute_recipients: if minute { self.minute_recipients } else { 0 },
            day_ends_at: if day {
                self.day_ends_at
            } else {
                new.day_ends_at
            },
            day_recipients: if day { self.day_recipients } else { 0 },
        }
    }

    fn of(&self, window: Window) -> (i64, i64) {
        match window {
            Window::RequestsInMinute => (self.minute_requests, self.minute_ends_at),
            Window::RecipientsInMinute => (self.minute_recipients, self.minute_ends_at),
            Window::RecipientsInDay => (self.day_recipients, self.day_ends_at),
        }
    }
}

fn end_of_window(now: i64, length: i64) -> i64 {
    (now.div_euclid(length) + 1) * length
}

/// What one request knows of the limits of its key, and whether the request has been counted.
#[derive(Debug)]
pub struct Meter {
    pub api_key_id: Uuid,
    pub limits: Limits,
    /// Set if the last use of the key was noted so long ago that this one is to be noted.
    use_is_due: bool,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    usage: Usage,
    is_counted: bool,
    use_is_noted: bool,
}

impl Meter {
    pub fn new(api_key_id: Uuid, limits: Limits, usage: Usage, use_is_due: bool) -> Self {
        let state = State {
            usage,
            is_counted: false,
            use_is_noted: false,
        };
        Self {
            api_key_id,
            limits,
            use_is_due,
            state: Mutex::new(state),
        }
    }

    pub fn usage(&self) -> Usage {
        self.state().usage
    }

    /// Notes the usage with this request in it.
    pub fn counted(&self, usage: Usage) {
        let mut state = self.state();
        state.usage = usage;
        state.is_counted = true;
    }

    /// The request is not to be counted, or has been counted with an answer that was lost.
    pub fn leave_uncounted(&self) {
        self.state().is_counted = true;
    }

    /// Returns whether the request is still to be counted. Where no requests are limited, or none is left in this
    /// window, counting it would change nothing.
    pub fn is_to_be_counted(&self) -> bool {
        let state = self.state();
        let limit = self.limits.requests_per_minute.map(i64::from);
        !state.is_counted && limit.is_some_and(|limit| state.usage.minute_requests < limit)
    }

    /// Returns whether the use of the key is still to be noted.
    pub fn use_is_to_be_noted(&self) -> bool {
        self.use_is_due && !self.state().use_is_noted
    }

    pub fn use_noted(&self) {
        self.state().use_is_noted = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        requests_per_minute: Some(2),
        recipients_per_minute: Some(10),
        recipients_per_day: Some(12),
        recipients_per_request: None,
    };

    fn used(minute_requests: i64, minute_recipients: i64, day_recipients: i64) -> Usage {
        Usage {
            minute_requests,
            minute_recipients,
            day_recipients,
            ..Usage::none(30_000)
        }
    }

    #[test]
    fn a_window_that_has_ended_is_empty_and_the_next_one_ends_at_its_full_minute_or_day() {
        let usage = used(1, 2, 3);
        assert_eq!((usage.minute_ends_at, usage.day_ends_at), (MINUTE, DAY));
        assert_eq!(usage.current(), usage);
        let later = Usage {
            at: MINUTE,
            ..usage
        }
        .current();
        assert_eq!(
            later,
            Usage {
                day_recipients: 3,
                ..Usage::none(MINUTE)
            }
        );
        assert_eq!(Usage { at: DAY, ..usage }.current(), Usage::none(DAY));
        assert_eq!(Usage::none(DAY).day_ends_at, 2 * DAY);
    }

    #[test]
    fn a_limit_is_exceeded_by_what_comes_after_it_and_not_by_what_fills_it() {
        assert_eq!(LIMITS.exceeded(&used(1, 7, 7), 3), None);
        let exceeded = |usage, recipients| {
            let quota = LIMITS.exceeded(&usage, recipients).unwrap();
            (quota.window, quota.left(), quota.ends_in.as_secs())
        };
        let minute = Window::RequestsInMinute;
        assert_eq!(exceeded(used(2, 2, 2), 1), (minute, 0, 30));
        let minute = Window::RecipientsInMinute;
        assert_eq!(exceeded(used(1, 7, 7), 4), (minute, 3, 30));
        let day = Window::RecipientsInDay;
        assert_eq!(exceeded(used(2, 10, 12), 1), (day, 0, 86_370));
        assert_eq!(Limits::NONE.exceeded(&used(9, 9, 9), 10_000), None);
    }

    #[test]
    fn limits_are_changed_one_by_one_or_removed_as_a_whole() {
        let change = Change::Set(LimitChanges {
            requests_per_minute: Change::Remove,
            recipients_per_day: Change::Set(5),
            ..LimitChanges::default()
        });
        let changed = Limits {
            requests_per_minute: None,
            recipients_per_day: Some(5),
            ..LIMITS
        };
        assert_eq!(LIMITS.changed_by(change), changed);
        assert_eq!(LIMITS.changed_by(Change::Remove), Limits::NONE);
        assert_eq!(LIMITS.changed_by(Change::Keep), LIMITS);
        assert!(LIMITS.have_windows() && !Limits::NONE.have_windows());
    }

    #[test]
    fn a_request_is_counted_once_and_only_where_it_matters() {
        let meter = |limits, usage| Meter::new(Uuid::nil(), limits, usage, true);
        let one = meter(LIMITS, used(1, 1, 1));
        assert!(one.is_to_be_counted() && one.use_is_to_be_noted());
        one.counted(used(2, 2, 2));
        one.use_noted();
        assert!(!one.is_to_be_counted() && !one.use_is_to_be_noted());
        assert_eq!(one.usage(), used(2, 2, 2));
        assert!(!meter(LIMITS, used(2, 1, 1)).is_to_be_counted());
        assert!(!meter(Limits::NONE, used(0, 0, 0)).is_to_be_counted());
        let replayed = meter(LIMITS, used(0, 0, 0));
        replayed.leave_uncounted();
        assert!(!replayed.is_to_be_counted());
    }
}
