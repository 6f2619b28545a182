//! The domain of MMMS: what it means to accept a mail, to send it once, and to know what became of it.

#![warn(clippy::wildcard_enum_match_arm)]

// The fixtures name this crate as the integration tests do.
#[cfg(test)]
extern crate self as mail;

pub mod address;
pub mod admin;
pub mod api_key;
pub mod aws;
pub mod change;
pub mod config;
mod deliver;
mod drain;
mod dry_run;
mod enqueue;
mod error;
pub mod event;
mod event_drain;
mod event_message;
pub mod fail_point;
#[cfg(test)]
#[path = "../tests/fixtures/mod.rs"]
mod fixtures;
pub mod hash_secret;
mod health;
mod idempotency;
pub mod ledger;
pub mod limits;
mod look_up;
pub mod loopback;
pub mod mail_event;
pub mod mailer;
pub mod mailing;
mod manage;
pub mod message;
pub mod outcome;
mod pace;
mod publish;
pub mod queue;
pub mod recipient_update;
mod report_batch;
mod reports;
pub mod result_statuses;
mod runtime;
mod service;
mod simulate;
mod simulator;
mod single;
mod statistics;
mod submit;
pub mod suppression;
mod sweep;
pub mod telemetry;
pub mod template;
pub mod timestamp;
pub mod unsubscribe;
pub mod wake_up;
pub mod webhooks;

pub use dry_run::{DryRun, Forecast, NewDryRun};
pub use entity::recipient::Status;
pub use error::{Error, Result};
pub use runtime::runtime;
pub use service::Service;
pub use submit::{Answer, NewSubmission, Submission};
