//! A client in another language, generated from the same description.

use std::fs;

use e2e::program::passes;
use e2e::{Server, eventually};
use tempfile::TempDir;
use tokio::process::Command;

use crate::project::of_repository;

/// Returns a folder with the Python client that is generated from the description, as `mmms`.
async fn python_client() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let python = of_repository(".cache/python/bin");
    // The generator formats its output with a program in the same folder.
    let path = std::env::var("PATH").expect("a PATH");
    let mut generate = Command::new(python.join("openapi-python-client"));
    generate
        .args(["generate", "--meta", "none", "--fail-on-warning", "--path"])
        .arg(of_repository("openapi.yaml"))
        .arg("--output-path")
        .arg(folder.path().join("mmms"))
        .env("PATH", format!("{}:{path}", python.display()))
        .current_dir(folder.path());
    passes(generate).await;
    folder
}

fn script_with(client: &TempDir, script: &str) -> Command {
    let mut command = Command::new(of_repository(".cache/python/bin/python"));
    command
        .arg(of_repository("e2e/client").join(script))
        .env("PYTHONPATH", client.path());
    command
}

#[tokio::test]
async fn a_generated_python_client_sends() {
    let client = python_client().await;
    let server = Server::embedded().await;
    let mut send = script_with(&client, "send.py");
    send.arg(server.url());
    passes(send).await;
    let mailbox = server.mailbox();
    eventually("all three have gone", || async {
        match mailbox.total().await {
            3 => Ok(()),
            other => Err(other),
        }
    })
    .await;
    let letter = mailbox.only_to("guido@example.com").await;
    assert_eq!(letter.subject(), "From Python");
}

#[tokio::test]
async fn a_generated_python_client_takes_what_only_a_later_version_answers() {
    let client = python_client().await;
    let mut read = script_with(&client, "newer.py");
    read.arg(of_repository("openapi.yaml"));
    passes(read).await;
}

#[tokio::test]
async fn a_generated_python_client_has_names_that_can_be_read() {
    let client = python_client().await;
    let models = fs::read_to_string(client.path().join("mmms/models/__init__.py"))
        .expect("the generated models");
    for name in ["SentMailResponse", "MailingPage", "RecipientStatusFilter"] {
        assert!(models.contains(&format!("\"{name}\"")), "{name}");
    }
    // The names that the generator invents for schemas without a name end in one of these.
    for made_up in ["Type0", "Type1", "Type2", "Item"] {
        let found = models.contains(&format!("{made_up}\""));
        assert!(
            !found,
            "a schema has no name of its own: {made_up}\n{models}"
        );
    }
}
