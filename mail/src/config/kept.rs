//! The times for which data is kept.

use std::time::Duration;

use super::{
    InvalidConfig,
    environment::{Environment, number},
    invalid,
};

/// A century, in days: longer than anything is kept.
const MOST_DAYS: u64 = 36_500;
/// The default of `KEEP_DAYS`, unless addresses stay for longer.
const KEEP_DAYS: u64 = 400;

/// The default of `EVENT_DAYS`, unless mailings are kept for less.
const EVENT_DAYS: u64 = 30;

/// The times for which addresses, mailings and events are kept.
pub struct Kept {
    pub retention: Duration,
    pub keep: Duration,
    pub events: Duration,
}

impl Kept {
    pub fn read<F: Fn(&'static str) -> Result<Option<String>, String>>(
        env: &Environment<F>,
    ) -> Result<Self, InvalidConfig> {
        let retention = env.parsed("RETENTION_DAYS", number(0..=MOST_DAYS), "30")?;
        let keep = keep_days(env, retention)?;
        let events = event_days(env, keep)?;
        Ok(Self {
            retention: days(retention),
            keep: days(keep),
            events: days(events),
        })
    }
}

/// At least a day: until then a mailing can be resent, and its idempotency key is remembered.
fn keep_days<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    retention: u64,
) -> Result<u64, InvalidConfig> {
    const VARIABLE: &str = "KEEP_DAYS";
    let Some(days) = env.optional(VARIABLE, number(1..=MOST_DAYS))? else {
        return Ok(KEEP_DAYS.max(retention));
    };
    if days < retention {
        return Err(invalid(
            VARIABLE,
            format!("must be at least RETENTION_DAYS, which is {retention}"),
        ));
    }
    Ok(days)
}

/// Events are kept no longer than the mailings that they are about.
fn event_days<F: Fn(&'static str) -> Result<Option<String>, String>>(
    env: &Environment<F>,
    keep: u64,
) -> Result<u64, InvalidConfig> {
    const VARIABLE: &str = "EVENT_DAYS";
    let Some(days) = env.optional(VARIABLE, number(1..=MOST_DAYS))? else {
        return Ok(EVENT_DAYS.min(keep));
    };
    if days > keep {
        return Err(invalid(
            VARIABLE,
            format!("must be at most KEEP_DAYS, which is {keep}"),
        ));
    }
    Ok(days)
}

fn days(number: u64) -> Duration {
    Duration::from_secs(number * 24 * 3600)
}
