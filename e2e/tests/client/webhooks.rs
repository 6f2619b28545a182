//! Messages of webhooks: verified, and received by the examples.

use std::process::Stdio;
use std::time::Duration;

use e2e::program::passes;
use e2e::{Server, eventually, letter};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::project::{Project, of_repository, reference};

const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_webhook_is_verified_as_by_the_reference_implementation() {
    let project = Project::new().await;
    project.copy("e2e/client/webhook.mjs");
    let mut node = project.command("node");
    node.arg("webhook.mjs").arg(reference());
    passes(node).await;
}

/// Starts an example of a receiver, and asserts that it takes what is signed with its secret, and nothing else.
async fn receives(mut example: Command) {
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
    let path = format!("/v1/webhooks/{}", created["id"].as_str().expect("an id"));
    let moved = json!({ "url": format!("http://127.0.0.1:{port}/") });
    server.management().patch(&path, &moved).await.data(200);
    let test = format!("{path}/test");
    server.management().post(&test, &json!({})).await.data(202);
    assert_eq!(line().await, "ping");
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    assert_eq!(line().await, "mail.sent");

    let stranger = json!({ "url": format!("http://127.0.0.1:{port}/") });
    let other = server
        .management()
        .post("/v1/webhooks", &stranger)
        .await
        .data(201);
    let path = format!("/v1/webhooks/{}", other["id"].as_str().expect("an id"));
    server
        .management()
        .post(&format!("{path}/test"), &json!({}))
        .await
        .data(202);
    eventually("what another webhook signs is refused", || async {
        let history = server
            .management()
            .get(&format!("{path}/deliveries"))
            .await
            .items();
        match &history[0] {
            entry if entry["http_status"] == 400 => Ok(()),
            _ => Err(history),
        }
    })
    .await;
}

#[tokio::test]
async fn a_receiver_in_node_takes_events() {
    let project = Project::new().await;
    project.copy("client/examples/webhook/receiver.mjs");
    let mut node = project.command("node");
    node.arg("receiver.mjs");
    receives(node).await;
}

#[tokio::test]
async fn a_receiver_in_python_takes_events() {
    let mut python = Command::new(of_repository(".cache/python/bin/python"));
    python.arg(of_repository("client/examples/webhook/receiver.py"));
    receives(python).await;
}
