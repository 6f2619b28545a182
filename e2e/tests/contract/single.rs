//! A mail to one recipient is sent at once, and the answer tells its status.

use e2e::answer::{is_text, is_time, keys};
use e2e::{Database, Server, With, everywhere, letter};
use serde_json::json;

everywhere!(
    a_mail_to_one_is_answered_to_the_letter,
    the_answer_matches_what_was_sent,
    a_mail_to_one_is_queued_where_that_is_preferred,
    without_a_connection_a_mail_to_one_is_queued,
    null_is_the_same_as_absent,
    an_empty_template_is_none,
    a_key_in_the_wrong_header_is_said_to_be,
);

async fn a_mail_to_one_is_answered_to_the_letter(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("john@example.com")
        .with("email_id", "msg-123")
        .with("emailRecipientId", "recipient-123");
    let answer = sender.mail(&body).await;
    let data = answer.data(200);
    let body = answer.json();
    assert_eq!(body["message"], "Email sent successfully");
    assert_eq!(keys(&data), ["id", "message_id", "ses_response", "status"]);
    assert!(
        is_text(&data["id"]) && is_text(&data["message_id"]),
        "{data}"
    );
    assert_eq!(
        data["ses_response"],
        json!({ "MessageId": data["message_id"] })
    );
    let status = &data["status"];
    assert!(is_time(&status["sent_at"]), "{status}");
    assert_eq!(
        status,
        &json!({
            "email_id": "msg-123",
            "email_recipient_id": "recipient-123",
            "recipient": "john@example.com",
            "status": "sent",
            "message_id": data["message_id"],
            "status_detail": null,
            "last_error": null,
            "queued_at": null,
            "sent_at": status["sent_at"],
        })
    );
}

async fn the_answer_matches_what_was_sent(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("john@example.com")).await.data(200);
    let captured = server.mailbox().only_to("john@example.com").await;
    let message_id = captured.header("message-id");
    assert_eq!(
        message_id,
        [format!("<{}>", data["message_id"].as_str().expect("text"))]
    );
    assert_eq!(captured.subject(), "Hello");
    assert_eq!(captured.text(), "Good morning.");
    let parsed = captured.parsed();
    let from = parsed
        .from()
        .and_then(|from| from.first())
        .expect("a sender");
    assert_eq!(from.address(), Some("news@example.com"));
    assert_eq!(from.name(), Some("Example News"));
    assert!(data["status"]["email_id"].is_null(), "{data}");
    assert!(data["status"]["email_recipient_id"].is_null(), "{data}");
}

async fn a_mail_to_one_is_queued_where_that_is_preferred(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let sender = sender.with("prefer", "wait=10, Respond-Async; x=y");
    let body = letter("john@example.com").with("email_id", 7);
    let answer = sender.mail(&body).await;
    let data = answer.data(202);
    assert_eq!(answer.json()["message"], "Email queued");
    assert!(is_time(&data["queued_at"]), "{data}");
    assert_eq!(
        data,
        json!({
            "id": data["id"],
            "email_id": 7,
            "status": "queued",
            "accepted": 1,
            "queued_at": data["queued_at"],
        })
    );
    let id = data["id"].as_str().expect("an id");
    let counts = server.settled(id).await;
    assert_eq!(counts["sent"], 1, "{counts}");
    server.mailbox().only_to("john@example.com").await;
    let recipients = server.recipients(id).await;
    assert!(is_time(&recipients[0]["queued_at"]), "{recipients:?}");
}

async fn without_a_connection_a_mail_to_one_is_queued(database: Database) {
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", "smtp://127.0.0.1:1")
        .start()
        .await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("john@example.com")).await.data(202);
    assert_eq!(
        keys(&data),
        ["accepted", "email_id", "id", "queued_at", "status"]
    );
    assert_eq!(data["status"], "queued");
    assert_eq!(data["accepted"], 1);
    let mailing = server.mailing(data["id"].as_str().expect("an id")).await;
    let counts = &mailing["counts"];
    assert_eq!(counts["failed"], 0, "{counts}");
    assert_eq!(counts["unconfirmed"], 0, "{counts}");
}

async fn null_is_the_same_as_absent(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let mut body = letter("john@example.com");
    for optional in [
        "sender_organisation_name",
        "html_template",
        "reply_to",
        "cc",
        "bcc",
        "attachments",
        "headers",
        "tags",
        "expires_at",
        "client_env_id",
        "email_id",
        "emailRecipientId",
        "projectId",
        "closureId",
    ] {
        body[optional] = json!(null);
    }
    for optional in ["name", "company", "emailRecipientId", "variables"] {
        body["recipients"][0][optional] = json!(null);
    }
    sender.mail(&body).await.data(200);
    for required in ["recipients", "sender_email", "sender_name", "subject"] {
        let absent = sender.mail(&body.clone().without(required)).await;
        absent.only_fault(required);
        let null = sender.mail(&body.clone().with(required, json!(null))).await;
        null.only_fault(required);
    }
    body["recipients"][0]["mail"] = json!(null);
    sender.mail(&body).await.only_fault("recipients.0.mail");
}

async fn an_empty_template_is_none(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org").with("html_template", "");
    sender.mail(&body).await.data(200);
    let captured = server.mailbox().only_to("ann@example.org").await;
    assert_eq!(captured.text(), "Good morning.");
    let source = String::from_utf8_lossy(&captured.0).to_lowercase();
    assert!(!source.contains("text/html"), "{source}");
    let body = letter("ann@example.org")
        .with("html_template", "")
        .with("text_template", "");
    sender.mail(&body).await.only_fault("html_template");
}

async fn a_key_in_the_wrong_header_is_said_to_be(database: Database) {
    let server = Server::on(&database).start().await;
    let key = server.new_key(json!({})).await;
    let key = key["api_key"].as_str().expect("a key");
    let answer = server
        .anonymous()
        .bearer(key)
        .mail(&letter("ann@example.org"))
        .await;
    let body = answer.error(401, "authentication_error");
    let details = body["details"].as_str().expect("details");
    assert!(details.contains("x-api-key"), "{details}");
    assert!(!answer.text().contains(key), "the key is not repeated");
}
