//! CORS allows the pages of the keys' origins, and no others.

use e2e::{Answer, Caller, Database, Server, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    a_preflight_is_answered_for_a_live_keys_origin_only,
    a_preflight_allows_what_the_api_takes,
    real_answers_are_open_to_the_same_origins,
);

const ORIGIN: &str = "https://app.example.com";
const ALLOWED: &str = "access-control-allow-origin";

async fn preflight(server: &Server, origin: &str) -> Answer {
    let page = server.anonymous().origin(origin);
    page.with("access-control-request-method", "POST")
        .with(
            "access-control-request-headers",
            "content-type,x-api-key,idempotency-key",
        )
        .options("/v1/mail")
        .await
}

async fn browser_key(server: &Server, origin: &str) -> Value {
    server
        .new_key(json!({ "origins": [origin], "senders": ["@example.com"] }))
        .await
}

fn list(answer: &Answer, name: &str) -> Vec<String> {
    let value = answer.header(name).unwrap_or_default().to_lowercase();
    value
        .split(',')
        .map(|item| item.trim().to_owned())
        .collect()
}

async fn a_preflight_is_answered_for_a_live_keys_origin_only(database: Database) {
    let server = Server::on(&database).start().await;
    assert_eq!(preflight(&server, ORIGIN).await.header(ALLOWED), None);
    let key = browser_key(&server, ORIGIN).await;
    let answer = preflight(&server, ORIGIN).await;
    assert!((200..300).contains(&answer.status), "{}", answer.status);
    assert_eq!(answer.header(ALLOWED), Some(ORIGIN));
    assert!(list(&answer, "vary").contains(&"origin".to_owned()));
    for other in [
        "https://evil.example.com",
        "http://app.example.com",
        "null",
        "nonsense",
    ] {
        let answer = preflight(&server, other).await;
        assert_eq!(answer.header(ALLOWED), None, "{other}");
        assert!(list(&answer, "vary").contains(&"origin".to_owned()));
    }
    browser_key(&server, "https://*.example.net").await;
    let wild = preflight(&server, "https://shop.example.net").await;
    assert_eq!(wild.header(ALLOWED), Some("https://shop.example.net"));
    let deeper = preflight(&server, "https://a.shop.example.net").await;
    assert_eq!(deeper.header(ALLOWED), None);

    let path = format!("/v1/api-key/{}", key["id"].as_str().expect("an id"));
    server.management().delete(&path).await.data(200);
    assert_eq!(preflight(&server, ORIGIN).await.header(ALLOWED), None);
}

async fn a_preflight_allows_what_the_api_takes(database: Database) {
    let server = Server::on(&database).start().await;
    browser_key(&server, ORIGIN).await;
    let answer = preflight(&server, ORIGIN).await;
    assert!(list(&answer, "access-control-allow-methods").contains(&"post".to_owned()));
    let headers = list(&answer, "access-control-allow-headers");
    for header in ["content-type", "x-api-key", "idempotency-key", "prefer"] {
        assert!(
            headers.contains(&header.to_owned()),
            "{header} in {headers:?}"
        );
    }
    let credentials = answer.header("access-control-allow-credentials");
    assert_ne!(credentials, Some("true"));
}

fn open_to(answer: &Answer, origin: &str) {
    assert_eq!(answer.header(ALLOWED), Some(origin), "{}", answer.text());
    let exposed = list(answer, "access-control-expose-headers");
    for header in [
        "x-request-id",
        "idempotency-replayed",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
    ] {
        assert!(
            exposed.contains(&header.to_owned()),
            "{header} in {exposed:?}"
        );
    }
    assert!(list(answer, "vary").contains(&"origin".to_owned()));
}

async fn real_answers_are_open_to_the_same_origins(database: Database) {
    let server = Server::on(&database).start().await;
    let key = browser_key(&server, ORIGIN).await;
    let page: Caller = server
        .with_key(key["api_key"].as_str().expect("a key"))
        .origin(ORIGIN);
    let sent = page.mail(&letter("ann@example.org")).await;
    sent.data(200);
    open_to(&sent, ORIGIN);
    let fault = page.mail(&letter("nobody")).await;
    fault.error(400, "validation_error");
    open_to(&fault, ORIGIN);
    let stranger = server.with_key("nobody's key at all").origin(ORIGIN);
    let unknown = stranger.mail(&letter("ann@example.org")).await;
    unknown.error(401, "authentication_error");
    open_to(&unknown, ORIGIN);
    let nowhere = page.get("/v1/nowhere").await;
    nowhere.error(404, "not_found");
    open_to(&nowhere, ORIGIN);

    let evil = page.origin("https://evil.example.com");
    let refused = evil.mail(&letter("ann@example.org")).await;
    refused.error(403, "authorization_error");
    assert_eq!(refused.header(ALLOWED), None);
    let without = server.sender().await.get("/v1/mail").await;
    assert_eq!(without.header(ALLOWED), None);
}
