//! The pages in headless Chromium. The scripts in `e2e/browser` do the checks, with the modules of its lock file (`npm
//! ci --prefix e2e/browser`).

use e2e::Server;
use e2e::program::{self, browser_script};

async fn passes(script: &str) {
    passes_with(script, &[]).await;
}

async fn passes_with(script: &str, variables: &[(&str, &str)]) {
    let server = Server::start_with(variables).await;
    let mut run = browser_script(script);
    run.arg(server.url());
    program::passes(run).await;
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

#[tokio::test]
async fn a_recipient_unsubscribes_without_a_script() {
    passes_with(
        "unsubscribe.mjs",
        &[("PUBLIC_URL", "https://mail.example.com")],
    )
    .await;
}
