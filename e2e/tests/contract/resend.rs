//! `POST /v1/mail/{id}/resend`: only by the caller's request, and only the recipients that the caller names.

use e2e::answer::{is_time, keys};
use e2e::letter::recipient;
use e2e::smtp::{Phase, Reaction};
use e2e::{Database, Server, SmtpServer, With, everywhere, mailing};
use serde_json::json;

everywhere!(
    what_failed_is_sent_again_on_request,
    what_is_unconfirmed_is_sent_again_on_request_only,
    a_resend_names_what_it_means,
    a_replay_answers_the_same_after_a_resend,
);

/// The fate of three recipients: the first is refused, the second unknown, the third sent.
fn three_fates(step: &e2e::smtp::Step) -> Reaction {
    match (step.phase, step.recipient) {
        (Phase::Recipient, "recipient-0@example.org") => Reaction::Reply("550 5.1.1 no"),
        (Phase::End, "recipient-1@example.org") => Reaction::AcceptAndClose,
        _ => Reaction::Continue,
    }
}

/// Sends a mailing to three recipients with those fates, waits for its end, and lets the server accept everything
/// afterwards.
async fn settled(server: &Server, smtp: &SmtpServer) -> (e2e::Caller, String) {
    smtp.script(three_fates);
    let sender = server.sender().await;
    let body = mailing(3).with("email_id", "e-3");
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id").to_owned();
    let counts = server.settled(&id).await;
    let expected = json!({
        "queued": 0, "sending": 0, "sent": 1, "failed": 1, "unconfirmed": 1, "cancelled": 0,
        "suppressed": 0, "delivered": 0, "bounced": 0, "complained": 0
    });
    assert_eq!(counts, expected);
    smtp.script(|_| Reaction::Continue);
    (sender, id)
}

async fn start(database: &Database, smtp: &SmtpServer) -> Server {
    Server::through(smtp, database)
        .env("SWEEP_SECONDS", "1")
        .start()
        .await
}

async fn what_failed_is_sent_again_on_request(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = start(&database, &smtp).await;
    let (sender, id) = settled(&server, &smtp).await;
    let path = format!("/v1/mail/{id}/resend");
    let data = sender
        .post(&path, &json!({ "status": "failed" }))
        .await
        .data(202);
    assert_eq!(
        keys(&data),
        ["accepted", "email_id", "id", "queued_at", "status"]
    );
    assert_eq!(data["id"], id.as_str());
    assert_eq!(data["email_id"], "e-3");
    assert_eq!(data["status"], "queued");
    assert_eq!(data["accepted"], 1);
    assert!(is_time(&data["queued_at"]), "{data}");
    let counts = server.settled(&id).await;
    assert_eq!(
        (&counts["sent"], &counts["unconfirmed"]),
        (&json!(2), &json!(1))
    );
    let tally = smtp.tally();
    for index in 0..3 {
        assert_eq!(tally[&recipient(index)], 1, "{tally:?}");
    }
    let again = &server.recipients(&id).await[0];
    assert_eq!(again["status"], "sent", "{again}");
    assert!(
        again["status_detail"].is_null() && again["last_error"].is_null(),
        "{again}"
    );
}

async fn what_is_unconfirmed_is_sent_again_on_request_only(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = start(&database, &smtp).await;
    let (sender, id) = settled(&server, &smtp).await;
    assert_eq!(smtp.to(&recipient(1)).len(), 1);
    let path = format!("/v1/mail/{id}/resend");
    let data = sender
        .post(&path, &json!({ "status": "unconfirmed" }))
        .await
        .data(202);
    assert_eq!(data["accepted"], 1);
    let counts = server.settled(&id).await;
    assert_eq!((&counts["sent"], &counts["failed"]), (&json!(2), &json!(1)));
    assert_eq!(smtp.to(&recipient(1)).len(), 2, "the caller decided so");
    assert_eq!(smtp.to(&recipient(2)).len(), 1);
}

async fn a_resend_names_what_it_means(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = start(&database, &smtp).await;
    let (sender, id) = settled(&server, &smtp).await;
    let path = format!("/v1/mail/{id}/resend");
    for bad in [json!({}), json!({ "status": null })] {
        sender.post(&path, &bad).await.only_fault("status");
    }
    for bad in ["sent", "queued", "cancelled", "sending", "", "FAILED"] {
        let answer = sender.post(&path, &json!({ "status": bad })).await;
        answer.only_fault("status");
    }
    let unknown = json!({ "status": "failed", "to": "x" });
    sender.post(&path, &unknown).await.only_fault("to");
    assert_eq!(smtp.count(), 2);
}

async fn a_replay_answers_the_same_after_a_resend(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(three_fates);
    let server = start(&database, &smtp).await;
    let sender = server
        .sender()
        .await
        .idempotency_key("later")
        .with("prefer", "respond-async");
    let body = mailing(1);
    let first = sender.mail(&body).await.data(202);
    let id = first["id"].as_str().expect("an id");
    assert_eq!(server.settled(id).await["failed"], 1);
    smtp.script(|_| Reaction::Continue);
    let path = format!("/v1/mail/{id}/resend");
    let resend = json!({ "status": "failed" });
    sender.post(&path, &resend).await.data(202);
    assert_eq!(server.settled(id).await["sent"], 1);
    assert_eq!(sender.mail(&body).await.data(202), first);
}
