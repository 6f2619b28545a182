//! What the logs say of mail. Never an address, a key, a token or a body: `docs/operations.md` lists the fields.

use std::{io::IsTerminal, time::Duration};

use entity::recipient::{Model, Status};
use sea_orm::ActiveEnum;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};
use uuid::Uuid;

use crate::config::LogFormat;

/// Sends logs to standard error, filtered by `RUST_LOG` (`info` where it is not set).
pub fn start(format: LogFormat) {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .from_env_lossy();
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
        LogFormat::Pretty => layer.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(layer)
        .init();
}

/// One line for each end of a recipient, one of less weight where it will be tried again.
pub(crate) fn recipient_moved(row: &Model) {
    let status = row.status.to_value();
    let detail = row.status_detail.as_deref();
    if row.status == Status::Queued {
        tracing::debug!(
            mail.id = %row.mailing_id, recipient.index = row.position, status, status_detail = detail,
            attempts = row.attempts, "recipient will be tried again"
        );
    } else {
        tracing::info!(
            mail.id = %row.mailing_id, recipient.index = row.position, status, status_detail = detail,
            attempts = row.attempts, "recipient ended"
        );
    }
}

pub(crate) fn call_made(mailing_id: Uuid, recipients: usize, took: Duration) {
    tracing::debug!(mail.id = %mailing_id, recipients, duration_ms = milliseconds(took), "transport called");
}

pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
