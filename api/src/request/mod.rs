//! Makes sense of JSON bodies: every fault is found at once, each with its path.

mod node;
mod path;
pub mod values;

use std::cell::{Cell, RefCell};

pub use node::{Node, ObjectNode};
use path::Path;
use serde_json::Value;

use crate::problem::{ErrorType, FieldError, Problem};

/// Faults that an answer lists at most.
const LISTED: usize = 100;

/// The faults of one request.
#[derive(Debug, Default)]
pub struct Faults {
    listed: RefCell<Vec<FieldError>>,
    total: Cell<usize>,
}

impl Faults {
    fn add(&self, path: &Path<'_>, message: impl Into<String>) {
        self.total.set(self.total.get() + 1);
        let mut listed = self.listed.borrow_mut();
        if listed.len() < LISTED {
            listed.push(FieldError {
                field: path.to_string(),
                message: message.into(),
            });
        }
    }

    fn into_problem(self) -> Problem {
        let total = self.total.get();
        let details = match total {
            1 => "1 fault".to_owned(),
            2..=LISTED => format!("{total} faults"),
            _ => format!("{total} faults, the first {LISTED} are listed"),
        };
        Problem::new(ErrorType::ValidationError, "The request is not valid")
            .with_details(details)
            .with_errors(self.listed.into_inner())
    }
}

/// Reads a body that must be an object. What `read` gives counts only if there is no fault at all.
pub fn parse<T>(
    body: &[u8],
    read: impl FnOnce(&mut ObjectNode<'_>) -> Option<T>,
) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        Problem::new(ErrorType::ValidationError, "The body is not valid JSON").with_details(
            format!(
                "line {}, column {}: {}",
                error.line(),
                error.column(),
                category(&error)
            ),
        )
    })?;
    let faults = Faults::default();
    let read = Node::root(value, &faults).object(read);
    match read {
        Some(read) if faults.total.get() == 0 => Ok(read),
        _ => Err(faults.into_problem()),
    }
}

/// The library's own words could repeat what was sent.
fn category(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "the body ends too early",
        _ => "this is not JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(body: &str) -> Vec<String> {
        let read = parse(body.as_bytes(), |object| {
            let name = object.optional("name", |node| node.text(3));
            let list = object.required("list", |node| {
                node.list(1..=2, |node| {
                    node.object(|item| item.required("n", |n| n.integer(0..=9)))
                })
            });
            Some((name, list?))
        });
        match read {
            Ok(_) => Vec::new(),
            Err(problem) => problem
                .errors()
                .iter()
                .map(|error| format!("{}: {}", error.field, error.message))
                .collect(),
        }
    }

    #[test]
    fn all_faults_are_found_at_once_with_their_paths() {
        let body = r#"{"name": "long", "list": [{"n": 1}, {"n": "x", "m": 1}], "other": null, "unknown": 1}"#;
        assert_eq!(
            faults_of(body),
            [
                "name: must have at most 3 characters",
                "list.1.n: must be a whole number from 0 to 9",
                "list.1.m: is not a known field",
                "other: is not a known field",
                "unknown: is not a known field",
            ]
        );
    }

    #[test]
    fn null_is_the_same_as_absent() {
        assert!(faults_of(r#"{"name": null, "list": [{"n": 1}]}"#).is_empty());
        assert_eq!(faults_of(r#"{"list": null}"#), ["list: is required"]);
    }

    #[test]
    fn the_first_hundred_faults_are_listed() {
        let body = serde_json::json!({"list": [{"n": 1}], "name": null});
        let mut body = body;
        for number in 0..150 {
            body[format!("unknown_{number}")] = 1.into();
        }
        assert_eq!(faults_of(&body.to_string()).len(), 100);
    }

    #[test]
    fn nul_is_refused_in_values() {
        assert_eq!(
            faults_of(r#"{"name": "\u0000", "list": [{"n": 1}]}"#),
            ["name: must not contain NUL"]
        );
    }
}
