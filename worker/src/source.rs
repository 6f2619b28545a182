//! The queue that a record comes from: each is an event source of its own.

use mail::config::Config;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    WakeUps,
    /// Events of SES.
    Events,
    /// What came of messages to webhooks.
    Outcomes,
}

impl Source {
    /// Returns the source with this ARN. Any other queue than those of the settings holds wake-ups.
    pub fn of(config: &Config, arn: &str) -> Self {
        let events = config.event_queue_url.as_ref();
        let outcomes = config.webhook_queues.as_ref();
        let outcomes = outcomes.map(|queues| &queues.outcomes);
        if events.is_some_and(|url| is_queue(url.as_str(), arn)) {
            Self::Events
        } else if outcomes.is_some_and(|url| is_queue(url.as_str(), arn)) {
            Self::Outcomes
        } else {
            Self::WakeUps
        }
    }
}

/// Returns whether an ARN, `arn:aws:sqs:REGION:ACCOUNT:NAME`, is that of the queue at this URL, which ends with
/// `/ACCOUNT/NAME`.
fn is_queue(url: &str, arn: &str) -> bool {
    let mut of_arn = arn.rsplit(':');
    let mut of_url = url.trim_end_matches('/').rsplit('/');
    let (name, account) = (of_arn.next(), of_arn.next());
    name.is_some() && account.is_some() && (name, account) == (of_url.next(), of_url.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_known_by_its_account_and_its_name() {
        let aws = "https://sqs.eu-central-1.amazonaws.com/123456789012/Mmms-prod-events";
        let emulator = "http://127.0.0.1:4566/123456789012/Mmms-prod-events";
        let arn = "arn:aws:sqs:eu-central-1:123456789012:Mmms-prod-events";
        assert!(is_queue(aws, arn) && is_queue(emulator, arn));
        for other in [
            "arn:aws:sqs:eu-central-1:123456789012:Mmms-prod-wake-ups",
            "arn:aws:sqs:eu-central-1:999999999999:Mmms-prod-events",
            "Mmms-prod-events",
            "",
        ] {
            assert!(!is_queue(aws, other), "{other}");
        }
    }
}
