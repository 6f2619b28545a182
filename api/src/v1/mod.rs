//! The API, a file per resource.

mod api_keys;
mod erase;
mod health;
mod mail;
mod text;
pub mod types;

use poem_openapi::{LicenseObject, OpenApi, OpenApiService, Tags};

/// The parts of the API.
#[derive(Tags)]
enum Tag {
    /// Sending mail.
    Mail,
    /// What has become of it.
    Mailings,
    /// Who may send.
    Keys,
    /// Removing people.
    Privacy,
    /// Whether the service works.
    Health,
}

const DESCRIPTION: &str = include_str!("description.md");

pub fn service() -> OpenApiService<impl OpenApi, ()> {
    let apis = (mail::Mail, api_keys::ApiKeys, erase::Erase, health::Health);
    OpenApiService::new(apis, "MMMS", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0").identifier("MIT OR Apache-2.0"))
}
