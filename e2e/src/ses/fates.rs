//! The proven fate of each recipient.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// The number of mails for the recipient that SES accepted.
    pub accepted: usize,
    /// The number of refusals of SES.
    pub refused: usize,
    /// The number of calls with the recipient whose outcome could not be known.
    pub doubted: usize,
    first_of: usize,
}

/// The fates by address.
#[derive(Clone, Debug, Default)]
pub struct Fates(BTreeMap<String, Fate>);

impl Fates {
    pub fn of(&self, address: &str) -> Fate {
        self.0.get(address).copied().unwrap_or_default()
    }

    /// Returns the number of mails that SES accepted.
    pub fn accepted(&self) -> usize {
        self.0.values().map(|fate| fate.accepted).sum()
    }

    /// Returns the recipients that got more than one mail.
    pub fn twice(&self) -> Vec<&str> {
        let twice = self.0.iter().filter(|(_, fate)| fate.accepted > 1);
        twice.map(|(address, _)| address.as_str()).collect()
    }

    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Counts a call by its first recipient.
    pub(super) fn visit(&mut self, recipients: &[String]) -> usize {
        let Some(first) = recipients.first() else {
            return 0;
        };
        let fate = self.0.entry(first.clone()).or_default();
        fate.first_of += 1;
        fate.first_of
    }

    pub(super) fn accept(&mut self, recipients: &[String]) {
        self.change(recipients, |fate| fate.accepted += 1);
    }

    pub(super) fn refuse(&mut self, recipients: &[String]) {
        self.change(recipients, |fate| fate.refused += 1);
    }

    pub(super) fn doubt(&mut self, recipients: &[String]) {
        self.change(recipients, |fate| fate.doubted += 1);
    }

    fn change(&mut self, recipients: &[String], change: impl Fn(&mut Fate)) {
        for recipient in recipients {
            change(self.0.entry(recipient.clone()).or_default());
        }
    }
}
