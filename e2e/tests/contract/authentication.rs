//! Authentication by API keys.

use e2e::{Caller, Database, Server, everywhere, letter};
use serde_json::json;

everywhere!(
    only_a_live_key_may_send,
    unknown_malformed_and_revoked_keys_answer_alike,
    who_is_asking_is_settled_before_what_is_asked,
);

const TOKEN: &str = "a-token-of-the-administrator";

async fn start(database: &Database) -> Server {
    Server::on(database).env("ADMIN_TOKEN", TOKEN).start().await
}

async fn only_a_live_key_may_send(database: Database) {
    let server = start(&database).await;
    let body = letter("ann@example.org");
    let nobody = server.anonymous();
    nobody.mail(&body).await.error(401, "authentication_error");
    nobody
        .get("/v1/mail")
        .await
        .error(401, "authentication_error");
    let answer = server.management().mail(&body).await;
    answer.error(401, "authentication_error");
    server.sender().await.mail(&body).await.data(200);
    assert_eq!(server.mailbox().total().await, 1);
}

async fn unknown_malformed_and_revoked_keys_answer_alike(database: Database) {
    let server = start(&database).await;
    let key = server.new_key(json!({})).await;
    let revoked = key["api_key"].as_str().expect("a key").to_owned();
    server
        .management()
        .delete(&format!("/v1/api-key/{revoked}"))
        .await
        .data(200);
    let mut unknown = revoked.clone();
    let last = unknown.pop().expect("a key is long");
    unknown.push(if last == 'a' { 'b' } else { 'a' });
    let id = key["id"].as_str().expect("an id");
    let mut bodies = Vec::new();
    for bad in [
        &revoked,
        unknown.as_str(),
        "x",
        "",
        id,
        "%00",
        &"k".repeat(5_000),
    ] {
        let answer = server.with_key(bad).mail(&letter("ann@example.org")).await;
        let mut body = answer.error(401, "authentication_error");
        body["request_id"] = json!(null);
        bodies.push(body);
    }
    for body in &bodies {
        assert_eq!(body, &bodies[0]);
    }
}

async fn who_is_asking_is_settled_before_what_is_asked(database: Database) {
    let server = start(&database).await;
    let stranger = server.with_key("nobody's key at all");
    let answer = stranger
        .post_bytes("/v1/mail", "application/json", "{")
        .await;
    answer.error(401, "authentication_error");
    stranger
        .mail(&letter("no address"))
        .await
        .error(401, "authentication_error");
    stranger
        .get("/v1/mail?limit=0")
        .await
        .error(401, "authentication_error");
    stranger
        .get("/v1/mail/nonsense")
        .await
        .error(401, "authentication_error");
    let management: Caller = server.anonymous().bearer("wrong");
    let answer = management
        .post_bytes("/v1/api-key", "application/json", "{")
        .await;
    answer.error(401, "authentication_error");
    let answer = management.delete("/v1/api-key/nonsense").await;
    answer.error(401, "authentication_error");
}
