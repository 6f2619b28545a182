//! Errors in log lines, with all of their causes in every format.

use std::{
    error::Error,
    fmt::{self, Display, Formatter},
};

use tracing::field::DisplayValue;

/// Returns the value of the field `error`. `tracing` would lose the causes of an error in JSON.
pub fn causes<'a>(error: &'a (dyn Error + 'static)) -> DisplayValue<Causes<'a>> {
    tracing::field::display(Causes(error))
}

/// Writes an error and its causes, the outermost first, separated by colons.
#[derive(Debug)]
pub struct Causes<'a>(&'a (dyn Error + 'static));

impl Display for Causes<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut written = self.0.to_string();
        f.write_str(&written)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            let cause = error.to_string();
            // Many errors quote their cause already.
            if !written.ends_with(&cause) {
                write!(f, ": {cause}")?;
                written = cause;
            }
            next = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Failure {
        text: &'static str,
        #[source]
        cause: Option<Box<Failure>>,
    }

    #[test]
    fn every_cause_is_written_once() {
        let disk = Failure {
            text: "disk full",
            cause: None,
        };
        let statement = Failure {
            text: "statement: disk full",
            cause: Some(Box::new(disk)),
        };
        let ledger = Failure {
            text: "the ledger failed",
            cause: Some(Box::new(statement)),
        };
        assert_eq!(
            Causes(&ledger).to_string(),
            "the ledger failed: statement: disk full"
        );
        assert_eq!(Causes(&io::Error::other("alone")).to_string(), "alone");
    }
}
