//! The specification and Swagger UI, which are made at the first request for them.

mod names;
mod open;
mod operations;
mod postprocess;

use std::sync::LazyLock;

use poem::{IntoResponse, Response, Route, get, handler, http::header};
use serde_json::Value;

use crate::v1;

static SPEC: LazyLock<Value> = LazyLock::new(|| {
    let raw = serde_json::from_str(&v1::service().spec()).unwrap_or_default();
    postprocess::postprocess(raw)
});
static JSON: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", *SPEC));
static YAML: LazyLock<String> =
    LazyLock::new(|| serde_yaml_ng::to_string(&*SPEC).unwrap_or_default());
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let service = v1::service();
    let html = service.swagger_ui_html();
    PAGE_CHANGES
        .iter()
        .fold(html, |html, (from, to)| html.replacen(from, to, 1))
        .replace(&service.spec(), &JSON)
});

/// What the page of the package lacks: the language and the title of the page, its width on a phone, colours with enough
/// contrast, and schemas that are collapsed at first.
const PAGE_CHANGES: [(&str, &str); 4] = [
    (
        "<html charset=\"UTF-8\">",
        "<!DOCTYPE html>\n<html lang=\"en\">",
    ),
    (
        "<title>Swagger UI</title>",
        "<title>MMMS API</title>\n    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    ),
    (
        "<div id=\"ui\"></div>",
        concat!(
            "<style>",
            include_str!("page.css"),
            "</style>\n<div id=\"ui\"></div>"
        ),
    ),
    (
        "deepLinking: true,",
        "deepLinking: true,\n        defaultModelsExpandDepth: 0,",
    ),
];

/// Swagger UI is one page with everything inside it.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
     img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub fn mount(route: Route) -> Route {
    route
        .at("/openapi.json", get(json))
        .at("/openapi.yaml", get(yaml))
        .at("/docs", get(page))
}

/// The specification as it is published.
pub fn yaml_text() -> &'static str {
    &YAML
}

/// The published schema of a name.
#[cfg(test)]
pub fn schema(name: &str) -> &'static Value {
    &SPEC["components"]["schemas"][name]
}

/// The published schema of a parameter of an operation.
#[cfg(test)]
pub fn parameter(operation_id: &str, name: &str) -> &'static Value {
    let mut operations = operations::operations(&SPEC);
    let operation = operations.find(|operation| operation["operationId"] == operation_id);
    let parameters = operation.and_then(|operation| operation["parameters"].as_array());
    let mut parameters = parameters.into_iter().flatten();
    let found = parameters.find(|parameter| parameter["name"] == name);
    &found.expect("a parameter")["schema"]
}

#[handler]
fn json() -> Response {
    JSON.as_str()
        .with_content_type("application/json")
        .into_response()
}

#[handler]
fn yaml() -> Response {
    YAML.as_str()
        .with_content_type("application/yaml")
        .into_response()
}

#[handler]
fn page() -> Response {
    PAGE.as_str()
        .with_content_type("text/html; charset=utf-8")
        .with_header(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
        .into_response()
}
