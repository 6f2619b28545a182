//! Reads the mail system's reports, and records what they say.

use std::sync::Arc;

use crate::{
    error::{Error, Result},
    mail_event::{MailEvent, Parsed, parse},
    service::Service,
    telemetry,
};

impl Service {
    /// Applies the messages of the queue of events, and returns the result of each. A message that failed must be
    /// received again.
    pub async fn take_mail_events(self: &Arc<Self>, bodies: &[&str]) -> Vec<Result<()>> {
        let mut results: Vec<Result<()>> = Vec::with_capacity(bodies.len());
        let mut events: Vec<(usize, MailEvent)> = Vec::new();
        for (index, body) in bodies.iter().enumerate() {
            results.push(match parse(body) {
                Ok(Parsed::Event(event)) => {
                    events.push((index, *event));
                    Ok(())
                }
                Ok(Parsed::Foreign) => {
                    telemetry::foreign_events(1);
                    Ok(())
                }
                Err(error) => Err(Error::UnreadableEvent(error)),
            });
        }
        let all: Vec<MailEvent> = events.iter().map(|(_, event)| event.clone()).collect();
        let Err(error) = self.apply_reports(&all).await else {
            return results;
        };
        tracing::warn!(
            error = telemetry::causes(&error),
            events = all.len(),
            "events were not applied together, each is applied by itself"
        );
        for (index, event) in events {
            results[index] = self.apply_reports(&[event]).await;
        }
        results
    }

    /// Records reports, and publishes the ends that they lead to.
    pub(crate) async fn apply_reports(self: &Arc<Self>, events: &[MailEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let applied = self.ledger.apply_mail_events(events).await?;
        telemetry::foreign_events(applied.foreign);
        self.publisher.publish(&applied.updates).await;
        Ok(())
    }
}
