//! What is written for people, held to what is written for programs.

use std::collections::BTreeSet;

use serde_json::Value;

const DESCRIPTION: &str = include_str!("../../openapi.yaml");
const ERRORS: &str = include_str!("../../docs/errors.md");

/// The words in the first column of the table under a heading.
fn explained_under(heading: &str) -> BTreeSet<String> {
    let (_, rest) = ERRORS
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| {
        let (first, _) = row.split_once("` |").expect("a first column");
        first.split("`, `").map(ToOwned::to_owned)
    })
    .collect()
}

/// The words that the description allows there.
fn described_at(pointer: &str) -> BTreeSet<String> {
    let description: Value = serde_yaml_ng::from_str(DESCRIPTION).expect("YAML");
    let words = description.pointer(pointer).and_then(Value::as_array);
    let words = words.unwrap_or_else(|| panic!("nothing at {pointer}"));
    let words = words.iter().filter_map(Value::as_str);
    words.map(ToOwned::to_owned).collect()
}

#[test]
fn every_error_type_is_explained() {
    assert_eq!(
        explained_under("`error_type`"),
        described_at("/components/schemas/ErrorType/enum")
    );
}

#[test]
fn every_status_detail_is_explained() {
    assert_eq!(
        explained_under("`status_detail`"),
        described_at("/components/schemas/Recipient/properties/status_detail/enum")
    );
}
