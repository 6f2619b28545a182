//! Messages of webhooks: verified, and received by the examples.

use e2e::program::passes;
use e2e::webhook_example::receives;
use tokio::process::Command;

use crate::project::{Project, of_repository, reference};

#[tokio::test]
async fn a_webhook_is_verified_as_by_the_reference_implementation() {
    let project = Project::new().await;
    project.copy("e2e/client/webhook.mjs");
    let mut node = project.command("node");
    node.arg("webhook.mjs").arg(reference());
    passes(node).await;
}

#[tokio::test]
async fn a_receiver_in_node_takes_events() {
    let project = Project::new().await;
    project.copy("client/examples/webhook/receiver.mjs");
    let mut node = project.command("node");
    node.arg("receiver.mjs");
    receives(node, "/").await;
}

#[tokio::test]
async fn a_receiver_in_python_takes_events() {
    let mut python = Command::new(of_repository(".cache/python/bin/python"));
    python.arg(of_repository("client/examples/webhook/receiver.py"));
    receives(python, "/").await;
}
