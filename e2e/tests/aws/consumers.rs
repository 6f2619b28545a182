//! The examples that read the result queue, as the back end of a company does.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use e2e::letter::addressed;
use e2e::{Service, With, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

fn of_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

async fn line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(std::time::Duration::from_mins(1), lines.next_line()).await;
    line.expect("a line in time")
        .expect("a line")
        .expect("the program runs")
}

/// Runs a reader beside the service, and asserts what it says of mail, of messages that come again or late, and of a
/// status that it does not know.
async fn reads(mut reader: Command) {
    let service = Service::start().await;
    let queue = &service.cloud.queues.results;
    let mut reader = reader
        .env("RESULT_QUEUE_URL", queue.url())
        .envs(service.cloud.account.variables())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the reader starts");
    let mut lines = BufReader::new(reader.stdout.take().expect("its output")).lines();
    let recipients = json!([{"mail": "ann@example.net"}]);
    let body = addressed(&recipients).with("email_id", json!("spring"));
    let data = service.sender().await.mail(&body).await.data(200);
    assert_eq!(line(&mut lines).await, "spring to recipient 0 accepted");

    let told = |sequence: u64, status: &str| -> String {
        let result: Value = json!({
            "event_id": format!("event-{sequence}"), "id": data["id"], "index": 0, "email_id": "spring",
            "sequence": sequence, "status": status,
        });
        result.to_string()
    };
    queue.send(&told(3, "delivered")).await;
    assert_eq!(line(&mut lines).await, "spring to recipient 0 arrived");
    for (sequence, status) in [(3, "delivered"), (2, "bounced"), (4, "opened")] {
        queue.send(&told(sequence, status)).await;
    }
    assert_eq!(line(&mut lines).await, "spring to recipient 0 is opened");
    eventually("every message is deleted", || async {
        match queue.length().await {
            0 => Ok(()),
            left => Err(left),
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_in_python_keeps_the_newest_result() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut python = Command::new(of_repository(".cache/python/bin/python"));
    python
        .arg(of_repository("client/examples/results/consumer.py"))
        .env("RESULT_DATABASE", folder.path().join("results.db"));
    reads(python).await;
}

#[tokio::test]
async fn a_reader_in_node_keeps_the_newest_result() {
    let folder = TempDir::new().expect("a temporary folder");
    let script = folder.path().join("consumer.mjs");
    std::fs::copy(
        of_repository("client/examples/results/consumer.mjs"),
        &script,
    )
    .expect("a copy");
    let modules = of_repository("e2e/browser/node_modules");
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).expect("a link");
    let mut node = Command::new("node");
    node.arg(&script);
    reads(node).await;
}
