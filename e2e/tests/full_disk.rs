//! `SQLite` and the mailbox on a disk that is full, and later has room again: accepted mail is not lost, and no mail is
//! sent twice.

use std::collections::HashMap;
use std::time::Duration;

use e2e::{Answer, Caller, Database, Server, SmallDisk, With, eventually, letter, mailing};
use futures_util::future::join_all;
use serde_json::Value;

const MEGABYTES: usize = 24;
const LARGE: usize = 5_000;
const SHORTEST_LEASE: &str = "2";

/// Starts a server whose database and mailbox are on a disk of their own.
async fn on_a_small_disk(database: &Database) -> (SmallDisk, Server) {
    let disk = SmallDisk::over(database.folder(), MEGABYTES);
    let server = Server::on(database)
        .env("LEASE_SECONDS", SHORTEST_LEASE)
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    (disk, server)
}

fn id(answer: &Answer, status: u16) -> String {
    answer.data(status)["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Returns whether another process sees the mailing in the file.
async fn in_the_file(database: &Database, id: &str) -> bool {
    let id = id.replace('-', "");
    let query = format!("SELECT COUNT(*) FROM mailing WHERE hex(id) = upper('{id}')");
    database.count(&query).await == 1
}

/// Asserts that a single mail and a mailing are accepted, and stored in the file.
async fn takes_mail(database: &Database, sender: &Caller) -> [String; 2] {
    let single = eventually("a single mail is sent", || async {
        let answer = sender.mail(&letter("single@example.net")).await;
        if answer.status == 503 {
            return Err(answer.text());
        }
        Ok(id(&answer, 200))
    })
    .await;
    let several = id(&sender.mail(&mailing(20)).await, 202);
    for id in [&single, &several] {
        assert!(in_the_file(database, id).await, "{id} is not in the file");
    }
    [single, several]
}

/// Returns the number of captured mails for each address.
async fn captured(server: &Server) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for message in server.mailbox().messages().await {
        let to = message["to"][0]["mail"].as_str().expect("an address");
        *times.entry(to.to_owned()).or_default() += 1;
    }
    times
}

/// Asserts that the ledger agrees with the mailbox, and that no address has two mails.
async fn agrees_with_the_mailbox(server: &Server, mailings: &[String]) {
    let captured = captured(server).await;
    for (to, times) in &captured {
        assert_eq!(*times, 1, "{to} is in the mailbox {times} times");
    }
    for id in mailings {
        for recipient in server.recipients(id).await {
            let to = recipient["recipient"].as_str().expect("an address");
            match recipient["status"].as_str() {
                Some("sent") => assert!(captured.contains_key(to), "{to} is sent and not there"),
                Some("unconfirmed") => {}
                _ => assert!(!captured.contains_key(to), "{to} is there: {recipient}"),
            }
        }
    }
}

fn is_refused(answer: &Answer) {
    answer.error(503, "service_unavailable");
}

async fn survives_refusals(refused_under_a_key: bool, kill: bool) {
    let database = Database::sqlite();
    let (disk, mut server) = on_a_small_disk(&database).await;
    let sender = server.sender().await;
    let waiting = id(
        &sender.mail(&mailing(3).with("subject", "Before")).await,
        202,
    );
    server.settled(&waiting).await;
    disk.fill();
    is_refused(&sender.mail(&mailing(LARGE)).await);
    if refused_under_a_key {
        let again = sender.clone().idempotency_key("the same");
        let (again, body) = (&again, &mailing(LARGE));
        let answers = join_all((0..6).map(|_| async move { again.mail(body).await }));
        for answer in answers.await {
            is_refused(&answer);
        }
    } else {
        is_refused(&sender.mail(&mailing(LARGE)).await);
    }
    eventually("readiness notices", || async {
        let ready = server.anonymous().get("/v1/ready").await;
        if ready.status == 503 {
            Ok(())
        } else {
            Err(ready.status)
        }
    })
    .await;
    disk.make_room();
    let taken = takes_mail(&database, &sender).await;
    let ready = server.anonymous().get("/v1/ready").await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    for id in &taken {
        server.settled(id).await;
    }
    if kill {
        server.kill().await;
    } else {
        server.stop().await;
    }
    server.start().await;
    assert_eq!(server.mailing(&taken[1]).await["counts"]["sent"], 20);
    let mailings: Vec<String> = taken.into_iter().chain([waiting]).collect();
    // The first mailing and the second have recipients with the same addresses.
    let counts = captured(&server).await;
    assert_eq!(counts["single@example.net"], 1);
    for index in 3..20 {
        assert_eq!(counts[&e2e::letter::recipient(index)], 1, "{index}");
    }
    for id in &mailings {
        server.mailing(id).await;
    }
}

#[tokio::test]
async fn after_refused_mailings_and_sigterm_what_was_answered_is_there() {
    survives_refusals(false, false).await;
}

#[tokio::test]
async fn after_refused_mailings_and_sigkill_what_was_answered_is_there() {
    survives_refusals(false, true).await;
}

#[tokio::test]
async fn after_equal_refused_requests_and_sigterm_what_was_answered_is_there() {
    survives_refusals(true, false).await;
}

#[tokio::test]
async fn after_equal_refused_requests_and_sigkill_what_was_answered_is_there() {
    survives_refusals(true, true).await;
}

/// The ledger cannot record the outcome of a mail that the mailbox has just captured.
async fn goes_on_after_the_disk_was_full(kill: bool) {
    let database = Database::sqlite();
    let (disk, mut server) = on_a_small_disk(&database).await;
    let sender = server.sender().await;
    let text = "x".repeat(20_000);
    let large = id(
        &sender.mail(&mailing(400).with("text_template", text)).await,
        202,
    );
    eventually("some are sent", || async {
        let counts = server.mailing(&large).await["counts"].clone();
        if counts["sent"].as_u64() >= Some(20) {
            Ok(())
        } else {
            Err(counts)
        }
    })
    .await;
    disk.fill();
    // While the disk is full, requests are answered 200, 202 or 503: every mail that was answered 2xx must be sent
    // later.
    let mut answered: Vec<(String, String)> = Vec::new();
    for index in 0..40 {
        let to = format!("single-{index}@example.net");
        let answer = sender.mail(&letter(&to)).await;
        match answer.status {
            200 | 202 => answered.push((id(&answer, answer.status), to)),
            _ => is_refused(&answer),
        }
    }
    if kill {
        server.kill().await;
        disk.make_room();
    } else {
        disk.make_room();
        server.stop().await;
    }
    server.start().await;
    server.settled_within(Duration::from_mins(2), &large).await;
    let mut mailings = vec![large];
    for (id, to) in answered {
        server.settled(&id).await;
        let recipient: Value = server.recipients(&id).await.swap_remove(0);
        assert_eq!(recipient["recipient"], to.as_str());
        mailings.push(id);
    }
    agrees_with_the_mailbox(&server, &mailings).await;
}

#[tokio::test]
async fn a_mailing_under_way_when_the_disk_is_full_goes_on_after_sigterm() {
    goes_on_after_the_disk_was_full(false).await;
}

#[tokio::test]
async fn a_mailing_under_way_when_the_disk_is_full_goes_on_after_sigkill() {
    goes_on_after_the_disk_was_full(true).await;
}
