//! The npm package as users get it: packed, installed in a project of its own, compiled, bundled and used. Its uses are
//! in `e2e/client` and `client/examples`. Also tests a client in another language that is generated from the same
//! description.

mod examples;
mod package;
mod page;
mod project;
mod python;
mod server;
mod webhooks;
