//! The invocation that a function's instance is at work on. There is one at a time, so that what background tasks
//! log and count belongs to it too.

use std::{
    io::Write,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::metrics::Metrics;
use crate::timestamp;

/// None in a process that is no function.
static CURRENT: Mutex<Option<Invocation>> = Mutex::new(None);

#[derive(Debug)]
struct Invocation {
    function: String,
    request_id: String,
    metrics: Metrics,
}

/// From here on every log line and metric is this invocation's.
pub fn begin(function: &str, request_id: &str) {
    let mut current = current();
    *current = Some(Invocation {
        function: function.to_owned(),
        request_id: request_id.to_owned(),
        // What was counted after the last flush.
        metrics: current
            .take()
            .map(|before| before.metrics)
            .unwrap_or_default(),
    });
}

/// Writes what was counted to standard output, where Lambda takes it from. The instance may be frozen as soon as the
/// invocation is answered, so call it before.
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
        // There is nobody to tell when standard output is gone.
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
