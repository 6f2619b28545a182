//! SES v2: two sending calls, and the account's rate.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    http::{self, Answer, Asked},
    recipients::Recipients,
};

/// More than any sender here can reach, so that no pace is measured.
const RATE: f64 = 100_000.0;

#[derive(Default)]
pub struct Ses {
    pub latency_ms: AtomicU64,
}

#[derive(Deserialize)]
struct Mail<'a> {
    #[serde(rename = "Destination", borrow)]
    destination: Destination<'a>,
}

#[derive(Deserialize)]
struct Destination<'a> {
    #[serde(rename = "ToAddresses", borrow)]
    to: Vec<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Bulk<'a> {
    #[serde(rename = "BulkEmailEntries", borrow)]
    entries: Vec<Mail<'a>>,
}

impl Ses {
    pub async fn answer(&self, asked: &Asked, recipients: &Recipients) -> Answer {
        let sent = match asked.path.as_str() {
            "/v2/email/account" => return http::json(200, &account()),
            "/v2/email/outbound-emails" => {
                serde_json::from_slice(&asked.body).map(|mail| vec![mail])
            }
            "/v2/email/outbound-bulk-emails" => {
                serde_json::from_slice(&asked.body).map(|bulk: Bulk| bulk.entries)
            }
            _ => return http::json(404, &json!({"message": asked.path})),
        };
        let mails: Vec<Mail> = match sent {
            Ok(mails) => mails,
            Err(error) => return http::json(400, &json!({"message": error.to_string()})),
        };
        let latency = self.latency_ms.load(Ordering::Relaxed);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        let addresses = mails.iter().flat_map(|mail| &mail.destination.to);
        recipients.add(addresses.map(AsRef::as_ref));
        let id = "0107019a5b3c7d2e-4f6a8b1c-9d0e-4f2a-8b6c-1d3e5f7a9b0c-000000";
        if asked.path.ends_with("outbound-emails") {
            return http::json(200, &json!({"MessageId": id}));
        }
        let result = json!({"Status": "SUCCESS", "MessageId": id});
        let results = vec![result; mails.len()];
        http::json(200, &json!({"BulkEmailEntryResults": results}))
    }
}

fn account() -> Value {
    json!({
        "DedicatedIpAutoWarmupEnabled": false,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": true,
        "SendingEnabled": true,
        "SendQuota": {"Max24HourSend": 1e9, "MaxSendRate": RATE, "SentLast24Hours": 0.0},
    })
}
