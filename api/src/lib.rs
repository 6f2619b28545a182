//! The HTTP API of MMMS: requests in, the domain's answers out.

mod app;
mod auth;
mod connection;
mod docs;
mod edge;
mod mailbox;
mod payload;
mod problem;
mod request;
mod routes;
mod server;
mod v1;

pub use server::serve;

/// The specification, as `/openapi.yaml` answers it.
pub fn openapi_yaml() -> &'static str {
    docs::yaml_text()
}
