//! The rules of `Idempotency-Key`, one by one. Races are tested in `idempotency`.

use e2e::smtp::{Phase, Reaction, always};
use e2e::times::in_seconds;
use e2e::{Database, Server, SmtpServer, With, eventually, everywhere, letter, mailing};
use serde_json::json;

everywhere!(
    the_same_request_is_answered_again_and_sent_once,
    a_queued_mailing_is_answered_again_too,
    an_answer_is_given_again_after_expires_at,
    another_body_is_a_conflict,
    another_preference_is_another_request,
    each_api_key_has_its_own,
    a_rotated_key_keeps_them,
    a_fault_is_not_kept,
    a_refusal_is_kept,
    a_key_has_1_to_255_characters,
    a_mailing_is_found_by_its_key,
);

const REPLAYED: &str = "idempotency-replayed";

async fn the_same_request_is_answered_again_and_sent_once(database: Database) {
    let mut server = Server::on(&database).start().await;
    let key = server.new_key(json!({})).await;
    let key = key["api_key"].as_str().expect("a key");
    let body = letter("ann@example.org").with("email_id", "e-1");
    let sender = server.with_key(key).idempotency_key("one");
    let first = sender.mail(&body).await;
    first.data(200);
    assert_eq!(first.header(REPLAYED), None);
    let second = sender.mail(&body).await;
    assert_eq!(second.header(REPLAYED), Some("true"));
    assert_eq!(second.data(200), first.data(200));
    assert_ne!(second.header("x-request-id"), first.header("x-request-id"));

    server.crash().await;
    let third = server
        .with_key(key)
        .idempotency_key("one")
        .mail(&body)
        .await;
    assert_eq!(third.header(REPLAYED), Some("true"));
    assert_eq!(third.data(200), first.data(200));
    assert_eq!(server.mailbox().total().await, 1);
    assert_eq!(server.with_key(key).get("/v1/mail").await.items().len(), 1);
}

async fn a_queued_mailing_is_answered_again_too(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("many");
    let first = sender.mail(&mailing(20)).await.data(202);
    server.settled(first["id"].as_str().expect("an id")).await;
    let second = sender.mail(&mailing(20)).await;
    assert_eq!(second.header(REPLAYED), Some("true"));
    assert_eq!(second.data(202), first);
    assert_eq!(server.mailbox().total().await, 20);
}

async fn an_answer_is_given_again_after_expires_at(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org").with("expires_at", in_seconds(8));
    let keyed = sender.clone().idempotency_key("one");
    let first = keyed.mail(&body).await;
    first.data(200);
    eventually("the request is refused without its key", || async {
        let answer = sender.mail(&body).await;
        if answer.status == 400 {
            Ok(())
        } else {
            Err(answer.text())
        }
    })
    .await;
    let second = keyed.mail(&body).await;
    assert_eq!(second.header(REPLAYED), Some("true"));
    assert_eq!(second.data(200), first.data(200));
}

async fn another_body_is_a_conflict(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("one");
    sender.mail(&letter("ann@example.org")).await.data(200);
    // Also one that would be refused without the key.
    for recipient in ["bob@example.org", "nobody"] {
        let other = sender.mail(&letter(recipient)).await;
        other.error(409, "idempotency_conflict");
    }
    // The same JSON in other bytes is another request.
    let spaced = format!("{} ", letter("ann@example.org"));
    let other = sender
        .post_bytes("/v1/mail", "application/json", spaced)
        .await;
    other.error(409, "idempotency_conflict");
    assert_eq!(server.mailbox().total().await, 1);
}

async fn another_preference_is_another_request(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("one");
    sender.mail(&letter("ann@example.org")).await.data(200);
    let queued = sender.with("prefer", "respond-async");
    let answer = queued.mail(&letter("ann@example.org")).await;
    answer.error(409, "idempotency_conflict");
    assert_eq!(server.mailbox().total().await, 1);
}

async fn each_api_key_has_its_own(database: Database) {
    let server = Server::on(&database).start().await;
    for address in ["ann@example.org", "bob@example.org"] {
        let sender = server.sender().await.idempotency_key("one");
        let answer = sender.mail(&letter(address)).await;
        answer.data(200);
        assert_eq!(answer.header(REPLAYED), None);
    }
    assert_eq!(server.mailbox().total().await, 2);
}

