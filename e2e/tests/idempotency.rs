//! Many requests with one `Idempotency-Key` lead to one mail, regardless of which request wins and which program dies.

use std::collections::HashMap;
use std::time::Duration;

use e2e::smtp::{Phase, Reaction, always};
use e2e::{Answer, Database, Server, SmtpServer, letter, mailing, on_both_databases};
use e2e::{eventually, waiting::within};
use serde_json::{Value, json};

on_both_databases!(
    two_hundred_requests_at_once_send_one_mail,
    two_hundred_requests_at_once_queue_one_mailing,
    while_the_first_is_running_the_others_are_told_to_come_back,
    after_the_first_died_with_the_mail_out_nothing_is_sent_again,
    after_the_first_died_before_the_mail_was_out_it_is_settled_all_the_same,
);

const REQUESTS: usize = 200;

async fn start(database: &Database, smtp: &SmtpServer) -> Server {
    Server::through(smtp, database)
        .env("LEASE_SECONDS", "9")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await
}

fn retry_after(answer: &Answer) -> u64 {
    answer.error(409, "idempotency_in_progress");
    let value = answer.header("retry-after").expect("when to come back");
    value.parse().expect("a number of seconds")
}

/// Returns the answers to the same request, sent many times at once, and once more afterwards.
async fn at_once(server: &Server, body: &Value) -> Vec<Answer> {
    let sender = server.sender().await.idempotency_key("the same");
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let (sender, body) = (sender.clone(), body.clone());
            tokio::spawn(async move { sender.mail(&body).await })
        })
        .collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.expect("an answer"));
    }
    answers.push(sender.mail(body).await);
    answers
}

/// Asserts that one answer is the first, and that the others are equal to it or ask for a retry.
fn one_first(answers: &[Answer], status: u16) -> Value {
    let (last, at_once) = answers.split_last().expect("answers");
    assert_eq!(last.header("idempotency-replayed"), Some("true"));
    let data = last.data(status);
    let mut firsts = 0;
    for answer in at_once {
        if answer.status == 409 {
            assert!(retry_after(answer) >= 1);
            continue;
        }
        assert_eq!(answer.data(status), data);
        firsts += usize::from(answer.header("idempotency-replayed").is_none());
    }
    assert_eq!(firsts, 1);
    data
}

async fn two_hundred_requests_at_once_send_one_mail(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(
        Phase::End,
        Reaction::Delay(Duration::from_millis(200)),
    ));
    let server = start(&database, &smtp).await;
    let answers = at_once(&server, &letter("ann@example.org")).await;
    let data = one_first(&answers, 200);
    assert_eq!(
        smtp.tally(),
        HashMap::from([("ann@example.org".to_owned(), 1)])
    );
    let items = server.management().get("/v1/mail").await.items();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["id"], data["id"]);
}

async fn two_hundred_requests_at_once_queue_one_mailing(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = start(&database, &smtp).await;
    let answers = at_once(&server, &mailing(50)).await;
    let data = one_first(&answers, 202);
    let counts = server.settled(data["id"].as_str().expect("an id")).await;
    assert_eq!(counts["sent"], 50, "{counts}");
    assert_eq!(smtp.count(), 50);
    assert_eq!(server.management().get("/v1/mail").await.items().len(), 1);
}

async fn while_the_first_is_running_the_others_are_told_to_come_back(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(Phase::End, Reaction::AcceptAndStall));
    let server = Server::through(&smtp, &database)
        .env("LEASE_SECONDS", "15")
        .start()
        .await;
    let sender = server.sender().await.idempotency_key("one");
    let body = letter("ann@example.org");
    let first = tokio::spawn({
        let (sender, body) = (sender.clone(), body.clone());
        async move { sender.mail(&body).await }
    });
    smtp.accepts(1).await;
    assert!(retry_after(&sender.mail(&body).await) >= 1);
    let other = sender.mail(&letter("bob@example.org")).await;
    other.error(409, "idempotency_conflict");
    let first = first.await.expect("an answer");
    assert_eq!(first.data(202)["status"], "unconfirmed");
    let second = sender.mail(&body).await;
    assert_eq!(second.data(202), first.data(202));
    assert_eq!(smtp.count(), 1);
}

/// Sends a mail, kills the server when the SMTP server is at this step with it, starts it again, and repeats the
/// request until there is an answer. Returns the statuses of the mail then and at its end.
async fn killed_at(database: &Database, phase: Phase, reaction: Reaction) -> (Value, SmtpServer) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(phase, reaction));
    let mut server = start(database, &smtp).await;
    let key = server.new_key(json!({})).await;
    let key = key["api_key"].as_str().expect("a key").to_owned();
    let body = letter("ann@example.org").to_string();
    let first = tokio::spawn({
        let sender = server.with_key(&key).idempotency_key("one");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        async move { sender.try_post("/v1/mail", &body).await }
    });
    eventually("the mail is on its way", || async {
        let recipient = if matches!(phase, Phase::Mail) {
            ""
        } else {
            "ann@example.org"
        };
        let visits = smtp.visits(phase, recipient);
        if visits > 0 { Ok(()) } else { Err(visits) }
    })
    .await;
    server.kill().await;
    let first = first.await.expect("the request ends");
    assert!(first.is_err(), "the first died before it answered");
    smtp.script(|_| Reaction::Continue);
    server.start().await;
    let sender = server.with_key(&key).idempotency_key("one");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let answer = within(Duration::from_secs(30), "the record answers", || async {
        let answer = sender.mail(&body).await;
        if answer.status == 409 {
            Err(retry_after(&answer))
        } else {
            Ok(answer)
        }
    })
    .await;
    let id = answer.json()["data"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    server.settled(&id).await;
    let recipients = server.recipients(&id).await;
    assert_eq!(recipients.len(), 1);
    let last = sender.mail(&body).await;
    assert_eq!(last.header("idempotency-replayed"), Some("true"));
    assert_eq!(last.json()["data"]["id"], id.as_str());
    assert_eq!(server.management().get("/v1/mail").await.items().len(), 1);
    assert!(smtp.count() <= 1, "{:?}", smtp.tally());
    assert!([200, 202].contains(&answer.status), "{}", answer.text());
    (recipients[0]["status"].clone(), smtp)
}

async fn after_the_first_died_with_the_mail_out_nothing_is_sent_again(database: Database) {
    let (status, smtp) = killed_at(&database, Phase::End, Reaction::AcceptAndStall).await;
    assert_eq!(smtp.count(), 1);
    assert_eq!(status, "unconfirmed", "its fate is unknown");
}

async fn after_the_first_died_before_the_mail_was_out_it_is_settled_all_the_same(
    database: Database,
) {
    let (status, smtp) = killed_at(&database, Phase::Mail, Reaction::Stall).await;
    assert_eq!(smtp.count(), 0);
    assert_eq!(status, "unconfirmed", "the call had begun");
}
