//! The test addresses of the mailbox: each status can be seen without a mail system.

use e2e::{Caller, Database, Server, With, eventually, letter, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

on_both_databases!(
    each_address_brings_its_status,
    a_simulated_bounce_suppresses_nobody,
    each_recipient_of_a_mailing_has_its_own_end,
);

const SES: &str = "simulator.amazonses.com";
const OWN: &str = "simulator.mmms.test";

/// Waits until the only recipient of a mailing has this status, and returns it.
async fn ends(server: &Server, id: &str, status: &str) -> Value {
    eventually(status, async || {
        let recipient = server.recipients(id).await.remove(0);
        if recipient["status"] == status {
            Ok(recipient)
        } else {
            Err(recipient)
        }
    })
    .await
}

/// Returns the statuses that the feed shows for a mailing.
async fn told(caller: &Caller, id: &str, number: usize) -> Vec<Value> {
    eventually("the events are shown", async || {
        let page = caller.request(Method::GET, "/v1/events?limit=100").await;
        let events = page.data(200)["items"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let events = events.into_iter().filter(|event| event["id"] == id);
        let statuses: Vec<Value> = events.map(|event| event["status"].clone()).collect();
        if statuses.len() == number {
            Ok(statuses)
        } else {
            Err(statuses)
        }
    })
    .await
}

async fn each_address_brings_its_status(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for (local, domain, answered, status, events) in [
        ("success", SES, 200, "delivered", vec!["sent", "delivered"]),
        ("bounce+label", SES, 200, "bounced", vec!["sent", "bounced"]),
        (
            "complaint",
            SES,
            200,
            "complained",
            vec!["sent", "delivered", "complained"],
        ),
        ("ooto", SES, 200, "delivered", vec!["sent", "delivered"]),
        (
            "suppressionlist",
            SES,
            200,
            "suppressed",
            vec!["sent", "suppressed"],
        ),
        (
            "delayed",
            OWN,
            200,
            "delivered",
            vec!["sent", "delayed", "delivered"],
        ),
        ("refused", OWN, 422, "failed", vec!["failed"]),
        ("unconfirmed", OWN, 202, "unconfirmed", vec!["unconfirmed"]),
        ("deferred", OWN, 202, "delivered", vec!["sent", "delivered"]),
    ] {
        let body = letter(&format!("{local}@{domain}")).with("email_id", local);
        let answer = sender.mail(&body).await;
        let id = match answered {
            422 => {
                let refused = answer.error(422, "send_rejected");
                let details = refused["details"].as_str().expect("the mailing").to_owned();
                let id = details.rsplit(' ').next().expect("an id");
                id.trim_end_matches(')').to_owned()
            }
            status => answer.data(status)["id"]
                .as_str()
                .expect("an id")
                .to_owned(),
        };
        let recipient = ends(&server, &id, status).await;
        if status == "bounced" {
            assert_eq!(recipient["status_detail"], "bounce_permanent");
        }
        if local == "deferred" {
            assert_eq!(recipient["attempts"], 3);
        }
        assert_eq!(told(&sender, &id, events.len()).await, events, "{local}");
    }
}

async fn a_simulated_bounce_suppresses_nobody(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for _ in 0..2 {
        let data = sender
            .mail(&letter(&format!("bounce@{SES}")))
            .await
            .data(200);
        ends(&server, data["id"].as_str().expect("an id"), "bounced").await;
    }
    let management = server.management();
    let listed = management.request(Method::GET, "/v1/suppressions").await;
    assert_eq!(listed.data(200)["items"], json!([]));
}

async fn each_recipient_of_a_mailing_has_its_own_end(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let recipients: Vec<Value> = ["success", "bounce", "complaint"]
        .map(|local| json!({"mail": format!("{local}@{SES}")}))
        .into_iter()
        .chain([json!({"mail": "ann@example.org"})])
        .collect();
    let body = letter("x@example.org").with("recipients", recipients);
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    eventually("each has its own end", async || {
        let counts = server.mailing(id).await["counts"].clone();
        let ends = ["delivered", "bounced", "complained", "sent"];
        if ends.iter().all(|end| counts[end] == 1) {
            Ok(())
        } else {
            Err(counts)
        }
    })
    .await;
}
