//! The HTTP API of MMMS: requests in, the domain's answers out.

#![warn(clippy::wildcard_enum_match_arm)]

mod app;
mod auth;
mod connection_limits;
mod console;
mod docs;
mod function;
mod json;
mod mailbox;
mod middleware;
mod problem;
mod redirects;
mod request;
mod router;
mod routes;
mod server;
mod v1;

use std::sync::Arc;

use mail::Service;

/// Answers until the process is to end: events of Lambda where it is a function, else HTTP.
pub async fn run(service: Arc<Service>) -> anyhow::Result<()> {
    if service.config.is_function {
        function::answer(service).await
    } else {
        server::serve(service).await
    }
}

/// The specification, as `/openapi.yaml` answers it.
pub fn openapi_yaml() -> &'static str {
    docs::yaml_text()
}
