//! Each event arrives, signed, soon and once.

use e2e::hook::{hook_to, text};
use e2e::{Receiver, Service, mailing};
use serde_json::json;

use super::{Webhooks, ids_at};

/// So rarely that no test sees it.
const NEVER: &str = "3600";

#[tokio::test]
async fn the_events_of_a_mailing_arrive_signed_and_wait_for_no_sweep() {
    const RECIPIENTS: usize = 30;
    let webhooks = Webhooks::start(NEVER).await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    let data = sender.mail(&mailing(RECIPIENTS)).await.data(202);
    let messages = receiver.received(RECIPIENTS).await;
    webhooks.all_sent().await;
    assert_eq!(ids_at(&receiver).len(), RECIPIENTS);
    assert_eq!(receiver.messages().len(), RECIPIENTS, "each once");
    for message in &messages {
        message.is_signed_with(&hook.secret);
        assert_eq!(message.json()["type"], "mail.sent");
        assert_eq!(message.json()["data"]["id"], data["id"]);
    }
    let tries = hook.tried(server, RECIPIENTS).await;
    assert!(
        tries.iter().all(|one| one["http_status"] == 204),
        "{tries:?}"
    );
}

#[tokio::test]
async fn a_ping_and_a_replay_arrive_at_once() {
    let webhooks = Webhooks::start(NEVER).await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    let management = server.management();
    let ping = management.post(&hook.path("/test"), &json!({})).await;
    let ping = text(&ping.data(202)["event_id"]);
    let message = receiver.received(1).await.remove(0);
    message.is_signed_with(&hook.secret);
    assert_eq!(
        (message.id(), &message.json()["type"]),
        (&*ping, &json!("ping"))
    );
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(2)).await.data(202);
    let event = receiver.received(3).await[2].id().to_owned();
    webhooks.all_sent().await;
    let replay = json!({ "event_id": event });
    let replayed = management.post(&hook.path("/replay"), &replay).await;
    replayed.data(202);
    let again = receiver.received(4).await.remove(3);
    again.is_signed_with(&hook.secret);
    assert_eq!(again.id(), event);
    webhooks.all_sent().await;
}

#[tokio::test]
async fn a_single_mail_has_its_event_with_the_next_sweep_at_the_latest() {
    let webhooks = Webhooks::start("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    e2e::hook::send(&sender, "ann@example.org").await;
    let message = receiver.received(1).await.remove(0);
    message.is_signed_with(&hook.secret);
    assert_eq!(message.json()["data"]["recipient"], "ann@example.org");
    webhooks.all_sent().await;
}

/// They would wait for ever.
#[tokio::test]
async fn functions_without_the_queues_refuse_webhooks() {
    let service = Service::start().await;
    let body = json!({ "url": "https://example.com/" });
    let refused = service
        .server
        .management()
        .post("/v1/webhooks", &body)
        .await;
    refused.error(400, "validation_error");
    assert!(
        refused.json()["message"]
            .as_str()
            .is_some_and(|text| text.contains("switched off"))
    );
}
