//! Records of the queue of SES's events, which the worker gets by an event source of their own.

use std::sync::Arc;

use mail::{Service, queue::Received};

/// Returns whether an ARN, `arn:aws:sqs:REGION:ACCOUNT:NAME`, is that of the queue at this URL, which ends with
/// `/ACCOUNT/NAME`.
pub fn is_queue(url: &str, arn: &str) -> bool {
    let mut of_arn = arn.rsplit(':');
    let mut of_url = url.trim_end_matches('/').rsplit('/');
    let (name, account) = (of_arn.next(), of_arn.next());
    name.is_some() && account.is_some() && (name, account) == (of_url.next(), of_url.next())
}

/// Takes the events of a batch together, and returns the ids of those that must be received again.
pub async fn handle_mail_events(service: &Arc<Service>, events: Vec<Received>) -> Vec<String> {
    let done = service.take_event_messages(&events).await;
    let count = events.len();
    let failed: Vec<String> = events
        .into_iter()
        .zip(done)
        .filter(|(_, done)| !done)
        .map(|(event, _)| event.id)
        .collect();
    tracing::info!(
        records = count,
        failed = failed.len(),
        "events of SES taken"
    );
    failed
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
