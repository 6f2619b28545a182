//! The domain of MMMS: what it means to accept a mail, to send it once, and to know what became of it.

pub mod address;
pub mod api_key;
pub mod config;
pub mod error;
pub mod ledger;
pub mod message;
pub mod template;
