//! What a person sees, in headless Chromium. The scripts in `e2e/browser` do the looking; their
//! modules are those of its lock file (`npm ci --prefix e2e/browser`).

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// More than a script allows itself, so that its own message comes first.
const LIMIT: Duration = Duration::from_mins(3);

async fn passes(script: &str) {
    let server = e2e::Server::embedded().await;
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let run = Command::new("node")
        .arg(directory.join(script))
        .arg(server.url())
        .kill_on_drop(true)
        .output();
    let output = timeout(LIMIT, run)
        .await
        .unwrap_or_else(|_| panic!("{script} did not end within {LIMIT:?}"))
        .expect("node starts");
    assert!(
        output.status.success(),
        "{script} failed ({status}):\n{stdout}{stderr}",
        status = output.status,
        stdout = String::from_utf8_lossy(&output.stdout),
        stderr = String::from_utf8_lossy(&output.stderr),
    );
}

#[tokio::test]
async fn the_mailbox_shows_what_was_captured() {
    passes("mailbox.mjs").await;
}

#[tokio::test]
async fn a_captured_mail_cannot_act() {
    passes("sandbox.mjs").await;
}

#[tokio::test]
async fn a_mail_sent_from_swagger_ui_appears_in_the_mailbox() {
    passes("swagger.mjs").await;
}
