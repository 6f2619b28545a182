//! Facts about a request that are known before a handler sees it.

use std::{sync::OnceLock, time::Instant};

use uuid::Uuid;

/// What a request is told of the invocation that it is.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What API Gateway calls the request.
    pub gateway_request_id: Option<String>,
    /// When Lambda ends it.
    pub until: Instant,
}

/// What is known of a request while it is answered.
#[derive(Debug)]
pub struct Trace {
    pub request_id: String,
    pub started: Instant,
    /// When Lambda ends the invocation that the request is.
    pub until: Option<Instant>,
    /// Whose key it carries, once that is known.
    pub key_id: OnceLock<Uuid>,
    /// The mailing that it made, and of how many recipients.
    pub mailing: OnceLock<(Uuid, usize)>,
}
