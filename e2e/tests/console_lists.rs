//! The console's pages of rates, suppressions and webhooks in headless Chromium. Screenshots are stored in
//! `target/screenshots/console`.

use e2e::letter::addressed;
use e2e::program::console_passes as passes;
use e2e::receiver::{Receiver, status};
use e2e::{Database, Server, SmtpServer, letter};
use serde_json::{Value, json};

const TOKEN: &str = "a-token-of-the-administrator";

#[tokio::test]
async fn suppressed_addresses_are_added_found_imported_and_removed() {
    let server = Server::embedded().await;
    passes("suppressions.mjs", &[server.url()]).await;
}

#[tokio::test]
async fn mail_is_found_and_one_message_tells_its_story() {
    let server = Server::embedded().await;
    passes("message.mjs", &[server.url()]).await;
}

#[tokio::test]
async fn webhooks_are_made_tested_replayed_rotated_and_deleted() {
    let server = Server::embedded().await;
    let (good, failing, gone) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    failing.answers(|_, _| status(500));
    gone.answers(|_, _| status(410));
    let urls = [good.url(), failing.url(), gone.url()];
    let [good_url, failing_url, gone_url] = urls.each_ref().map(String::as_str);
    passes(
        "webhooks.mjs",
        &[server.url(), good_url, failing_url, gone_url],
    )
    .await;
}

#[tokio::test]
async fn the_pages_of_lists_are_for_everybody() {
    let server = Server::embedded().await;
    let receiver = Receiver::start().await;
    receiver.answers(|_, _| status(503));
    passes("looks_of_lists.mjs", &[server.url(), &receiver.url()]).await;
}

#[tokio::test]
async fn rates_that_nobody_reports_are_not_said_to_be_zero() {
    let smtp = SmtpServer::start().await;
    let transport = smtp.transport();
    let variables = [("MAIL_TRANSPORT", &*transport), ("ADMIN_TOKEN", TOKEN)];
    let server = Server::start_with(&variables).await;
    let sender = server.sender().await;
    passes("rates.mjs", &[server.url(), TOKEN, "Nothing was sent"]).await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    passes("rates.mjs", &[server.url(), TOKEN, "SMTP reports nothing"]).await;
    let captured = Server::embedded().await;
    let sender = captured.sender().await;
    let bounce = "bounce@simulator.amazonses.com";
    sender.mail(&letter(bounce)).await.data(200);
    let says = "The mailbox reports only on test addresses";
    passes("rates.mjs", &[captured.url(), "", says]).await;
}

#[tokio::test]
async fn rates_are_told_beside_those_at_which_ses_acts() {
    let database = Database::sqlite();
    let server = Server::on(&database).start().await;
    for (name, count) in [("newsletter", 990), ("contact form", 10)] {
        let key = server.new_key(json!({ "name": name })).await;
        let sender = server.with_key(key["api_key"].as_str().expect("a key"));
        let to: Value = (0..count)
            .map(|at| json!({ "mail": format!("reader{at}@example.org") }))
            .collect();
        let data = sender.mail(&addressed(&to)).await.data(202);
        server.settled(data["id"].as_str().expect("an id")).await;
    }
    // What SES would have reported of the mail of the first key.
    let hour = "SELECT (MIN(ended_at) / 3600000) * 3600000 FROM recipient";
    database
        .execute(&format!(
            "INSERT INTO hour_of_key (start, api_key_id, sent, delivered, bounced, complained, suppressed) \
             SELECT ({hour}), id, 0, 930, 62, 1, 0 FROM api_key WHERE name = 'newsletter'"
        ))
        .await;
    passes("rates.mjs", &[server.url(), "", "reported"]).await;
}
