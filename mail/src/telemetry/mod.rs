//! Logs and metrics. They never contain an address, a key, a token or a body; `docs/operations.md` lists the fields.

mod causes;
mod invocation;
mod line;
mod metrics;

use std::{io::IsTerminal, panic, time::Duration};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};
use uuid::Uuid;

use crate::{
    Status,
    config::{Config, InvalidConfig, LogFormat, invalid},
    event::{Bounce, BounceType},
    recipient_update::RecipientUpdate,
};
pub use causes::causes;
pub use invocation::{begin, flush};

/// Starts logging to standard error. Metrics go to standard output, and only from a function: see [`begin`].
pub fn start(config: &Config) -> Result<(), InvalidConfig> {
    let filter = EnvFilter::builder()
        .parse(&config.log_filter)
        .map_err(|_| {
            invalid(
                "RUST_LOG",
                "must be directives such as info or mail=debug,info",
            )
        })?;
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match config.log_format {
        LogFormat::Json => layer.json().map_event_format(line::Line::of).boxed(),
        LogFormat::Pretty => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(layer)
        .init();
    log_panics();
    Ok(())
}

/// Logs the location of panics without their message, which may contain an address or a key.
pub fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(tracing::field::display);
        tracing::error!(panic.location = location, "a thread panicked");
    }));
}

/// Logs one line for each move of a recipient, at debug level if the recipient will be tried again.
pub(crate) fn recipient_moved(row: &RecipientUpdate) {
    let status = row.status.as_str();
    let detail = row.status_detail.as_deref();
    if row.status == Status::Queued {
        tracing::debug!(
            mail.id = %row.mailing_id, recipient.index = row.position, recipient.status = status, recipient.status_detail = detail,
            recipient.attempts = row.attempts, "recipient will be tried again"
        );
    } else {
        tracing::info!(
            mail.id = %row.mailing_id, recipient.index = row.position, recipient.status = status, recipient.status_detail = detail,
            recipient.attempts = row.attempts, "recipient ended"
        );
    }
    // Like SES, which reviews accounts by it, the metric counts only what will never arrive.
    let may_arrive = |bounce: &Bounce| bounce.kind != BounceType::Permanent;
    if !row.bounce.as_ref().is_some_and(may_arrive) {
        invocation::count(|metrics| metrics.recipient_moved(row.status));
    }
}

pub(crate) fn call_made(mailing_id: Uuid, recipients: usize, took: Duration) {
    tracing::debug!(mail.id = %mailing_id, recipients, duration_ms = milliseconds(took), "transport called");
    invocation::count(|metrics| metrics.call_made(took));
}

/// Counts recipients that the transport did not take because it was too much at once.
pub fn throttled(recipients: usize) {
    invocation::count(|metrics| metrics.throttled += recipients as u64);
}

/// Counts recipients that wait because the transport refuses the account.
pub fn account_fault(recipients: usize) {
    invocation::count(|metrics| metrics.account_faults += recipients as u64);
}

/// Logs and counts an end that the result queue has refused for good. Its consumers never get this result.
pub fn result_refused(row: &RecipientUpdate, code: &str) {
    tracing::error!(
        mail.id = %row.mailing_id, recipient.index = row.position, sqs.code = code,
        "the result queue refuses this result, and will not get it"
    );
    invocation::count(|metrics| metrics.results_refused += 1);
}

/// Counts a wrong admin token in a request.
pub fn token_refused() {
    invocation::count(|metrics| metrics.tokens_refused += 1);
}

/// Counts reports of the mail system about mail that is not in the ledger.
pub fn foreign_events(events: usize) {
    invocation::count(|metrics| metrics.foreign_events += events as u64);
}

/// Records the time for which the oldest event waits to be shown in the feed; zero if none waits.
pub fn feed_delay(age: Duration) {
    invocation::count(|metrics| metrics.feed_delay = Some(age));
}

/// Counts enqueued wake-ups.
pub fn woken(wake_ups: usize) {
    invocation::count(|metrics| metrics.woken += wake_ups as u64);
}

/// Records the time for which the oldest due recipient has been due; zero if none is due.
pub fn oldest_due(age: Duration) {
    invocation::count(|metrics| metrics.oldest_due = Some(age));
}

pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
