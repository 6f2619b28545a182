//! Middleware around every request.

pub mod context;
pub mod cors;
mod framework_errors;
pub mod panics;
mod rate_limit;
pub mod request_log;
pub mod response_limit;
