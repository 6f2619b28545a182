//! Mails that are sent, and their records in the result queue and in SES.

use std::collections::HashSet;

use e2e::aws::Account;
use e2e::reckoning::addresses;
use e2e::results::Results;
use e2e::{Caller, Stack, letter, mailing};
use serde_json::Value;

pub struct Mails {
    account: Account,
    sender: Caller,
    results: Results,
}

impl Mails {
    pub fn of(account: &Account, sender: Caller, stack: &Stack) -> Self {
        let results = account.queue_at(stack.output("ResultQueueUrl"));
        Self {
            account: account.clone(),
            sender,
            results: Results::of(&results),
        }
    }

    /// Sends a mail to one recipient at once.
    pub async fn one(&self) {
        let data = self.sender.mail(&letter("ann@example.net")).await.data(200);
        let id = data["id"].as_str().expect("an id");
        self.all_sent(id, 1).await;
    }

    /// Posts a mailing, and returns its id.
    pub async fn begin(&self, count: usize) -> String {
        let mut body = mailing(count);
        for entry in body["recipients"].as_array_mut().expect("recipients") {
            // The recipients differ between mailings.
            let address = entry["mail"].as_str().expect("an address");
            entry["mail"] = format!("{count}-{address}").into();
        }
        let data = self.sender.mail(&body).await.data(202);
        assert_eq!(data["accepted"], count);
        data["id"].as_str().expect("an id").to_owned()
    }

    /// Waits until the result queue has told these statuses of a mail to one recipient.
    pub async fn are_told(&self, id: &str, statuses: &[&str]) {
        self.results.has_told(id, statuses).await;
    }

    /// Waits for one result for each recipient, `sent` or later `delivered`, and asserts that SES has accepted each mail so
    /// far once.
    pub async fn all_sent(&self, id: &str, count: usize) -> Vec<Value> {
        let results = self.results.last(id, count).await;
        let others: Vec<_> = results
            .iter()
            .filter(|one| one["status"] != "sent" && one["status"] != "delivered")
            .collect();
        assert!(others.is_empty(), "{others:?}");
        let mailed: Vec<String> = self
            .account
            .accepted()
            .await
            .iter()
            .flat_map(addresses)
            .collect();
        let whom: HashSet<&str> = mailed.iter().map(String::as_str).collect();
        assert_eq!(whom.len(), mailed.len(), "a recipient was mailed twice");
        for result in &results {
            let recipient = result["recipient"].as_str().expect("an address");
            assert!(whom.contains(recipient), "sent, but not mailed: {result}");
        }
        results
    }

    /// Returns the number of mails that SES has accepted.
    pub async fn mailed(&self) -> usize {
        self.account
            .accepted()
            .await
            .iter()
            .flat_map(addresses)
            .count()
    }
}
