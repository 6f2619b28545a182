//! POST → SQS → worker → SES → result queue.

use e2e::gateway::Format;
use e2e::reckoning::Reckoning;
use e2e::{Cloud, Service, With, letter, mailing};
use serde_json::{Value, json};

/// Asserts that each of `count` recipients of a mailing is mailed once and has one result.
async fn everybody_is_mailed_once(service: &Service, count: usize) {
    let sender = service.sender().await;
    let body = mailing(count)
        .with("email_id", "msg-123")
        .with("client_env_id", 7)
        .with("projectId", "project-1")
        .with("closureId", Value::Null)
        .with("emailRecipientId", "recipient-123");
    let data = sender.mail(&body).await.data(202);
    assert_eq!(data["accepted"], count);
    let id = data["id"].as_str().expect("an id");
    let reckoning = service.reckon(id, count).await;
    let all = Reckoning {
        sent: count,
        ..Reckoning::default()
    };
    assert_eq!(reckoning, all);
    assert_eq!(service.results.more().await, 0, "one result for each");
    assert_eq!(service.cloud.queues.dead.length().await, 0);
}

#[tokio::test]
async fn a_mail_to_one_is_sent_at_once_and_has_one_result() {
    let service = Service::start().await;
    let sender = service.sender().await;
    let body = letter("john@example.com")
        .with("email_id", "msg-123")
        .with("client_env_id", 7)
        .with("projectId", "project-1")
        .with("emailRecipientId", "recipient-123");
    let data = sender.mail(&body).await.data(200);
    let id = data["id"].as_str().expect("an id");
    let accepted = service.cloud.account.accepted().await;
    assert_eq!(accepted.len(), 1, "{accepted:?}");
    assert_eq!(accepted[0]["response"], data["ses_response"]);
    let result = service.results.last(id, 1).await.remove(0);
    assert_eq!(
        result,
        json!({
            "event_id": result["event_id"],
            "occurred_at": result["occurred_at"],
            "id": id,
            "index": 0,
            "email_id": "msg-123",
            "email_recipient_id": "recipient-123",
            "recipient": "john@example.com",
            "status": "sent",
            "message_id": data["message_id"],
            "status_detail": null,
            "last_error": null,
            "queued_at": null,
            "sent_at": data["status"]["sent_at"],
            "client_env_id": 7,
            "project_id": "project-1",
            "closure_id": null,
            "attempts": 1,
            "sequence": 1,
            "bounce": null,
        })
    );
    assert_eq!(service.results.more().await, 0);
}

#[tokio::test]
async fn a_mailing_to_two_reaches_both_once() {
    everybody_is_mailed_once(&Service::start().await, 2).await;
}

#[tokio::test]
async fn a_mailing_larger_than_a_call_reaches_everybody_once() {
    let service = Service::start().await;
    everybody_is_mailed_once(&service, 51).await;
    let calls: Vec<usize> = service
        .ses
        .arrivals()
        .iter()
        .map(|(_, many)| *many)
        .collect();
    assert!(calls.iter().all(|many| *many <= 50), "{calls:?}");
    assert!(calls.len() < 10, "bulk calls, not singles: {calls:?}");
}

#[tokio::test]
async fn a_mailing_to_five_thousand_reaches_everybody_once() {
    everybody_is_mailed_once(&Service::start().await, 5_000).await;
}

#[tokio::test]
async fn behind_a_rest_api_it_is_the_same() {
    let mut cloud = Cloud::new().await;
    cloud.format = Format::Rest;
    let service = Service::like(cloud, |settings| settings).await;
    everybody_is_mailed_once(&service, 2).await;
    let sender = service.sender().await;
    let listed = sender.get("/v1/mail?email_id=msg-123").await.items();
    assert!(listed.is_empty(), "of another key: {listed:?}");
    sender.get("/v1/nowhere").await.error(404, "not_found");
    let docs = service.server.anonymous().get("/docs").await;
    assert_eq!(docs.status, 200, "{}", docs.text());
}
