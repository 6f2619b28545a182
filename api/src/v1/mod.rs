//! The API, a file per resource.

mod api_keys;
mod erase;
mod health;
mod mail;
mod statistics;
mod text;
pub mod types;

use poem::http::Method;
use poem_openapi::{LicenseObject, OpenApi, OpenApiService, Tags};

use crate::routes::RouteEntry;

/// The parts of the API.
#[derive(Tags)]
enum Tag {
    /// Sending mail.
    Mail,
    /// What has become of it.
    Mailings,
    /// Who may send.
    Keys,
    /// How much mail there is, and how fast it goes.
    Statistics,
    /// Removing people.
    Privacy,
    /// Whether the service works.
    Health,
}

const DESCRIPTION: &str = include_str!("description.md");

type Apis = (
    mail::Mail,
    api_keys::ApiKeys,
    statistics::StatisticsApi,
    erase::Erase,
    health::Health,
);

const APIS: Apis = (
    mail::Mail,
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

/// The paths and their methods, without the specification, which takes far longer to make.
pub fn paths() -> Vec<RouteEntry> {
    let paths = Apis::meta().into_iter().flat_map(|api| api.paths);
    paths
        .map(|path| {
            let operations = path.operations.into_iter();
            let mut methods: Vec<Method> = operations.map(|operation| operation.method).collect();
            methods.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
            RouteEntry {
                template: path.path,
                methods,
            }
        })
        .collect()
}
