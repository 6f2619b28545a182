//! What is true for every answer.

pub mod context;
pub mod cors;
pub mod request_log;
pub mod response_limit;
