//! The package on a server, in front of which is a gateway with faults.

use e2e::Server;
use e2e::program::{passes, run};
use serde_json::json;

use crate::project::{Project, reference};

#[tokio::test]
async fn a_server_sends_once_through_whatever_happens_on_the_way() {
    let project = Project::new().await;
    project.copy("e2e/client/reliable.mjs");
    project.copy("e2e/client/gateway.mjs");
    let server = Server::embedded().await;
    let mut node = project.command("node");
    node.arg("reliable.mjs").arg(server.url());
    passes(node).await;
}

#[tokio::test]
async fn a_mailing_shows_its_progress_and_goes_out_once() {
    const READERS: usize = 300;
    let project = Project::new().await;
    project.copy("client/examples/newsletter.mjs");
    let lines = (0..READERS).map(|at| format!("reader{at}@example.com, Reader {at}\n"));
    project.write("recipients.csv", &lines.collect::<String>());

    let server = Server::embedded().await;
    let key = server.new_key(json!({ "name": "newsletter" })).await;
    let send = || {
        let mut node = project.command("node");
        node.args(["newsletter.mjs", "recipients.csv"])
            .env("MMMS_URL", server.url())
            .env("MMMS_API_KEY", key["api_key"].as_str().expect("a key"));
        node
    };
    for _ in 0..2 {
        let shown = passes(send()).await;
        let full = format!("\r[{}] {READERS}/{READERS}\n", "#".repeat(30));
        assert!(shown.contains(&full), "{shown}");
        assert!(shown.ends_with(&format!("\nsent: {READERS}\n")), "{shown}");
    }
    assert_eq!(
        server.mailbox().total().await,
        300,
        "the second run sends nothing"
    );

    project.write("recipients.csv", "no address\n");
    let refused = run(send()).await;
    let complaints = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{complaints}");
    assert!(complaints.contains("validation_error"), "{complaints}");
    assert!(complaints.contains("recipients.0.mail"), "{complaints}");
}

#[tokio::test]
async fn the_class_sends_and_gives_every_error_as_a_result() {
    let project = Project::new().await;
    project.copy("e2e/client/mmms_send.mjs");
    project.copy("e2e/client/gateway.mjs");
    let server = Server::embedded().await;
    let mut node = project.command("node");
    node.arg("mmms_send.mjs").arg(server.url());
    passes(node).await;
}

#[tokio::test]
async fn the_class_reads_lists_page_by_page_and_manages_mailings() {
    let project = Project::new().await;
    project.copy("e2e/client/mmms_read.mjs");
    project.copy("e2e/client/gateway.mjs");
    let server = Server::embedded().await;
    let mut node = project.command("node");
    node.arg("mmms_read.mjs").arg(server.url()).arg(reference());
    passes(node).await;
}
