//! Reads the mail system's reports, and records what they say.

use std::{slice, sync::Arc};

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
        let (mut indexes, mut events): (Vec<usize>, Vec<MailEvent>) = (Vec::new(), Vec::new());
        for (index, body) in bodies.iter().enumerate() {
            results.push(match parse(body) {
                Ok(Parsed::Event(event)) => {
                    indexes.push(index);
                    events.push(*event);
                    Ok(())
                }
                Ok(Parsed::Foreign) => {
                    telemetry::foreign_events(1);
                    Ok(())
                }
                Err(error) => Err(Error::UnreadableEvent(error)),
            });
        }
        let Err(error) = self.apply_reports(&events).await else {
            return results;
        };
        tracing::warn!(
            error = telemetry::causes(&error),
            events = events.len(),
            "events were not applied together, each is applied by itself"
        );
        for (index, event) in indexes.into_iter().zip(&events) {
            results[index] = self.apply_reports(slice::from_ref(event)).await;
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
