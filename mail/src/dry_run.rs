//! A dry run: what would become of a request. Nothing is stored, and nothing is sent.

use std::{collections::HashSet, time::Duration};

use uuid::Uuid;

use crate::{
    error::Result,
    ledger::{LONGEST_PLAN_MS, Outlook},
    mailer::{NotComposed, Rendered, preview},
    mailing::{Mailing, Templates},
    message::{NewMailing, Recipient},
    service::Service,
    suppression::SuppressionScope,
    sweep::UNLIMITED_RATE,
    timestamp::milliseconds,
};

/// A valid request that is only tried.
#[derive(Debug)]
pub struct NewDryRun {
    /// `None` for a caller without an API key.
    pub api_key_id: Option<Uuid>,
    pub request: NewMailing,
    /// Those of the request.
    pub templates: Templates,
    /// Queue it even for one recipient.
    pub respond_async: bool,
}

#[derive(Debug)]
pub enum DryRun {
    Forecast(Forecast),
    /// The time of `expires_at` has passed, or passes before `send_at`.
    Expired,
    /// It is planned for more than 30 days ahead.
    TooFarAhead,
    /// A mail cannot be written as a valid message.
    NotComposed(&'static str),
}

/// Recipients are named by their positions in the request.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// Those that would be sent to.
    pub accepted: Vec<usize>,
    /// Those that would not be sent to, because their addresses are on the list of suppressed ones.
    pub suppressed: Vec<usize>,
    /// Those whose address has occurred before in the request. Each gets a mail of its own.
    pub repeated: Vec<usize>,
    /// The places of the copies that would be left out, because their addresses are suppressed.
    pub suppressed_copies: Vec<String>,
    /// The mail of the first recipient.
    pub first: Rendered,
    /// The size of the largest mail as MIME, in octets.
    pub largest: usize,
    /// An estimate of the time when the last mail would be sent.
    pub done_at: i64,
}

impl Service {
    pub async fn dry_run(&self, new: NewDryRun) -> Result<DryRun> {
        let outlook = self.ledger.outlook().await?;
        let NewMailing {
            send_at,
            expires_at,
            ..
        } = new.request;
        let due_at = send_at.unwrap_or(outlook.now).max(outlook.now);
        if due_at > outlook.now + LONGEST_PLAN_MS {
            return Ok(DryRun::TooFarAhead);
        }
        if expires_at.is_some_and(|expires_at| expires_at <= due_at) {
            return Ok(DryRun::Expired);
        }
        let recipients = new.request.recipients;
        let envelope = &new.request.envelope;
        let suppressed_copies = self.ledger.suppressed_copies(envelope).await?;
        let links = self.preview_links(envelope).await?;
        let scope = SuppressionScope::of(new.request.envelope.list.clone());
        let addresses: Vec<_> = recipients.iter().map(|one| &one.mail).collect();
        let suppressed = self.ledger.suppressed_among(&scope, &addresses).await?;
        let (suppressed, accepted): (Vec<_>, Vec<_>) =
            (0..recipients.len()).partition(|position| suppressed[*position]);
        let mailing = Mailing {
            id: Uuid::now_v7(),
            api_key_id: new.api_key_id.unwrap_or_default(),
            envelope: new.request.envelope,
            body: new.request.body,
            attachments: new.request.attachments,
            templates: new.templates,
            suppressed_copies,
            links,
        };
        let preview = match preview(&mailing, &recipients).await {
            Ok(Some(preview)) => preview,
            Ok(None) => return Ok(DryRun::NotComposed("there is no recipient")),
            Err(NotComposed(reason)) => return Ok(DryRun::NotComposed(reason)),
        };
        let rate = self.pace.rate().await?.unwrap_or(UNLIMITED_RATE);
        let is_single = recipients.len() == 1 && !new.respond_async && send_at.is_none();
        Ok(DryRun::Forecast(Forecast {
            done_at: done_at(outlook, due_at, accepted.len(), rate, is_single),
            repeated: repeated(&recipients),
            accepted,
            suppressed,
            suppressed_copies: mailing.suppressed_copies,
            first: preview.first,
            largest: preview.largest,
        }))
    }
}

fn repeated(recipients: &[Recipient]) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut repeated = Vec::new();
    for (position, recipient) in recipients.iter().enumerate() {
        if !seen.insert(recipient.mail.key()) {
            repeated.push(position);
        }
    }
    repeated
}

/// What is due now goes first, at the rate of the pace; single mails do not wait for it.
fn done_at(outlook: Outlook, due_at: i64, accepted: usize, rate: f64, is_single: bool) -> i64 {
    let before = if is_single { 0 } else { outlook.due };
    let called_from = outlook.now.max(outlook.held_until);
    let free_at = called_from.saturating_add(time_for(before, rate));
    let begins_at = free_at.max(due_at);
    begins_at.saturating_add(time_for(accepted as u64, rate))
}

/// Returns the time that the rate allows for these recipients, in milliseconds.
fn time_for(recipients: u64, rate: f64) -> i64 {
    let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
    let time = Duration::try_from_secs_f64(f64::from(recipients) / rate);
    time.map_or(i64::MAX, milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::recipient;

    #[test]
    fn the_end_is_after_what_waits_a_hold_and_the_planned_time() {
        let outlook = Outlook {
            now: 1_000_000,
            held_until: 0,
            due: 100,
        };
        let held = Outlook {
            held_until: 1_030_000,
            ..outlook
        };
        for (outlook, due_at, is_single, expected) in [
            (outlook, 1_000_000, false, 1_015_000),
            (outlook, 1_000_000, true, 1_005_000),
            (outlook, 1_007_000, false, 1_015_000),
            (outlook, 2_000_000, false, 2_005_000),
            (held, 1_000_000, false, 1_045_000),
        ] {
            assert_eq!(done_at(outlook, due_at, 50, 10.0, is_single), expected);
        }
    }

    #[test]
    fn an_address_is_repeated_whatever_the_case_of_its_domain() {
        let recipients = [
            recipient("ann@example.org"),
            recipient("bob@example.org"),
            recipient("ann@EXAMPLE.org"),
            recipient("ann@example.org"),
        ];
        assert_eq!(repeated(&recipients), [2, 3]);
    }
}
