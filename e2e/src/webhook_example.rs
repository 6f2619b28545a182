//! An example of a receiver of webhooks, as a reader starts it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::letter::letter;
use crate::server::Server;
use crate::waiting::eventually;

const LIMIT: Duration = Duration::from_mins(1);

/// Starts an example that receives at this path, and asserts that it takes what is signed with its secret, and nothing
/// else. It prints `listening on` with its port, and then the type of each message.
pub async fn receives(mut example: Command, path: &str) {
    let server = Server::embedded().await;
    // The secret is known before the address is: the address is changed afterwards.
    let body = json!({ "url": "https://example.com/" });
    let created = server
        .management()
        .post("/v1/webhooks", &body)
        .await
        .data(201);
    let secret = created["secret"].as_str().expect("a secret");
    let mut receiver = example
        .env("WEBHOOK_SECRET", secret)
        .env("PORT", "0")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the example starts");
    let output = receiver.stdout.take().expect("stdout is piped");
    let mut lines = BufReader::new(output).lines();
    let mut line = async || {
        let line = timeout(LIMIT, lines.next_line()).await;
        line.expect("a line in time")
            .expect("stdout can be read")
            .expect("the example runs")
    };
    let listening = line().await;
    let port = listening.strip_prefix("listening on ").expect("the port");
    let address = json!({ "url": format!("http://127.0.0.1:{port}{path}") });
    let webhook = format!("/v1/webhooks/{}", created["id"].as_str().expect("an id"));
    server
        .management()
        .patch(&webhook, &address)
        .await
        .data(200);
    let test = format!("{webhook}/test");
    server.management().post(&test, &json!({})).await.data(202);
    assert_eq!(line().await, "ping");
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    assert_eq!(line().await, "mail.sent");

    let other = server
        .management()
        .post("/v1/webhooks", &address)
        .await
        .data(201);
    let webhook = format!("/v1/webhooks/{}", other["id"].as_str().expect("an id"));
    server
        .management()
        .post(&format!("{webhook}/test"), &json!({}))
        .await
        .data(202);
    eventually("what another webhook signs is refused", || async {
        let history = server
            .management()
            .get(&format!("{webhook}/deliveries"))
            .await
            .items();
        match &history[0] {
            entry if entry["http_status"] == 400 => Ok(()),
            _ => Err(history),
        }
    })
    .await;
}
