//! The operations of the API, in one file for each resource.

mod api_keys;
mod erase;
mod events;
mod health;
mod mail;
mod recipients;
mod statistics;
mod statuses;
mod suppressions;
mod tag;
mod text;
pub mod types;
mod unsubscribe;
mod values;
mod webhooks;

use poem_openapi::{LicenseObject, OpenApi, OpenApiService};

const DESCRIPTION: &str = include_str!("description.md");

pub type Apis = (
    mail::Mail,
    mail::OneRecipient,
    recipients::Recipients,
    events::Events,
    webhooks::Webhooks,
    suppressions::Suppressions,
    unsubscribe::Unsubscribe,
    api_keys::ApiKeys,
    statistics::StatisticsApi,
    erase::Erase,
    health::Health,
);

const APIS: Apis = (
    mail::Mail,
    mail::OneRecipient,
    recipients::Recipients,
    events::Events,
    webhooks::Webhooks,
    suppressions::Suppressions,
    unsubscribe::Unsubscribe,
    api_keys::ApiKeys,
    statistics::StatisticsApi,
    erase::Erase,
    health::Health,
);

pub fn service() -> OpenApiService<impl OpenApi, ()> {
    OpenApiService::new(APIS, "MMMS", env!("CARGO_PKG_VERSION"))
        .description(DESCRIPTION)
        .license(LicenseObject::new("MIT OR Apache-2.0").identifier("MIT OR Apache-2.0"))
}
