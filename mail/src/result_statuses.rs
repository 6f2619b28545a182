//! The statuses that are published to the result queue (`RESULT_STATUSES`).

use sea_orm::Iterable;

use crate::Status;

/// The statuses of the first version. Consumers that were written for it know no others.
const DEFAULT: [Status; 4] = [
    Status::Sent,
    Status::Failed,
    Status::Unconfirmed,
    Status::Cancelled,
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultStatuses(Vec<Status>);

impl Default for ResultStatuses {
    fn default() -> Self {
        Self(DEFAULT.to_vec())
    }
}

impl ResultStatuses {
    /// Parses a list of statuses that are separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ends = || Status::iter().filter(|status| !status.is_open());
        text.split(',')
            .map(|name| ends().find(|end| end.as_str() == name.trim()))
            .collect::<Option<Vec<_>>>()
            .map(Self)
            .ok_or_else(|| {
                let names: Vec<_> = ends().map(Status::as_str).collect();
                format!("must be some of {}, with commas", names.join(","))
            })
    }

    /// Returns the name under which a status is published, or `None` if it is not. For consumers that do not know
    /// `suppressed`, such a recipient has failed.
    pub fn name_of(&self, status: Status) -> Option<&'static str> {
        let published = match status {
            Status::Suppressed if !self.0.contains(&status) => Status::Failed,
            Status::Queued
            | Status::Sending
            | Status::Sent
            | Status::Failed
            | Status::Unconfirmed
            | Status::Cancelled
            | Status::Suppressed
            | Status::Delivered
            | Status::Bounced
            | Status::Complained => status,
        };
        self.0.contains(&published).then(|| published.as_str())
    }

    /// Returns all statuses that are published.
    pub fn published(&self) -> impl Iterator<Item = Status> {
        Status::iter().filter(|status| self.name_of(*status).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suppressed_recipient_has_failed_for_those_who_do_not_know_better() {
        let first = ResultStatuses::default();
        assert_eq!(first.name_of(Status::Suppressed), Some("failed"));
        assert_eq!(first.name_of(Status::Delivered), None);
        let all = ResultStatuses::parse("suppressed, delivered").unwrap();
        assert_eq!(all.name_of(Status::Suppressed), Some("suppressed"));
        assert_eq!(all.name_of(Status::Sent), None);
        let delivered = ResultStatuses::parse("delivered").unwrap();
        assert_eq!(delivered.name_of(Status::Suppressed), None);
    }

    #[test]
    fn what_is_no_end_is_refused() {
        for text in ["", "queued", "sent,", "sent;failed", "Sent", "opened"] {
            let error = ResultStatuses::parse(text).unwrap_err();
            assert!(error.contains("delivered"), "{error}");
        }
    }
}
