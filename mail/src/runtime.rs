//! The runtime that the programs run on.

use std::io;

use tokio::runtime::{Builder, Runtime};

use crate::config;

/// Builds the runtime of a program. A Lambda function has less than one processor, and the API answers one request at a
/// time: with more threads, a third of a mail's processor time went into handing tasks from one to another.
pub fn runtime() -> io::Result<Runtime> {
    let mut builder = if config::is_function() {
        Builder::new_current_thread()
    } else {
        Builder::new_multi_thread()
    };
    builder.enable_all().build()
}
