//! The current invocation of a Lambda function. There is one at a time, so that the logs and counts of background tasks
//! belong to it too.

use std::{
    io::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::metrics::Metrics;
use crate::timestamp;

/// `None` in a process that is no function.
static CURRENT: Mutex<Option<Invocation>> = Mutex::new(None);

#[derive(Debug)]
struct Invocation {
    function: String,
    request_id: String,
    metrics: Metrics,
}

/// Begins an invocation, which all later log lines and metrics belong to.
pub fn begin(function: &str, request_id: &str) {
    let mut current = current();
    *current = Some(Invocation {
        function: function.to_owned(),
        request_id: request_id.to_owned(),
        // Keeps the counts since the last flush.
        metrics: current
            .take()
            .map(|before| before.metrics)
            .unwrap_or_default(),
    });
}

/// Writes the metrics to standard output, from which Lambda takes them. Must be called before the invocation is
/// answered, because the instance may be frozen afterwards.
pub fn flush() {
    let documents = match current().as_mut() {
        Some(invocation) => invocation.metrics.take_documents(
            &invocation.function,
            &invocation.request_id,
            timestamp::now(),
        ),
        None => return,
    };
    let mut out = std::io::stdout().lock();
    for document in documents {
        // An error cannot be reported when standard output is closed.
        let _ = writeln!(out, "{document}");
    }
    let _ = out.flush();
}

pub fn count(add: impl FnOnce(&mut Metrics)) {
    if let Some(invocation) = current().as_mut() {
        add(&mut invocation.metrics);
    }
}

pub fn request_id() -> Option<String> {
    current()
        .as_ref()
        .map(|invocation| invocation.request_id.clone())
}

fn current() -> MutexGuard<'static, Option<Invocation>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}
