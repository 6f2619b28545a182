//! The result of a mailing through SES: the ledger against the accepted calls of SES and the published results.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::service::Service;
use crate::ses::{Fates, first_address};
use crate::waiting::eventually;

const LIMIT: Duration = Duration::from_mins(3);

/// The number of recipients at each end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    pub sent: usize,
    pub failed: usize,
    pub unconfirmed: usize,
}

impl Reckoning {
    /// Waits for the ends, and then asserts that no recipient was mailed twice, that SES accepted every recipient that
    /// is `sent` and refused every one that is `failed`, that the fate of every `unconfirmed` one could not be known,
    /// and that the results agree.
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

    /// Asserts that each `unconfirmed` recipient was in a call whose answer was lost or unclear. Valid only without
    /// kills: a killed program may not have made the call yet.
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

/// Waits until the emulator's own record of accepted mails equals that of the proxy: other mailings may be under way.
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

/// Returns the recipients of one request that SES accepted.
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
