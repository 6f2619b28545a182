//! Sending calls, and the reactions to them.

use std::time::Duration;

use hyper::body::Bytes;
use serde_json::Value;

/// One `SendEmail` or `SendBulkEmail`.
#[derive(Clone, Debug)]
pub struct Call {
    /// The address of each mail in the call.
    pub recipients: Vec<String>,
    pub is_bulk: bool,
    /// The number of the call, from 1.
    pub number: usize,
    /// The number of the call among those that began with this recipient, from 1.
    pub visit: usize,
    body: Value,
}

#[derive(Clone, Debug)]
pub enum Reaction {
    Accept,
    /// Accepts the mails, and answers after a delay.
    Delay(Duration),
    /// Accepts a bulk call except for these recipients, each with SES's code.
    RefuseSome(Vec<(String, &'static str)>),
    /// Refuses the whole call with this code.
    Refuse(&'static str),
    Throttle,
    /// Answers 503 as SES does.
    Unavailable,
    /// Answers 500, before or after the mails are accepted.
    Fail,
    FailAfter,
    /// Breaks the connection, before or after the mails are accepted.
    Reset,
    ResetAfter,
    /// Accepts the mails and never answers.
    SilenceAfter,
}

impl Call {
    pub(super) fn of(path: &str, body: &Bytes) -> Option<Self> {
        let is_bulk = path.ends_with("/outbound-bulk-emails");
        if !is_bulk && !path.ends_with("/outbound-emails") {
            return None;
        }
        let body: Value = serde_json::from_slice(body).expect("a call is JSON");
        let recipients = if is_bulk {
            let entries = body["BulkEmailEntries"].as_array().expect("entries");
            entries.iter().map(first_address).collect()
        } else {
            vec![first_address(&body)]
        };
        Some(Self {
            recipients,
            is_bulk,
            number: 0,
            visit: 0,
            body,
        })
    }

    /// Returns the call without some of its recipients, and the remaining ones.
    pub(super) fn without(&self, names: &[&str]) -> (Bytes, Vec<String>) {
        let mut body = self.body.clone();
        let entries = body["BulkEmailEntries"].as_array_mut().expect("entries");
        entries.retain(|entry| !names.contains(&first_address(entry).as_str()));
        let left = entries.iter().map(first_address).collect();
        (body.to_string().into(), left)
    }
}

/// Returns the address of one mail, without the name.
pub fn first_address(entry: &Value) -> String {
    let address = entry["Destination"]["ToAddresses"][0].as_str();
    let address = address.unwrap_or_else(|| panic!("no recipient: {entry}"));
    let bare = address.rsplit_once('<').map_or(address, |(_, rest)| rest);
    bare.trim_end_matches('>').to_owned()
}
