//! The operations that a browser key, which anyone can read in a page, may use, and those that only a server key may.

use e2e::times::in_seconds;
use e2e::{Database, Server, With, everywhere, letter, mailing};
use reqwest::Method;
use serde_json::{Value, json};

everywhere!(
    a_browser_key_only_sends,
    a_browser_key_stays_one_for_good,
    a_server_key_is_not_for_pages,
);

const ORIGIN: &str = "https://app.example.com";

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn browser_key(server: &Server) -> Value {
    server
        .new_key(json!({ "origins": [ORIGIN], "senders": ["@example.com"] }))
        .await
}

async fn a_browser_key_only_sends(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", "a-token-of-the-administrator")
        .start()
        .await;
    let key = browser_key(&server).await;
    let page = server.with_key(text(&key["api_key"])).origin(ORIGIN);
    let data = page.mail(&letter("ann@example.org")).await.data(200);
    page.mail(&mailing(2)).await.only_fault("recipients");
    let asynchronous = page.clone().with("prefer", "respond-async");
    asynchronous.mail(&mailing(1)).await.data(202);
    let id = text(&data["id"]);
    for path in [
        "/v1/mail".to_owned(),
        format!("/v1/mail/{id}"),
        format!("/v1/mail/{id}/recipients"),
    ] {
        page.get(&path).await.error(403, "authorization_error");
    }
    let cancel = format!("/v1/mail/{id}/cancel");
    page.request(Method::POST, &cancel)
        .await
        .error(403, "authorization_error");
    let resend = format!("/v1/mail/{id}/resend");
    let answer = page.post(&resend, &json!({ "status": "failed" })).await;
    answer.error(403, "authorization_error");
    let reschedule = format!("/v1/mail/{id}/reschedule");
    let answer = page
        .post(&reschedule, &json!({ "send_at": in_seconds(60) }))
        .await;
    answer.error(403, "authorization_error");
    let answer = page
        .post("/v1/mail?dry_run=true", &letter("ann@example.org"))
        .await;
    answer.error(403, "authorization_error");
    let answer = page.get("/v1/mail?idempotency_key=one");
    answer.await.error(403, "authorization_error");
    page.get("/v1/api-key")
        .await
        .error(401, "authentication_error");
}

async fn a_browser_key_stays_one_for_good(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = browser_key(&server).await;
    let path = format!("/v1/api-key/{}", text(&key["id"]));
    let removal = format!("{path}/origins?origin={ORIGIN}");
    let data = management.delete(&removal).await.data(200);
    assert_eq!(data["origins"], json!([]));
    let rotated = management
        .post(&format!("{path}/rotate"), &json!({ "grace_seconds": 600 }))
        .await
        .data(200);
    for secret in [&key, &rotated] {
        let caller = server.with_key(text(&secret["api_key"]));
        let body = letter("ann@example.org");
        caller.mail(&body).await.error(403, "authorization_error");
        let page = caller.clone().origin(ORIGIN);
        page.mail(&body).await.error(403, "authorization_error");
        let own = caller.clone().origin(server.url());
        own.mail(&body).await.error(403, "authorization_error");
        caller
            .get("/v1/mail")
            .await
            .error(403, "authorization_error");
    }
    assert_eq!(server.mailbox().total().await, 0);
}

async fn a_server_key_is_not_for_pages(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org");
    for origin in [
        ORIGIN,
        "null",
        "http://127.0.0.1:1",
        "https://127.0.0.1",
        "nonsense",
    ] {
        let page = sender.clone().origin(origin);
        page.mail(&body).await.error(403, "authorization_error");
        page.get("/v1/mail").await.error(403, "authorization_error");
    }
    let own = sender.origin(server.url());
    own.mail(&body.with("email_id", 1)).await.data(200);
    own.get("/v1/mail").await.items();
}
