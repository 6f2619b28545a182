//! The facts about a request that its log lines, its answer and its handler need.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use mail::limits::Meter;
use poem::{Request, http::Method};
use uuid::Uuid;

/// Facts about the Lambda invocation that carries a request.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The id that API Gateway gave the request.
    pub gateway_request_id: Option<String>,
    /// The time at which Lambda ends the invocation.
    pub until: Instant,
}

/// Facts about a request that are known while it is answered.
#[derive(Debug)]
pub struct Trace {
    pub request_id: String,
    pub method: Method,
    /// The template of the path; `unknown` where there is none.
    pub route: &'static str,
    pub started: Instant,
    /// The time at which Lambda ends the invocation that carries the request.
    pub until: Option<Instant>,
    /// The API key that the request uses or changes, once it is known.
    pub key_id: OnceLock<Uuid>,
    /// The limits of the API key that the request uses, once it is known.
    pub meter: OnceLock<Arc<Meter>>,
    /// Set if the API key of the request allows the origin of the request.
    pub origin_is_allowed: OnceLock<()>,
    /// The mailing that the request made, and the number of its recipients.
    pub mailing: OnceLock<(Uuid, usize)>,
}

impl Trace {
    /// Returns the facts that were left in the request.
    pub fn of(request: &Request) -> Option<&Arc<Self>> {
        request.extensions().get()
    }

    /// Leaves itself in the request, for handlers to read and to add to.
    pub fn begin(request: &mut Request, route: Option<&'static str>) -> Arc<Self> {
        let invocation = request.extensions_mut().remove::<Invocation>();
        let (request_id, until) = invocation.map_or((None, None), |invocation| {
            (invocation.gateway_request_id, Some(invocation.until))
        });
        let trace = Arc::new(Self {
            request_id: request_id.unwrap_or_else(|| Uuid::now_v7().to_string()),
            method: request.method().clone(),
            route: route.unwrap_or("unknown"),
            started: Instant::now(),
            until,
            key_id: OnceLock::new(),
            meter: OnceLock::new(),
            origin_is_allowed: OnceLock::new(),
            mailing: OnceLock::new(),
        });
        request.extensions_mut().insert(Arc::clone(&trace));
        trace
    }
}
