//! The documents for people agree with those for programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use e2e::description;

const ERRORS: &str = include_str!("../../docs/errors.md");
const GUARANTEES: &str = include_str!("../../docs/guarantees.md");
const README: &str = include_str!("../../README.md");
const LLMS: &str = include_str!("../../llms.txt");
const SITE: &str = include_str!("../../tools/site/mkdocs.yml");
const ARCHITECTURE: &str = include_str!("../../docs/architecture.md");

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

/// The pairs `file:function` of a text.
fn functions_in(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let pairs = quoted.filter_map(|quoted| quoted.split_once(':'));
    let is_name = |part: &&str| {
        let mut characters = part.chars();
        characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_/".contains(c))
    };
    pairs
        .filter(|(file, function)| is_name(file) && is_name(function))
        .collect()
}

#[test]
fn every_function_on_the_way_of_a_recipient_is_where_the_document_says() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (_, walk) = ARCHITECTURE
        .split_once("\n## One recipient, from request to result\n")
        .expect("the section");
    let walk = walk.split("\n## ").next().unwrap_or(walk);
    let functions = functions_in(walk);
    assert!(functions.len() > 25, "{functions:?}");
    for (file, function) in functions {
        let folder = if file.contains("/src/") {
            ""
        } else {
            "mail/src/"
        };
        let path = root.join(format!("{folder}{file}.rs"));
        let source = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let is_there = ["(", "<"]
            .iter()
            .any(|open| source.contains(&format!("fn {function}{open}")));
        assert!(is_there, "{file} has no function {function}");
    }
}

/// Returns the source of all tests.
fn tests() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<PathBuf> = ["e2e", "mail", "api", "worker", "webhook"]
        .iter()
        .flat_map(|member| ["src", "tests"].map(|part| root.join(member).join(part)))
        .collect();
    let mut sources = String::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &fs::read_to_string(&path).expect("a source");
            }
        }
    }
    sources
}

#[test]
fn every_test_that_holds_a_promise_is_there() {
    let sources = tests();
    let mut named = 0;
    for (_, tests) in GUARANTEES
        .lines()
        .filter_map(|line| line.split_once("Held by "))
    {
        for test in tests.split('`').skip(1).step_by(2) {
            named += 1;
            assert!(sources.contains(&format!("fn {test}(")), "{test}");
        }
    }
    assert!(named > 20, "{named}");
}

/// Returns the documents in `docs` and `docs/guides`, with their paths in the repository.
fn documents() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let in_folder = |folder: &'static str| {
        let entries = fs::read_dir(root.join(folder)).expect("a folder of documents");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let names: Vec<String> = names
            .map(|name| name.into_string().expect("a name"))
            .collect();
        names
            .into_iter()
            .filter(|name| Path::new(name).extension().is_some_and(|kind| kind == "md"))
            .map(move |name| format!("{folder}/{name}"))
    };
    in_folder("docs").chain(in_folder("docs/guides")).collect()
}

/// The form of llms.txt: a title, a summary, and lists of links with a line each (<https://llmstxt.org>).
#[test]
fn every_link_for_language_models_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut lines = LLMS.lines();
    assert_eq!(lines.next(), Some("# MMMS"));
    assert!(lines.nth(1).is_some_and(|line| line.starts_with("> ")));
    let mut linked = BTreeSet::new();
    for entry in LLMS.lines().filter_map(|line| line.strip_prefix("- [")) {
        let (_, rest) = entry.split_once("](").expect("a link");
        let (path, _) = rest.split_once("): ").expect("a link and a description");
        assert!(root.join(path).is_file(), "{path}");
        linked.insert(path);
    }
    for document in documents() {
        assert!(
            linked.contains(document.as_str()),
            "not in llms.txt: {document}"
        );
    }
}

#[test]
fn every_document_is_in_the_readme_and_in_the_site() {
    for document in documents() {
        assert!(
            README.contains(&format!("]({document}")),
            "not in README.md: {document}"
        );
        assert!(
            SITE.contains(&format!(": {document}\n")),
            "not in the site: {document}"
        );
    }
}
