//! The console in headless Chromium, used as a person does. Screenshots of each page are stored in
//! `target/screenshots/console`.

use e2e::program::console_passes as passes;
use e2e::smtp::{Phase, Reaction};
use e2e::{Server, SmtpServer};

const TOKEN: &str = "a-token-of-the-administrator";

#[tokio::test]
async fn a_newcomer_needs_no_terminal() {
    // Slow enough to see the bar of 1,000 recipients fill.
    let server = Server::start_with(&[("MAX_SEND_RATE", "250")]).await;
    passes("console.mjs", &[server.url()]).await;
}

#[tokio::test]
async fn every_page_is_for_everybody() {
    // Slow enough for a mailing to expire.
    let server = Server::start_with(&[("MAX_SEND_RATE", "30"), ("SWEEP_SECONDS", "1")]).await;
    passes("looks.mjs", &[server.url()]).await;
}

#[tokio::test]
async fn what_a_page_says_is_so() {
    let smtp = SmtpServer::start().await;
    smtp.script(|step| {
        let domain = step.recipient.split('@').next_back().unwrap_or_default();
        match (step.phase, domain) {
            (Phase::Recipient, "late.example.com") => Reaction::Reply("451 4.7.1 Greylisted"),
            (Phase::Recipient, "no.example.com") => Reaction::Reply("550 5.1.1 No such user"),
            (Phase::End, "lost.example.com") => Reaction::AcceptAndClose,
            _ => Reaction::Continue,
        }
    });
    let transport = smtp.transport();
    let variables = [("MAIL_TRANSPORT", &*transport), ("ADMIN_TOKEN", TOKEN)];
    let server = Server::start_with(&variables).await;
    passes("truth.mjs", &[server.url(), TOKEN]).await;
}

#[tokio::test]
async fn the_admin_token_opens_the_console_for_a_session() {
    let server = Server::start_with(&[("ADMIN_TOKEN", TOKEN)]).await;
    passes("sign_in.mjs", &[server.url(), TOKEN]).await;
}
