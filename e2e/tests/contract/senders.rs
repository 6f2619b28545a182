//! The sender addresses that a key may use.

use e2e::{Database, Server, With, everywhere, letter};
use serde_json::json;

everywhere!(
    a_key_with_senders_sends_from_those_only,
    a_key_without_senders_sends_from_any,
    what_is_no_sender_is_refused,
);

async fn a_key_with_senders_sends_from_those_only(database: Database) {
    let server = Server::on(&database).start().await;
    let body = json!({ "senders": ["@example.com", "shop@example.net", "@bücher.example"] });
    let key = server.new_key(body).await;
    let sender = server.with_key(key["api_key"].as_str().expect("a key"));
    for good in [
        "anybody@example.com",
        "Any.Body+tag@EXAMPLE.com",
        "shop@example.net",
        "shop@Example.NET",
        "news@bücher.example",
        "news@xn--bcher-kva.example",
    ] {
        let body = letter("ann@example.org").with("sender_email", good);
        sender.mail(&body).await.data(200);
    }
    for bad in [
        "anybody@sub.example.com",
        "anybody@notexample.com",
        "anybody@example.com.evil.net",
        "other@example.net",
        "shop@sub.example.net",
        "@example.com@evil.net",
    ] {
        let body = letter("ann@example.org").with("sender_email", bad);
        let answer = sender.mail(&body).await;
        if bad.matches('@').count() == 1 {
            answer.error(403, "authorization_error");
        } else {
            answer.only_fault("sender_email");
        }
    }
    assert_eq!(server.mailbox().total().await, 6);
}

async fn a_key_without_senders_sends_from_any(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for address in ["a@example.com", "b@sub.example.net"] {
        let body = letter("ann@example.org").with("sender_email", address);
        sender.mail(&body).await.data(200);
    }
}

async fn what_is_no_sender_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    for bad in [
        "",
        "@",
        "example.com",
        "a@b@c",
        "@exa mple.com",
        "a b@example.com",
    ] {
        let body = json!({ "senders": ["@example.com", bad] });
        let answer = management.post("/v1/api-key", &body).await;
        answer.only_fault("senders.1");
    }
    assert!(management.get("/v1/api-key").await.items().is_empty());
}
