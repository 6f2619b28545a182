//! `POST /v1/mail/{id}/cancel`.

use e2e::answer::keys;
use e2e::{Caller, Database, Server, SmtpServer, eventually, everywhere, mailing};
use reqwest::Method;
use serde_json::Value;

everywhere!(
    what_is_still_queued_is_cancelled_and_never_sent,
    what_has_ended_stays_as_it_is,
);

/// Cancels until no recipient of the mailing is queued or being sent, and returns the number of cancelled ones.
async fn cancel_all(caller: &Caller, server: &Server, id: &str) -> u64 {
    let path = format!("/v1/mail/{id}/cancel");
    let mut cancelled = 0;
    loop {
        let data = caller.request(Method::POST, &path).await.data(200);
        assert_eq!(keys(&data), ["cancelled", "id"]);
        assert_eq!(data["id"], id);
        cancelled += data["cancelled"].as_u64().expect("a number");
        let counts: Value = server.mailing(id).await["counts"].clone();
        if counts["queued"] == 0 && counts["sending"] == 0 {
            return cancelled;
        }
    }
}

async fn what_is_still_queued_is_cancelled_and_never_sent(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.set_open(false).await;
    let server = Server::through(&smtp, &database)
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let sender = server.sender().await;
    let cancelled = sender.mail(&mailing(5)).await.data(202);
    let cancelled = cancelled["id"].as_str().expect("an id");
    let kept = sender
        .mail(&e2e::letter("kept@example.org"))
        .await
        .data(202);
    assert_eq!(cancel_all(&sender, &server, cancelled).await, 5);
    for recipient in server.recipients(cancelled).await {
        assert_eq!(recipient["status"], "cancelled", "{recipient}");
        assert!(recipient["sent_at"].is_null(), "{recipient}");
    }
    smtp.set_open(true).await;
    let counts = server.settled(kept["id"].as_str().expect("an id")).await;
    assert_eq!(counts["sent"], 1, "{counts}");
    assert_eq!(smtp.count(), 1, "{:?}", smtp.tally());
    let counts = server.mailing(cancelled).await["counts"].clone();
    assert_eq!(counts["cancelled"], 5, "{counts}");
}

async fn what_has_ended_stays_as_it_is(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(3)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    assert_eq!(cancel_all(&sender, &server, id).await, 0);
    assert_eq!(server.mailing(id).await["counts"]["sent"], 3);
}

#[tokio::test]
async fn management_can_cancel_too() {
    let server = Server::start_with(&[
        ("MAIL_TRANSPORT", "smtp://127.0.0.1:1"),
        ("ADMIN_TOKEN", "a-token-of-the-administrator"),
    ])
    .await;
    let data = server.sender().await.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let cancelled = eventually("everything is cancelled", || async {
        let cancelled = cancel_all(&server.management(), &server, id).await;
        if cancelled == 2 {
            Ok(cancelled)
        } else {
            Err(cancelled)
        }
    })
    .await;
    assert_eq!(cancelled, 2);
}
