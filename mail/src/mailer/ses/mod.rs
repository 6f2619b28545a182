//! The SES transport: one recipient by `SendEmail`, several by `SendBulkEmail`
//! (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html>).

use std::{sync::Arc, time::Duration};

use aws_sdk_sesv2::{
    error::ProvideErrorMetadata,
    operation::delete_suppressed_destination::DeleteSuppressedDestinationError,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    aws::{Aws, within},
    mailing::{ClaimedRecipient, Mailing},
    outcome::Outcome,
};

mod bulk;
mod failure;
mod progress;
mod sending;
mod ses_fields;
mod single;
mod template;
#[cfg(test)]
mod tests;

pub use bulk::MAX_ENTRIES;
use failure::Failure;
use progress::Progress;
use sending::Sending;
pub use ses_fields::{ATTEMPT_TAG, MAILING_TAG, RECIPIENT_TAG};

#[derive(Debug)]
pub struct Ses {
    aws: Arc<Aws>,
    configuration_set: Option<String>,
}

impl Ses {
    pub fn new(aws: Arc<Aws>, configuration_set: Option<String>) -> Self {
        Self {
            aws,
            configuration_set,
        }
    }

    async fn client(&self) -> &aws_sdk_sesv2::Client {
        self.aws.ses().await
    }

    /// Returns the number of recipients a second that the account may send to, or SES's code for the error.
    pub async fn max_send_rate(&self, limit: Duration) -> Result<f64, String> {
        let progress = Progress::default();
        let asking = self
            .client()
            .await
            .get_account()
            .customize()
            .config_override(within(limit))
            .interceptor(progress.clone())
            .send();
        let account = Box::pin(asking)
            .await
            .map_err(|error| Failure::of(&error, &progress).code)?;
        account
            .send_quota
            .map(|quota| quota.max_send_rate)
            .filter(|rate| *rate > 0.0)
            .ok_or_else(|| "no rate".to_owned())
    }

    /// Takes an address off the suppression list of the account. A failure is logged, and SES goes on suppressing.
    pub async fn unsuppress(&self, address: &str) {
        let client = self.client().await;
        let removed = client
            .delete_suppressed_destination()
            .email_address(address);
        let removed = Box::pin(removed.send()).await;
        if let Err(error) = removed
            && !error
                .as_service_error()
                .is_some_and(DeleteSuppressedDestinationError::is_not_found_exception)
        {
            tracing::warn!(
                ses.code = error.code(),
                "an address was not taken off SES's suppression list: SES goes on suppressing it"
            );
        }
    }

    pub async fn send(
        &self,
        mailing: &Mailing,
        recipients: &[ClaimedRecipient],
        limit: Duration,
    ) -> Vec<Outcome> {
        let deadline = Instant::now() + limit;
        let mut sending = Sending::new(self, mailing, recipients, deadline);
        // Region and credentials may have to be loaded first.
        let end = match timeout_at(deadline, self.client()).await {
            // The SDK's futures are large and deeply nested.
            Ok(_) => Box::pin(sending.all()).await,
            Err(_) => Err(Failure::not_sent()),
        };
        sending.finish(end)
    }
}
