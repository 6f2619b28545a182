//! `POST /v1/api-key/{api_key}/rotate`: a new secret for the same key.

use e2e::answer::keys;
use e2e::{Database, Server, eventually, everywhere, letter};
use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::FIELDS;

everywhere!(
    the_new_secret_opens_the_same_key,
    the_old_secret_ends_at_once_or_after_its_grace,
    a_grace_is_0_to_30_days,
    revoking_ends_every_secret,
);

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn the_new_secret_opens_the_same_key(database: Database) {
    let server = Server::on(&database).start().await;
    let body = json!({ "name": "shop", "senders": ["@example.com"] });
    let key = server.new_key(body).await;
    let old = server.with_key(text(&key["api_key"]));
    let sent = old.mail(&letter("ann@example.org")).await.data(200);
    let path = format!("/v1/api-key/{}/rotate", text(&key["api_key"]));
    // The body may be omitted.
    let rotated = server
        .management()
        .request(Method::POST, &path)
        .await
        .data(200);
    assert_eq!(keys(&rotated), FIELDS);
    assert_ne!(rotated["api_key"], key["api_key"]);
    for field in FIELDS.into_iter().filter(|field| *field != "api_key") {
        assert_eq!(rotated[field], key[field], "{field}");
    }
    let new = server.with_key(text(&rotated["api_key"]));
    let items = new.get("/v1/mail").await.items();
    assert_eq!(items[0]["id"], sent["id"]);
    assert_eq!(
        server.management().get("/v1/api-key").await.items().len(),
        1
    );
}

async fn the_old_secret_ends_at_once_or_after_its_grace(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let first = server.new_key(json!({})).await;
    let path = format!("/v1/api-key/{}/rotate", text(&first["id"]));
    let second = management
        .post(&path, &json!({ "grace_seconds": 0 }))
        .await
        .data(200);
    let old = server.with_key(text(&first["api_key"]));
    old.get("/v1/mail").await.error(401, "authentication_error");

    let third = management
        .post(&path, &json!({ "grace_seconds": 3 }))
        .await
        .data(200);
    let old = server.with_key(text(&second["api_key"]));
    old.get("/v1/mail").await.items();
    eventually("the grace ends", || async {
        let status = old.get("/v1/mail").await.status;
        if status == 401 { Ok(()) } else { Err(status) }
    })
    .await;
    server
        .with_key(text(&third["api_key"]))
        .get("/v1/mail")
        .await
        .items();
}

async fn a_grace_is_0_to_30_days(database: Database) {
    let server = Server::on(&database).start().await;
    let key = server.new_key(json!({})).await;
    let path = format!("/v1/api-key/{}/rotate", text(&key["id"]));
    let management = server.management();
    for bad in [
        json!(-1),
        json!(2_592_001),
        json!(1.5),
        json!("60"),
        json!(true),
    ] {
        let answer = management
            .post(&path, &json!({ "grace_seconds": bad }))
            .await;
        answer.only_fault("grace_seconds");
    }
    server
        .with_key(text(&key["api_key"]))
        .get("/v1/mail")
        .await
        .items();
    for good in [json!(2_592_000), json!(null)] {
        let answer = management
            .post(&path, &json!({ "grace_seconds": good }))
            .await;
        answer.data(200);
    }
}

async fn revoking_ends_every_secret(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = server.new_key(json!({})).await;
    let path = format!("/v1/api-key/{}", text(&key["id"]));
    let rotate = format!("{path}/rotate");
    let rotated = management
        .post(&rotate, &json!({ "grace_seconds": 600 }))
        .await
        .data(200);
    management.delete(&path).await.data(200);
    for secret in [&key, &rotated] {
        let caller = server.with_key(text(&secret["api_key"]));
        caller
            .get("/v1/mail")
            .await
            .error(401, "authentication_error");
    }
}
