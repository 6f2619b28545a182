//! The balance of a mailing after faults: the ledger against the mails that the SMTP server received.

use std::collections::HashMap;

use serde_json::Value;

use crate::letter::recipient;
use crate::smtp::SmtpServer;

/// Asserts of a mailing to `count` recipients, all at an end: no recipient got two mails, none is missing, every one
/// that is `sent` was mailed, and no more are `unconfirmed` than were in flight when a program was killed or stalled.
#[track_caller]
pub fn balanced(recipients: &[Value], smtp: &SmtpServer, count: usize, in_flight: usize) {
    let tally = smtp.tally();
    let twice: Vec<_> = tally.iter().filter(|(_, mails)| **mails > 1).collect();
    assert!(twice.is_empty(), "got more than one mail: {twice:?}");
    assert_eq!(recipients.len(), count);
    let mut ends: HashMap<&str, usize> = HashMap::new();
    let mut reasons: HashMap<&str, usize> = HashMap::new();
    for (index, entry) in recipients.iter().enumerate() {
        let address = recipient(index);
        assert_eq!(entry["index"], index, "{entry}");
        assert_eq!(entry["recipient"], address.as_str(), "{entry}");
        let status = entry["status"].as_str().expect("a status");
        *ends.entry(status).or_default() += 1;
        match status {
            "sent" => assert!(
                tally.contains_key(&address),
                "sent, but not mailed: {entry}"
            ),
            "unconfirmed" => {
                let why = entry["status_detail"].as_str().unwrap_or_default();
                *reasons.entry(why).or_default() += 1;
            }
            _ => panic!("neither sent nor unconfirmed: {entry}"),
        }
    }
    let unconfirmed = ends.get("unconfirmed").copied().unwrap_or_default();
    println!(
        "{ends:?}, unconfirmed {reasons:?}, mailed {}, in flight {in_flight}",
        tally.len()
    );
    assert!(
        unconfirmed <= in_flight,
        "{unconfirmed} unconfirmed ({reasons:?}), {in_flight} were in flight"
    );
}
