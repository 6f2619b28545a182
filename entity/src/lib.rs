//! The tables of the ledger, one file each, without logic.
//!
//! Times are whole milliseconds since the Unix epoch, so that they compare alike on `PostgreSQL` and `SQLite`.

pub mod api_key;
pub mod api_key_secret;
pub mod attachment;
pub mod correspondent;
pub mod document;
pub mod erasure;
pub mod event;
pub mod feed;
pub mod hash_secret;
pub mod hour;
pub mod hour_of_key;
pub mod idempotency;
pub mod key_usage;
pub mod mailing;
pub mod origin;
pub mod outbox;
pub mod pace;
pub mod recipient;
pub mod suppression;
pub mod webhook;
pub mod webhook_delivery;
pub mod webhook_log;

pub use document::Document;
