//! Webhooks, from outside: each event arrives, signed, and nowhere else.

mod arrivals;
mod failures;
mod kills;
mod manage;
mod secrecy;

pub use e2e::hook::{all_sent, hook, hook_to, send, skip_the_wait, text};
