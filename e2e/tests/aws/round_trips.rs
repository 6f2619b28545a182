//! The price of a mail in round trips to `PostgreSQL`, with a rate to keep to and a result queue.

use e2e::{Caller, Cloud, Database, Proxy, Service, With, letter, mailing};
use serde_json::json;

/// The recipients of one call to SES.
const CALL: usize = 50;

async fn behind_a_proxy() -> (Proxy, Service) {
    let database = Database::postgres().await;
    let proxy = Proxy::before(database.url()).await;
    let service = Service::on(database, Cloud::new().await, |settings| {
        settings
            .env("DATABASE_URL", proxy.url())
            // No sweep asks anything meanwhile.
            .env("SWEEP_SECONDS", "3600")
            .env("MAX_SEND_RATE", "10000")
    })
    .await;
    (proxy, service)
}

/// Sends a mail whose result has arrived before this returns.
async fn send(service: &Service, sender: &Caller, number: usize) {
    let data = sender
        .mail(&letter(&format!("{number}@example.com")))
        .await
        .data(200);
    let id = data["id"].as_str().expect("an id");
    assert_eq!(service.results.last(id, 1).await.len(), 1);
}

/// Returns the round trips of one mail, after some others: a connection prepares each statement once.
async fn of_one_mail(proxy: &Proxy, service: &Service, sender: impl Fn(usize) -> Caller) -> usize {
    for number in 0..3 {
        send(service, &sender(number), number).await;
    }
    let before = proxy.round_trips();
    // The function answers when nothing that it has begun is left to do.
    send(service, &sender(3), 3).await;
    proxy.round_trips() - before
}

#[tokio::test]
async fn a_single_mail_takes_four() {
    let (proxy, service) = behind_a_proxy().await;
    let sender = service.sender().await;
    // Authentication; storing it and taking its turn; its outcome and its result; that the result is published.
    assert_eq!(of_one_mail(&proxy, &service, |_| sender.clone()).await, 4);
}

#[tokio::test]
async fn a_single_mail_with_an_idempotency_key_takes_four() {
    let (proxy, service) = behind_a_proxy().await;
    let sender = service.sender().await;
    let keyed = |number: usize| sender.clone().idempotency_key(&number.to_string());
    assert_eq!(of_one_mail(&proxy, &service, keyed).await, 4);
}

#[tokio::test]
async fn a_single_mail_of_a_browser_takes_four() {
    let (proxy, service) = behind_a_proxy().await;
    let origin = "https://app.example.com";
    let key = service
        .server
        .new_key(json!({ "origins": [origin], "senders": ["@example.com"] }))
        .await;
    let key = key["api_key"].as_str().expect("a key");
    let sender = service.server.with_key(key).origin(origin);
    assert_eq!(of_one_mail(&proxy, &service, |_| sender.clone()).await, 4);
}

#[tokio::test]
async fn a_recipient_of_a_mailing_takes_a_fifth_at_most() {
    let (proxy, service) = behind_a_proxy().await;
    let sender = service.sender().await;
    let mut taken = 0;
    for number in 0..4 {
        let before = proxy.round_trips();
        let body = mailing(CALL).with("email_id", number.to_string());
        let data = sender.mail(&body).await.data(202);
        let id = data["id"].as_str().expect("an id");
        service.results.last(id, CALL).await;
        taken = proxy.round_trips() - before;
    }
    println!("{taken} for {CALL} recipients");
    assert!(taken <= CALL / 5, "{taken}");
}
