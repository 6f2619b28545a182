//! Each event arrives, and is what the feed shows.

use std::collections::BTreeSet;

use e2e::{Database, Receiver, Server, eventually, mailing, on_both_databases};
use serde_json::json;

use crate::{all_sent, hook, hook_to, send, text};

on_both_databases!(
    an_event_arrives_signed_and_as_the_feed_shows_it,
    a_mailing_arrives_whole,
    only_what_is_wanted_arrives,
    a_ping_arrives,
    after_a_rotation_both_secrets_sign,
    events_are_sent_again_when_asked,
    a_worker_beside_the_api_sends_too,
);

async fn an_event_arrives_signed_and_as_the_feed_shows_it(database: Database) {
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&server, &receiver).await;
    let sender = server.sender().await;
    let id = send(&sender, "ann@example.org").await;
    let messages = receiver.received(1).await;
    let message = &messages[0];
    message.is_signed_with(&hook.secret);
    assert_eq!(message.header("content-type"), "application/json");
    assert!(message.header("user-agent").starts_with("MMMS/"));
    let shown = eventually("the feed shows the event", || async {
        let events = server.management().get("/v1/events").await.data(200);
        match &events["items"][0] {
            serde_json::Value::Null => Err(events),
            event => Ok(event.clone()),
        }
    })
    .await;
    let body = message.json();
    assert_eq!(
        body,
        json!({"type": "mail.sent", "timestamp": shown["occurred_at"], "data": shown})
    );
    assert_eq!(body["data"]["id"], json!(id));
    assert_eq!(body["data"]["event_id"], message.id());
    assert_eq!(body["data"]["recipient"], "ann@example.org");
    let tries = hook.tried(&server, 1).await;
    assert_eq!(tries[0]["event_id"], message.id());
    assert_eq!(tries[0]["event_type"], "mail.sent");
    assert_eq!(
        (&tries[0]["attempt"], &tries[0]["http_status"]),
        (&json!(1), &json!(204))
    );
    assert_eq!(receiver.messages().len(), 1, "it arrives once");
}

async fn a_mailing_arrives_whole(database: Database) {
    const RECIPIENTS: usize = 120;
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&server, &receiver).await;
    let sender = server.sender().await;
    sender.mail(&mailing(RECIPIENTS)).await.data(202);
    let messages = receiver.received(RECIPIENTS).await;
    let positions: BTreeSet<i64> = messages
        .iter()
        .map(|message| {
            message.is_signed_with(&hook.secret);
            message.json()["data"]["index"].as_i64().expect("a number")
        })
        .collect();
    assert_eq!(positions.len(), RECIPIENTS);
    all_sent(&server).await;
}

async fn only_what_is_wanted_arrives(database: Database) {
    let server = Server::on(&database).start().await;
    let (all, own, failed) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    let key = server.new_key(json!({})).await;
    hook_to(&server, &all).await;
    hook(&server, json!({"url": own.url(), "api_key_id": key["id"]})).await;
    hook(
        &server,
        json!({"url": failed.url(), "statuses": ["failed", "bounced"]}),
    )
    .await;
    send(&server.sender().await, "ann@example.org").await;
    let id = send(&server.with_key(&text(&key["api_key"])), "bob@example.org").await;
    all.received(2).await;
    assert_eq!(own.received(1).await[0].json()["data"]["id"], json!(id));
    all_sent(&server).await;
    assert_eq!((all.messages().len(), own.messages().len()), (2, 1));
    assert_eq!(failed.connections(), 0);
}

async fn a_ping_arrives(database: Database) {
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&server, &receiver).await;
    let test = hook.path("/test");
    let data = server.management().post(&test, &json!({})).await.data(202);
    let message = &receiver.received(1).await[0];
    message.is_signed_with(&hook.secret);
    assert_eq!(data["event_id"], message.id());
    let body = message.json();
    assert_eq!(body["type"], "ping");
    assert_eq!(body["data"], json!({"webhook_id": hook.id}));
    let tries = hook.tried(&server, 1).await;
    assert_eq!(
        (&tries[0]["event_type"], &tries[0]["http_status"]),
        (&json!("ping"), &json!(204))
    );
}

async fn after_a_rotation_both_secrets_sign(database: Database) {
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&server, &receiver).await;
    let rotate = hook.path("/rotate");
    let data = server
        .management()
        .post(&rotate, &json!({}))
        .await
        .data(200);
    let new = text(&data["secret"]);
    assert_ne!(new, hook.secret);
    assert!(e2e::answer::is_time(
        &data["webhook"]["previous_secret_until"]
    ));
    let sender = server.sender().await;
    send(&sender, "ann@example.org").await;
    let message = &receiver.received(1).await[0];
    message.is_signed_with(&new);
    message.is_signed_with(&hook.secret);
    let database = server.database();
    database
        .execute("UPDATE webhook SET previous_until = 1")
        .await;
    send(&sender, "bob@example.org").await;
    let message = &receiver.received(2).await[1];
    message.is_signed_with(&new);
    message.is_not_signed_with(&hook.secret);
}

async fn events_are_sent_again_when_asked(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    send(&sender, "before@example.org").await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&server, &receiver).await;
    send(&sender, "ann@example.org").await;
    let first = receiver.received(1).await.remove(0);
    let replay = hook.path("/replay");
    let management = server.management();
    let body = json!({"event_id": first.id()});
    hook.tried(&server, 1).await;
    management.post(&replay, &body).await.data(202);
    let again = receiver.received(2).await.remove(1);
    assert_eq!((again.id(), again.json()), (first.id(), first.json()));
    again.is_signed_with(&hook.secret);
    hook.tried(&server, 2).await;
    let body = json!({"since": "2026-01-01T00:00:00Z"});
    management.post(&replay, &body).await.data(202);
    let messages = receiver.received(4).await;
    let recipients: BTreeSet<String> = messages[2..]
        .iter()
        .map(|message| text(&message.json()["data"]["recipient"]))
        .collect();
    let expected = ["ann@example.org", "before@example.org"].map(str::to_owned);
    assert_eq!(recipients, expected.into());
    eventually("the replay ends", || async {
        match hook.get(&server).await {
            webhook if webhook["replaying"] == false => Ok(()),
            webhook => Err(webhook),
        }
    })
    .await;
}

/// Two processes send, and each event arrives once where none of them dies.
async fn a_worker_beside_the_api_sends_too(database: Database) {
    const RECIPIENTS: usize = 60;
    if !database.is_postgres() {
        return;
    }
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    hook_to(&server, &receiver).await;
    let worker = e2e::Worker::start(
        &database,
        &[
            ("DATABASE_URL", database.url()),
            ("MAIL_TRANSPORT", "mailbox"),
        ],
    )
    .await;
    server
        .sender()
        .await
        .mail(&mailing(RECIPIENTS))
        .await
        .data(202);
    receiver.received(RECIPIENTS).await;
    all_sent(&server).await;
    let ids: BTreeSet<String> = receiver
        .messages()
        .iter()
        .map(|message| message.id().to_owned())
        .collect();
    assert_eq!(
        (ids.len(), receiver.messages().len()),
        (RECIPIENTS, RECIPIENTS)
    );
    drop(worker);
}
