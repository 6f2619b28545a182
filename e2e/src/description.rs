//! The codes that the published description of the HTTP API names, which answers must keep to.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

const ERROR_TYPE: &str = "/components/schemas/ErrorType/x-extensible-enum";
const STATUS_DETAIL: &str = "/components/schemas/StatusDetail/x-extensible-enum";

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../openapi.yaml");
    serde_yaml_ng::from_str(text).expect("openapi.yaml is YAML")
});

fn words_at(pointer: &str) -> BTreeSet<&'static str> {
    let words = DESCRIPTION.pointer(pointer).and_then(Value::as_array);
    let words = words.unwrap_or_else(|| panic!("openapi.yaml has nothing at {pointer}"));
    words.iter().filter_map(Value::as_str).collect()
}

#[must_use]
pub fn error_types() -> BTreeSet<&'static str> {
    words_at(ERROR_TYPE)
}

#[must_use]
pub fn status_details() -> BTreeSet<&'static str> {
    words_at(STATUS_DETAIL)
}

/// Asserts that the description names the code: a client that was generated from it knows no others.
pub fn assert_names_the_detail_of(recipient: &Value) {
    if let Some(code) = recipient["status_detail"].as_str() {
        assert!(
            status_details().contains(code),
            "openapi.yaml has no status_detail {code}"
        );
    }
}