async fn a_rotated_key_keeps_them(database: Database) {
    let server = Server::on(&database).start().await;
    let key = server.new_key(json!({})).await;
    let body = letter("ann@example.org");
    let old = server.with_key(key["api_key"].as_str().expect("a key"));
    let first = old.idempotency_key("one").mail(&body).await.data(200);
    let rotate = format!("/v1/api-key/{}/rotate", key["id"].as_str().expect("an id"));
    let rotated = server
        .management()
        .post(&rotate, &json!({}))
        .await
        .data(200);
    let new = server.with_key(rotated["api_key"].as_str().expect("a key"));
    let second = new.idempotency_key("one").mail(&body).await;
    assert_eq!(second.header(REPLAYED), Some("true"));
    assert_eq!(second.data(200), first);
    assert_eq!(server.mailbox().total().await, 1);
}

async fn a_fault_is_not_kept(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("one");
    let fault = sender.mail(&letter("nobody")).await;
    fault.only_fault("recipients.0.mail");
    let answer = sender.mail(&letter("ann@example.org")).await;
    answer.data(200);
    assert_eq!(answer.header(REPLAYED), None);
}

async fn a_refusal_is_kept(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(
        Phase::Recipient,
        Reaction::Reply("550 5.1.1 nobody of that name"),
    ));
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await.idempotency_key("one");
    let body = letter("ann@example.org");
    let first = sender.mail(&body).await;
    let first_error = first.error(422, "send_rejected");
    smtp.script(|_| Reaction::Continue);
    let second = sender.mail(&body).await;
    let second_error = second.error(422, "send_rejected");
    assert_eq!(second.header(REPLAYED), Some("true"));
    for part in ["message", "details", "errors"] {
        assert_eq!(first_error[part], second_error[part]);
    }
    assert_eq!(smtp.visits(Phase::Recipient, "ann@example.org"), 1);
    assert_eq!(smtp.count(), 0);
}

async fn a_key_has_1_to_255_characters(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org");
    for good in ["1".to_owned(), "k".repeat(255)] {
        let answer = sender.clone().idempotency_key(&good).mail(&body).await;
        answer.data(200);
    }
    for bad in [String::new(), "k".repeat(256)] {
        let answer = sender.clone().idempotency_key(&bad).mail(&body).await;
        let faults = answer.faults();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].eq_ignore_ascii_case("idempotency-key"),
            "{faults:?}"
        );
    }
}

async fn a_mailing_is_found_by_its_key(database: Database) {
    let server = Server::on(&database).start().await;
    let (one, other) = (server.sender().await, server.sender().await);
    let key = "order 4711/ü?".replace('ü', "&");
    let path = "/v1/mail?idempotency_key=order%204711/%26?";
    assert!(one.get(path).await.items().is_empty());
    let mut ids = Vec::new();
    for sender in [&one, &other] {
        let keyed = sender.clone().idempotency_key(&key);
        let data = keyed.mail(&letter("ann@example.org")).await.data(200);
        sender.mail(&letter("ann@example.org")).await.data(200);
        ids.insert(0, data["id"].clone());
    }
    let found = async |caller: &e2e::Caller, path: &str| {
        let answer = caller.get(path).await;
        let found: Vec<_> = answer.items().iter().map(|one| one["id"].clone()).collect();
        (found, answer.next())
    };
    assert_eq!(found(&one, path).await, (vec![ids[1].clone()], None));
    assert_eq!(found(&other, path).await, (vec![ids[0].clone()], None));
    let management = server.management();
    assert_eq!(found(&management, path).await, (ids.clone(), None));
    let first = found(&management, &format!("{path}&limit=1")).await;
    assert_eq!(first.0, ids[..1]);
    let next = format!("{path}&limit=1&after={}", first.1.expect("a cursor"));
    assert_eq!(found(&management, &next).await, (ids[1..].to_vec(), None));
    for none in ["order", "%C3%BC", "%00", "order%204711"] {
        let path = format!("/v1/mail?idempotency_key={none}");
        assert!(management.get(&path).await.items().is_empty(), "{none}");
    }
    for bad in [String::new(), "k".repeat(256)] {
        let answer = one.get(&format!("/v1/mail?idempotency_key={bad}")).await;
        answer.only_fault("idempotency_key");
    }
    if database.cloud().is_none() {
        database.age(std::time::Duration::from_hours(25)).await;
        assert!(one.get(path).await.items().is_empty());
    }
}
