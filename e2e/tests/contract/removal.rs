//! A mailing that ended longer ago than it is kept is gone, as if it had never been.

use std::time::Duration;

use e2e::{Database, Server, With, eventually, everywhere, letter, mailing};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

everywhere!(an_old_mailing_is_gone_as_if_it_had_never_been);

const DAY: Duration = Duration::from_hours(24);

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

async fn an_old_mailing_is_gone_as_if_it_had_never_been(database: Database) {
    let server = Server::on(&database)
        .env("SWEEP_SECONDS", "1")
        .env("RETENTION_DAYS", "5")
        .env("KEEP_DAYS", "10")
        .start()
        .await;
    let sender = server.sender().await;
    let many = text(&sender.mail(&mailing(3)).await.data(202)["id"]);
    server.settled(&many).await;
    let (once, body) = (
        sender.clone().idempotency_key("one"),
        letter("ann@example.org").with("cc", json!(["bob@example.org"])),
    );
    let single = text(&once.mail(&body).await.data(200)["id"]);
    database.all_ended().await;
    database.age(9 * DAY).await;
    let mut ids = Vec::new();
    for id in [many, single] {
        ids.push(database.made_earlier(&id, 9 * DAY).await);
    }
    // A sweep that began after the change has noted the end of each of these two.
    let mut later = Vec::new();
    for _ in 0..2 {
        later.push(text(
            &sender.mail(&letter("cid@example.org")).await.data(200)["id"],
        ));
        database.all_ended().await;
    }
    assert_eq!(server.mailing(&ids[0]).await["counts"]["sent"], 3, "kept");
    assert_eq!(server.mailing(&ids[1]).await["counts"]["sent"], 1, "kept");

    database.age(2 * DAY).await;
    let mut old = Vec::new();
    for id in ids {
        old.push(database.made_earlier(&id, 2 * DAY).await);
    }
    for id in &old {
        eventually("the mailing goes", || async {
            let answer = sender.get(&format!("/v1/mail/{id}")).await;
            if answer.status == 404 {
                Ok(())
            } else {
                Err(answer.text())
            }
        })
        .await;
    }
    let unknown = Uuid::now_v7().to_string();
    for id in old.iter().chain([&unknown]) {
        let path = |end: &str| format!("/v1/mail/{id}{end}");
        for answer in [
            sender.get(&path("")).await,
            sender.get(&path("/recipients")).await,
            sender.request(Method::POST, &path("/cancel")).await,
            sender
                .post(&path("/resend"), &json!({ "status": "failed" }))
                .await,
        ] {
            answer.error(404, "not_found");
        }
    }
    let listed: Vec<_> = sender.get("/v1/mail").await.items();
    let mut listed: Vec<_> = listed.iter().map(|item| text(&item["id"])).collect();
    listed.sort_unstable();
    assert_eq!(listed, later, "the later ones stay");
    for table in ["recipient", "correspondent", "attachment", "outbox"] {
        let rows = format!("SELECT COUNT(*) FROM {table}");
        let left = if table == "recipient" { 2 } else { 0 };
        assert_eq!(database.count(&rows).await, left, "{table}");
    }
    let counted = "SELECT CAST(SUM(sent) AS BIGINT) FROM hour";
    assert!(database.count(counted).await >= 4, "the statistics stay");

    let anew = once.mail(&body).await;
    anew.data(200);
    assert_eq!(anew.header("idempotency-replayed"), None);
}
