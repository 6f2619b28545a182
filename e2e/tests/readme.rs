//! The README's first mail, executed as printed.

use e2e::printed::printed;
use e2e::{Server, eventually};
use tokio::process::Command;

const README: &str = include_str!("../../README.md");
const HEADING: &str = "A first mail in a minute";
const ADDRESS: &str = "http://127.0.0.1:8000";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_mail_works_as_printed() {
    let server = Server::embedded().await;
    // One script, as if the blocks were copied into one shell.
    let script = printed(README, HEADING, "sh");
    assert!(script.contains(ADDRESS), "{script}");

    let run = Command::new("bash")
        .args(["-euo", "pipefail", "-c"])
        .arg(script.replace(ADDRESS, server.url()))
        .output()
        .await
        .expect("bash runs");
    let shown = String::from_utf8_lossy(&run.stdout);
    let complaints = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{shown}\n{complaints}");
    assert!(shown.contains("Email sent successfully"), "{shown}");
    assert!(shown.contains("\"counts\""), "{shown}");

    let mailbox = server.mailbox();
    let first = mailbox.only_to("ada@example.com").await;
    assert_eq!(first.subject(), "My first mail");
    assert_eq!(first.text(), "Hello Ada!");
    eventually("the mailing has gone", || async {
        match mailbox.total().await {
            5 => Ok(()),
            other => Err(other),
        }
    })
    .await;
    let one_of_many = mailbox.only_to("grace@example.com").await;
    assert_eq!(one_of_many.subject(), "Grace, see you on Tuesday");
}
