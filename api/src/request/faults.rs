//! The faults of one request.

use std::cell::{Cell, RefCell};

use super::path::{self, Path};
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
    pub fn add(&self, path: &Path<'_>, message: impl Into<String>) {
        self.total.set(self.total.get() + 1);
        let mut listed = self.listed.borrow_mut();
        if listed.len() < LISTED {
            listed.push(FieldError {
                field: path::listed(path),
                message: message.into(),
            });
        }
    }

    pub fn add_all(&self, total: usize, faults: impl Iterator<Item = (String, String)>) {
        if total == 0 {
            return;
        }
        self.total.set(self.total.get() + total);
        let mut listed = self.listed.borrow_mut();
        let room = LISTED.saturating_sub(listed.len());
        listed.extend(
            faults
                .take(room)
                .map(|(field, message)| FieldError { field, message }),
        );
    }

    pub fn is_empty(&self) -> bool {
        self.total.get() == 0
    }

    pub fn into_problem(self) -> Problem {
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
