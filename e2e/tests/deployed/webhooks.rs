//! A webhook of the stack: the function outside the network posts to it.

use std::collections::BTreeMap;

use e2e::hook::text;
use e2e::{Caller, Receiver, eventually};
use serde_json::json;

use crate::mails::Mails;

pub const MAILING: usize = 12;

/// Asserts that a ping and the events of a mailing arrive, signed, each once. Returns the secret, without its prefix.
pub async fn events_arrive(management: &Caller, mails: &Mails) -> String {
    let receiver = Receiver::start().await;
    let body = json!({ "url": receiver.url(), "statuses": ["sent", "delivered"] });
    let created = management.post("/v1/webhooks", &body).await.data(201);
    let secret = text(&created["secret"]);
    let path = format!("/v1/webhooks/{}", text(&created["id"]));
    let ping = management.post(&format!("{path}/test"), &json!({})).await;
    let ping = text(&ping.data(202)["event_id"]);
    assert_eq!(receiver.received(1).await[0].id(), ping);
    let id = mails.begin(MAILING).await;
    mails.all_sent(&id, MAILING).await;
    let messages = receiver.received(1 + 2 * MAILING).await;
    let mut kinds = BTreeMap::<String, usize>::new();
    for message in &messages {
        message.is_signed_with(&secret);
        *kinds.entry(text(&message.json()["type"])).or_default() += 1;
    }
    let expected = [
        ("mail.delivered", MAILING),
        ("mail.sent", MAILING),
        ("ping", 1),
    ];
    let expected = expected.map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(kinds, expected.into());
    eventually("the outcomes are recorded", async || {
        let tries = management
            .get(&format!("{path}/deliveries?limit=100"))
            .await;
        let arrived = |entry: &&serde_json::Value| entry["http_status"] == 204;
        match tries.items().iter().filter(arrived).count() {
            count if count == messages.len() => Ok(()),
            count => Err(count),
        }
    })
    .await;
    management.delete(&path).await.data(200);
    secret
        .strip_prefix("whsec_")
        .expect("the prefix")
        .to_owned()
}
