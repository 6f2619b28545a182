//! The documents for people agree with those for programs.

use std::collections::BTreeSet;

use e2e::description;

const ERRORS: &str = include_str!("../../docs/errors.md");

/// Returns the words in the first column of the table below a heading.
fn explained_under(heading: &str) -> BTreeSet<&'static str> {
    let (_, rest) = ERRORS
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.flat_map(|row| {
        let (first, _) = row.split_once("` |").expect("a first column");
        first.split("`, `")
    })
    .collect()
}

#[test]
fn every_error_type_is_explained() {
    assert_eq!(explained_under("`error_type`"), description::error_types());
}

#[test]
fn every_status_detail_is_explained() {
    assert_eq!(
        explained_under("`status_detail`"),
        description::status_details()
    );
}
