//! The calls that are made for one set of recipients.
//!
//! The refusal of a whole bulk call says nothing about its individual recipients: they are then sent to one by one. If
//! the next call would fail for the same reason, the remaining recipients are not tried.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{
    Ses,
    bulk::{Bulk, Call, Entry},
    failure::{Failure, Verdict},
    single::Single,
};
use crate::{
    mailer::compose::aside,
    mailing::{ClaimedRecipient, Mailing},
    outcome::Outcome,
};

/// With less time left, no call is begun: it would only end without an answer.
const SHORTEST_CALL: Duration = Duration::from_secs(1);

pub struct Sending<'a> {
    ses: &'a Ses,
    mailing: &'a Mailing,
    recipients: &'a [ClaimedRecipient],
    outcomes: Vec<Option<Outcome>>,
    /// The number of recipients with each failure.
    failures: BTreeMap<(Verdict, String), usize>,
    deadline: Instant,
}

impl<'a> Sending<'a> {
    pub fn new(
        ses: &'a Ses,
        mailing: &'a Mailing,
        recipients: &'a [ClaimedRecipient],
        deadline: Instant,
    ) -> Self {
        Self {
            ses,
            mailing,
            recipients,
            outcomes: vec![None; recipients.len()],
            failures: BTreeMap::new(),
            deadline,
        }
    }

    /// Makes the calls. An error is the failure that kept it from trying the remaining recipients.
    pub async fn all(&mut self) -> Result<(), Failure> {
        if self.recipients.len() > 1
            && let Some(bulk) = aside(|| Bulk::new(self.mailing)).await
        {
            let (calls, refused) = aside(|| bulk.plan(self.recipients)).await;
            for (recipient, reason) in refused {
                self.outcomes[recipient] = Some(reason.into());
            }
            for call in calls {
                match call {
                    Call::Single(recipient) => self.single(recipient).await?,
                    Call::Bulk(entries) => self.bulk(&bulk, entries).await?,
                }
            }
            return Ok(());
        }
        self.singles(0..self.recipients.len()).await
    }

    async fn bulk(&mut self, bulk: &Bulk<'_>, entries: Vec<Entry>) -> Result<(), Failure> {
        let limit = self.time_left()?;
        let (members, entries): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .map(|entry| (entry.recipient, entry.content))
            .unzip();
        match self.ses.send_bulk(bulk, entries, limit).await {
            Ok(results) => {
                let mut end = Ok(());
                for (recipient, result) in members.into_iter().zip(results) {
                    if let Err(failure) = self.note(recipient, result) {
                        end = Err(failure);
                    }
                }
                end
            }
            Err(failure) if failure.verdict == Verdict::Refused => {
                self.count(&failure, members.len());
                self.singles(members).await
            }
            Err(failure) if failure.denies_access() => self.despite_denial(members, failure).await,
            Err(failure) => {
                self.fail(&members, &failure);
                Err(failure)
            }
        }
    }

    /// Tries single calls after a bulk call was denied. SES checks bulk calls against actions of their own, so a role
    /// that lacks only these may still send single mails: the first recipient shows whether it may.
    async fn despite_denial(
        &mut self,
        members: Vec<usize>,
        denial: Failure,
    ) -> Result<(), Failure> {
        let Some((first, others)) = members.split_first() else {
            return Ok(());
        };
        self.single(*first).await?;
        if matches!(self.outcomes[*first], Some(Outcome::Accepted { .. })) {
            self.count(&denial, members.len());
            return self.singles(others.iter().copied()).await;
        }
        self.fail(others, &denial);
        Err(denial)
    }

    /// Records the failure of a call for all of its recipients.
    fn fail(&mut self, members: &[usize], failure: &Failure) {
        self.count(failure, members.len());
        for recipient in members {
            let attempts = self.recipients[*recipient].attempts;
            self.outcomes[*recipient] = Some(failure.outcome(attempts));
        }
    }

    async fn singles(&mut self, members: impl IntoIterator<Item = usize>) -> Result<(), Failure> {
        for recipient in members {
            self.single(recipient).await?;
        }
        Ok(())
    }

    async fn single(&mut self, recipient: usize) -> Result<(), Failure> {
        let limit = self.time_left()?;
        let single = aside(|| Single::new(self.mailing, &self.recipients[recipient])).await;
        match single {
            Ok(single) => {
                let result = self.ses.send_single(self.mailing, single, limit).await;
                self.note(recipient, result)
            }
            Err(reason) => {
                self.outcomes[recipient] = Some(reason.into());
                Ok(())
            }
        }
    }

    fn time_left(&self) -> Result<Duration, Failure> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left < SHORTEST_CALL {
            return Err(Failure::not_sent());
        }
        Ok(left)
    }

    fn note(&mut self, recipient: usize, result: Result<String, Failure>) -> Result<(), Failure> {
        let attempts = self.recipients[recipient].attempts;
        let (outcome, end) = match result {
            Ok(message_id) => (Outcome::Accepted { message_id }, Ok(())),
            Err(failure) => {
                self.count(&failure, 1);
                let outcome = failure.outcome(attempts);
                let goes_on = matches!(
                    failure.verdict,
                    Verdict::Refused | Verdict::Account | Verdict::Identity
                );
                (outcome, if goes_on { Ok(()) } else { Err(failure) })
            }
        };
        self.outcomes[recipient] = Some(outcome);
        end
    }

    fn count(&mut self, failure: &Failure, recipients: usize) {
        let kind = (failure.verdict, failure.code.clone());
        *self.failures.entry(kind).or_default() += recipients;
    }

    /// Returns an outcome for each recipient.
    pub fn finish(self, end: Result<(), Failure>) -> Vec<Outcome> {
        for ((verdict, code), recipients) in &self.failures {
            let (id, error) = (self.mailing.id, code.as_str());
            if matches!(verdict, Verdict::Account | Verdict::Identity) {
                tracing::error!(mail.id = %id, ses.error = error, recipients, "SES does not serve the account");
            } else {
                tracing::warn!(mail.id = %id, ses.error = error, recipients, "SES did not accept mail");
            }
        }
        let end = end.err().unwrap_or_else(Failure::not_sent);
        let outcomes = self.outcomes.into_iter();
        outcomes
            .map(|outcome| outcome.unwrap_or_else(|| end.not_tried()))
            .collect()
    }
}
