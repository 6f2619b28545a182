//! What a mailing through SES has come to: the ledger against what SES did and what the result queue was told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::service::Service;
use crate::ses::{Fates, first_address};
use crate::waiting::eventually;

const LIMIT: Duration = Duration::from_mins(3);

/// How many recipients have come to which end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    pub sent: usize,
    pub failed: usize,
    pub unconfirmed: usize,
}

impl Reckoning {
    /// Waits for the ends, then asserts that nobody was mailed twice, that SES accepted whoever is `sent` and refused
    /// whoever is `failed`, that nobody could know of whoever is `unconfirmed`, and that the results say the same.
    pub async fn of(service: &Service, id: &str, count: usize) -> Self {
        service.server.settled_within(LIMIT, id).await;
        let results = service.results.last(id, count).await;
        let recipients = service.server.recipients(id).await;
        assert_eq!(recipients.len(), count);
        let fates = service.ses.fates();
        assert!(
            fates.twice().is_empty(),
            "mailed twice: {:?}",
            fates.twice()
        );
        let mut reckoning = Self::default();
        for (index, (recipient, result)) in recipients.iter().zip(&results).enumerate() {
            assert_eq!(recipient["index"], index, "{recipient}");
            for field in [
                "status",
                "recipient",
                "message_id",
                "status_detail",
                "attempts",
            ] {
                assert_eq!(recipient[field], result[field], "{recipient} {result}");
            }
            reckoning.count(recipient, &fates);
        }
        println!("{reckoning:?}, mailed {}", fates.accepted());
        agree(service).await;
        reckoning
    }

    fn count(&mut self, recipient: &Value, fates: &Fates) {
        let fate = fates.of(recipient["recipient"].as_str().expect("an address"));
        match recipient["status"].as_str().expect("a status") {
            "sent" => {
                assert_eq!(fate.accepted, 1, "sent, but not mailed: {recipient}");
                self.sent += 1;
            }
            "failed" => {
                assert_eq!(fate.accepted, 0, "failed, but mailed: {recipient}");
                assert!(fate.refused > 0, "nobody refused it: {recipient}");
                self.failed += 1;
            }
            "unconfirmed" => self.unconfirmed += 1,
            _ => panic!("not an end of sending: {recipient}"),
        }
    }

    /// Each `unconfirmed` comes of an answer that was lost or said nothing. Only without kills: whoever dies may not
    /// have called yet.
    pub async fn all_doubts_are_of_ses(&self, service: &Service, id: &str) {
        let fates = service.ses.fates();
        for recipient in service.server.recipients(id).await {
            if recipient["status"] == "unconfirmed" {
                let fate = fates.of(recipient["recipient"].as_str().expect("an address"));
                assert!(fate.doubted > 0, "nobody doubted it: {recipient}");
            }
        }
    }
}

/// The emulator's own record of what was accepted comes to be that of the proxy: other mailings may be under way.
async fn agree(service: &Service) {
    eventually("the emulator and the proxy agree", async || {
        let mut tally: BTreeMap<String, usize> = BTreeMap::new();
        for call in service.cloud.account.accepted().await {
            for address in addresses(&call) {
                *tally.entry(address).or_default() += 1;
            }
        }
        let fates = service.ses.fates();
        let mailed: BTreeMap<String, usize> = fates
            .addresses()
            .map(|address| (address.to_owned(), fates.of(address).accepted))
            .filter(|(_, mails)| *mails > 0)
            .collect();
        if tally == mailed {
            Ok(())
        } else {
            Err((tally.len(), mailed.len()))
        }
    })
    .await;
}

/// Whom one request that SES accepted went to.
pub fn addresses(call: &Value) -> Vec<String> {
    let request = &call["request"];
    let Some(entries) = request["BulkEmailEntries"].as_array() else {
        return vec![first_address(request)];
    };
    let results = call["response"]["BulkEmailEntryResults"].as_array();
    let results = results.expect("a result for each");
    let accepted = entries.iter().zip(results);
    accepted
        .filter(|(_, result)| result["Status"] == "SUCCESS")
        .map(|(entry, _)| first_address(entry))
        .collect()
}
