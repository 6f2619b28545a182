//! Resources of another key do not exist for a caller.

use e2e::{Database, Server, everywhere, letter, mailing};
use reqwest::Method;
use serde_json::json;

everywhere!(
    another_keys_mailings_are_not_found,
    management_sees_every_keys_mailings,
);

async fn another_keys_mailings_are_not_found(database: Database) {
    let server = Server::on(&database).start().await;
    let (ann, bob) = (server.sender().await, server.sender().await);
    let data = ann.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    assert!(bob.get("/v1/mail").await.items().is_empty());
    assert_eq!(ann.get("/v1/mail").await.items().len(), 1);
    let path = format!("/v1/mail/{id}");
    let unknown = format!("/v1/mail/{}", uuid::Uuid::now_v7());
    let theirs = bob.get(&path).await.error(404, "not_found");
    let none = bob.get(&unknown).await.error(404, "not_found");
    assert_eq!(
        theirs["message"], none["message"],
        "nothing tells that it exists"
    );
    let answer = bob.get(&format!("{path}/recipients")).await;
    answer.error(404, "not_found");
    let answer = bob.request(Method::POST, &format!("{path}/cancel")).await;
    answer.error(404, "not_found");
    let body = json!({ "status": "failed" });
    let answer = bob.post(&format!("{path}/resend"), &body).await;
    answer.error(404, "not_found");
    ann.get(&path).await.data(200);
}

async fn management_sees_every_keys_mailings(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", "a-token-of-the-administrator")
        .start()
        .await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let sender = server.sender().await;
        let data = sender.mail(&letter("ann@example.org")).await.data(200);
        ids.insert(0, data["id"].clone());
        assert_eq!(sender.get("/v1/mail").await.items().len(), 1);
    }
    let items = server.management().get("/v1/mail").await.items();
    let found: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(found, ids);
    for id in ids {
        let path = format!("/v1/mail/{}/recipients", id.as_str().expect("an id"));
        assert_eq!(server.management().get(&path).await.items().len(), 1);
    }
}
