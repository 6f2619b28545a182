//! Pages of mailings, of recipients and of keys.

use e2e::answer::{is_time, keys};
use e2e::letter::addressed;
use e2e::smtp::{Phase, Reaction, refuses};
use e2e::{Caller, Database, Server, SmtpServer, With, eventually, everywhere, letter, mailing};
use reqwest::Method;
use serde_json::{Value, json};

everywhere!(
    mailings_are_listed_newest_first_in_pages,
    a_cursor_keeps_its_place_while_mailings_come_in,
    a_mailing_shows_its_scalars_and_never_its_body,
    recipients_are_filtered_by_status,
    recipients_come_in_pages,
    keys_come_in_pages,
    a_page_holds_fifty_unless_told_otherwise,
    mailings_are_filtered_by_key,
    mailings_are_filtered_by_whether_they_have_ended,
);

/// Returns the values of a field over all pages, and the number of pages.
async fn pages(caller: &Caller, path: &str, field: &str) -> (Vec<Value>, usize) {
    let mut found = Vec::new();
    let mut next = path.to_owned();
    for count in 1.. {
        let answer = caller.get(&next).await;
        found.extend(answer.items().iter().map(|item| item[field].clone()));
        match answer.next() {
            Some(cursor) => next = format!("{path}&after={cursor}"),
            None => return (found, count),
        }
    }
    unreachable!("pages end")
}

async fn send(sender: &Caller, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(sender.mail(&letter("ann@example.org")).await.data(200)["id"].clone());
    }
    ids
}

async fn mailings_are_listed_newest_first_in_pages(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let empty = sender.get("/v1/mail").await;
    assert!(empty.items().is_empty() && empty.next().is_none());
    let mut ids = send(&sender, 5).await;
    ids.reverse();
    assert_eq!(
        pages(&sender, "/v1/mail?limit=2", "id").await,
        (ids.clone(), 3)
    );
    assert_eq!(
        pages(&sender, "/v1/mail?limit=5", "id").await,
        (ids.clone(), 1)
    );
    assert_eq!(
        pages(&sender, "/v1/mail?limit=100", "id").await,
        (ids.clone(), 1)
    );
    let filtered = "/v1/mail?limit=1&email_id=none";
    assert_eq!(pages(&sender, filtered, "id").await, (Vec::new(), 1));
}

async fn a_cursor_keeps_its_place_while_mailings_come_in(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let ids = send(&sender, 4).await;
    let first = sender.get("/v1/mail?limit=2").await;
    send(&sender, 2).await;
    let cursor = first.next().expect("there is more");
    let second = sender
        .get(&format!("/v1/mail?limit=2&after={cursor}"))
        .await;
    let second: Vec<_> = second
        .items()
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(second, [ids[1].clone(), ids[0].clone()]);
}

async fn a_mailing_shows_its_scalars_and_never_its_body(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org")
        .with("sender_organisation_name", "Example Ltd")
        .with("subject", "Hello {{name}}")
        .with("html_template", "<p>in the body</p>")
        .with("text_template", "in the body")
        .with("email_id", "e-1")
        .with("projectId", 4);
    let data = sender.mail(&body).await.data(200);
    let id = data["id"].as_str().expect("an id");
    let one = sender.get(&format!("/v1/mail/{id}")).await.data(200);
    let listed = sender.get("/v1/mail").await.items();
    assert_eq!(listed, std::slice::from_ref(&one));
    assert!(
        is_time(&one["created_at"]) && is_time(&one["expires_at"]),
        "{one}"
    );
    let counts = &one["counts"];
    let states = [
        "bounced",
        "cancelled",
        "complained",
        "delivered",
        "failed",
        "queued",
        "sending",
        "sent",
        "suppressed",
        "unconfirmed",
    ];
    assert_eq!(keys(counts), states);
    assert_eq!(counts["sent"], 1);
    let expected = json!({
        "id": id,
        "api_key_id": server.management().get("/v1/api-key").await.items()[0]["id"],
        "sender_email": "news@example.com",
        "sender_name": "Example News",
        "sender_organisation_name": "Example Ltd",
        "subject": "Hello {{name}}",
        "client_env_id": null,
        "email_id": "e-1",
        "emailRecipientId": null,
        "projectId": 4,
        "closureId": null,
        "created_at": one["created_at"],
        "send_at": null,
        "expires_at": one["expires_at"],
        "list": null,
        "counts": counts,
    });
    assert_eq!(one, expected);
}

