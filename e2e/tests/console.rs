//! The console, as a person uses it in headless Chromium. What each page looks like is kept in
//! `target/screenshots/console`.

use std::path::Path;
use std::time::Duration;

use e2e::Server;
use tokio::process::Command;
use tokio::time::timeout;

/// More than a script allows itself, so that its own message comes first.
const LIMIT: Duration = Duration::from_mins(3);
const TOKEN: &str = "a-token-of-the-administrator";

/// Runs a script with these arguments, and where it is to put its pictures as the last of them.
async fn passes(script: &str, arguments: &[&str]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new("node")
        .arg(folder.join("browser").join(script))
        .args(arguments)
        .arg(folder.join("../target/screenshots/console"))
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
async fn a_newcomer_needs_no_terminal() {
    // Slow enough for a bar of 1,000 to be seen filling.
    let server = Server::start_with(&[("MAX_SEND_RATE", "250")]).await;
    passes("console.mjs", &[server.url()]).await;
}

#[tokio::test]
async fn every_page_is_for_everybody() {
    // Slow enough for a mailing to run out of time.
    let server = Server::start_with(&[("MAX_SEND_RATE", "30"), ("SWEEP_SECONDS", "1")]).await;
    passes("looks.mjs", &[server.url()]).await;
}

#[tokio::test]
async fn the_admin_token_opens_the_console_for_a_session() {
    let server = Server::start_with(&[("ADMIN_TOKEN", TOKEN)]).await;
    passes("sign_in.mjs", &[server.url(), TOKEN]).await;
}