async fn recipients_are_filtered_by_status(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(refuses("recipient-1@example.org"));
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(4)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    for (status, expected) in [
        ("sent", vec![json!(0), json!(2), json!(3)]),
        ("failed", vec![json!(1)]),
        ("queued", vec![]),
        ("sending", vec![]),
        ("unconfirmed", vec![]),
        ("cancelled", vec![]),
        ("delivered", vec![]),
    ] {
        let path = format!("/v1/mail/{id}/recipients?limit=2&status={status}");
        let (found, _) = pages(&sender, &path, "index").await;
        assert_eq!(found, expected, "{status}");
    }
    for bad in ["SENT", "opened", "x", "%00"] {
        let answer = sender
            .get(&format!("/v1/mail/{id}/recipients?status={bad}"))
            .await;
        answer.only_fault("status");
    }
}

async fn recipients_come_in_pages(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(25)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let path = format!("/v1/mail/{id}/recipients?limit=10");
    let expected: Vec<_> = (0..25).map(|index| json!(index)).collect();
    assert_eq!(pages(&sender, &path, "index").await, (expected, 3));
}

async fn keys_come_in_pages(database: Database) {
    let server = Server::on(&database).start().await;
    let mut ids = Vec::new();
    for index in 0..5 {
        let key = server
            .new_key(json!({ "name": format!("key {index}") }))
            .await;
        ids.push(key["id"].clone());
    }
    let management = server.management();
    let (mut found, pages) = pages(&management, "/v1/api-key?limit=2", "id").await;
    assert_eq!(pages, 3);
    if found.first() != ids.first() {
        found.reverse();
    }
    assert_eq!(found, ids);
}

async fn a_page_holds_fifty_unless_told_otherwise(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let entry = |index: usize| json!({ "mail": format!("r{index}@example.org") });
    let body = addressed(&(0..101).map(entry).collect());
    let data = sender.mail(&body).await.data(202);
    let path = format!(
        "/v1/mail/{}/recipients",
        data["id"].as_str().expect("an id")
    );
    assert_eq!(sender.get(&path).await.items().len(), 50);
    let most = sender.get(&format!("{path}?limit=100")).await;
    assert_eq!(most.items().len(), 100);
    assert!(most.next().is_some());
}

async fn mailings_are_filtered_by_key(database: Database) {
    let server = Server::on(&database).start().await;
    let (ann, bob) = (server.sender().await, server.sender().await);
    send(&ann, 2).await;
    let theirs = send(&bob, 1).await;
    let all = server.management().get("/v1/mail").await.items();
    let key = |index: usize| all[index]["api_key_id"].as_str().expect("an id");
    assert_eq!(key(1), key(2));
    assert_ne!(key(0), key(1));
    let of_bob = format!("/v1/mail?limit=1&api_key_id={}", key(0));
    let of_ann = format!("/v1/mail?limit=1&api_key_id={}", key(1));
    let management = server.management();
    assert_eq!(pages(&management, &of_bob, "id").await, (theirs.clone(), 1));
    assert_eq!(pages(&management, &of_ann, "id").await.1, 2);
    assert_eq!(pages(&bob, &of_bob, "id").await, (theirs, 1));
    let nothing = bob.get(&of_ann).await.items();
    assert!(nothing.is_empty(), "another key's mail is listed");
    for bad in ["x", "%00", ""] {
        let answer = management.get(&format!("/v1/mail?api_key_id={bad}")).await;
        answer.only_fault("api_key_id");
    }
}

async fn mailings_are_filtered_by_whether_they_have_ended(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(|step| match (step.phase, step.recipient) {
        (Phase::Recipient, "recipient-1@example.org") => Reaction::Reply("451 4.3.0 later"),
        _ => Reaction::Continue,
    });
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    let ended = send(&sender, 2).await;
    let open = sender.mail(&mailing(3)).await.data(202)["id"].clone();
    smtp.accepts(4).await;
    let path = "/v1/mail?limit=100&open=true";
    assert_eq!(pages(&sender, path, "id").await, (vec![open.clone()], 1));
    let mut found = pages(&sender, "/v1/mail?limit=1&open=false", "id").await;
    found.0.reverse();
    assert_eq!(found, (ended, 2));
    let cancel = format!("/v1/mail/{}/cancel", open.as_str().expect("an id"));
    eventually("what waits is cancelled", || async {
        sender.request(Method::POST, &cancel).await.data(200);
        let left = sender.get(path).await.items();
        if left.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;
    for bad in ["yes", "1", "%00", ""] {
        let answer = sender.get(&format!("/v1/mail?open={bad}")).await;
        answer.only_fault("open");
    }
}
