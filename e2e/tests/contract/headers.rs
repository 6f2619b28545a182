//! Custom headers, tags, and the addresses beside the recipient.

use e2e::{Database, Server, SmtpServer, With, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    custom_headers_are_sent,
    headers_of_the_service_are_refused,
    names_and_values_of_headers_have_limits,
    tags_follow_the_rules,
    copies_and_replies_are_addressed,
);

async fn custom_headers_are_sent(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let long = "v".repeat(870);
    let long_name = format!("X-{}", "n".repeat(124));
    let headers = json!({
        long_name: long,
        "X-Campaign": "spring 2026; a=\"b\"",
        "List-Unsubscribe": "<https://example.com/unsubscribe>",
        "In-Reply-To": "<1234@example.org>",
        "X-Long": long,
    });
    for body in [letter("ann@example.org"), mailing(2)] {
        let data = sender
            .mail(&body.with("headers", headers.clone()))
            .await
            .json()["data"]
            .clone();
        server.settled(data["id"].as_str().expect("an id")).await;
    }
    for address in [
        "ann@example.org",
        "recipient-0@example.org",
        "recipient-1@example.org",
    ] {
        let captured = server.mailbox().only_to(address).await;
        for (name, value) in headers.as_object().expect("headers") {
            let expected = value.as_str().expect("text");
            let unfolded: Vec<_> = captured
                .header(name)
                .into_iter()
                .map(|value| {
                    if expected == long {
                        value.replace(' ', "")
                    } else {
                        value
                    }
                })
                .collect();
            assert_eq!(unfolded, [expected], "{name}");
        }
    }
}

async fn headers_of_the_service_are_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for name in [
        "From",
        "to",
        "CC",
        "Bcc",
        "Subject",
        "SUBJECT",
        "Reply-To",
        "Return-Path",
        "Sender",
        "Date",
        "Message-ID",
        "message-id",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Content-Disposition",
        "DKIM-Signature",
        "Resent-To",
        "resent-sender",
        "Resent-Message-ID",
        "X-SMTPAPI",
        "x-smtpapi",
        "X-MSYS-API",
        "X-MC-Tags",
        "x-mc-BccAddress",
        "X-Mailgun-Recipient-Variables",
        "X-PM-Message-Stream",
        "X-MJ-TemplateID",
        "Delivered-To",
        "Envelope-To",
        "X-API-Key",
        "authorization",
        "Idempotency-Key",
    ] {
        let body = letter("ann@example.org").with("headers", json!({ name: "x" }));
        sender
            .mail(&body)
            .await
            .only_fault(&format!("headers.{name}"));
    }
}

async fn names_and_values_of_headers_have_limits(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for name in [
        "",
        "X Y",
        "X:Y",
        "Xé",
        "X\r\nBcc",
        "X\u{0}",
        &"n".repeat(127),
    ] {
        let body = letter("ann@example.org").with("headers", json!({ name: "x" }));
        let faults = sender.mail(&body).await.faults();
        assert!(
            matches!(faults.as_slice(), [path] if path.starts_with("headers")),
            "{faults:?}"
        );
    }
    let too_long = "v".repeat(871);
    for value in [
        json!("é"),
        json!("a\tb"),
        json!(too_long),
        json!(5),
        json!(["x"]),
    ] {
        let body = letter("ann@example.org").with("headers", json!({ "X-A": value }));
        sender.mail(&body).await.only_fault("headers.X-A");
    }
}

async fn tags_follow_the_rules(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let tagged = |name: &str, value: &str| -> Value {
        letter("ann@example.org").with("tags", json!([{ "name": name, "value": value }]))
    };
    let longest = "a".repeat(256);
    for (name, value) in [("campaign", "spring-26_A"), (&longest, &longest)] {
        sender.mail(&tagged(name, value)).await.data(200);
    }
    let too_long = "a".repeat(257);
    for bad in ["", "no spaces", "é", "a,b", too_long.as_str()] {
        sender
            .mail(&tagged(bad, "x"))
            .await
            .only_fault("tags.0.name");
        sender
            .mail(&tagged("x", bad))
            .await
            .only_fault("tags.0.value");
    }
    for reserved in ["mmms-mailing-id", "mmms-recipient-index"] {
        let refused = sender.mail(&tagged(reserved, "x")).await;
        refused.only_fault("tags.0.name");
    }
    let missing = letter("ann@example.org").with("tags", json!([{ "name": "x" }]));
    sender.mail(&missing).await.only_fault("tags.0.value");
}

async fn copies_and_replies_are_addressed(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", &smtp.transport())
        .start()
        .await;
    let sender = server.sender().await;
    let body = letter("ann@example.org")
        .with("cc", json!(["cc-1@example.org", "cc-2@example.org"]))
        .with("bcc", json!(["hidden@example.org"]))
        .with("reply_to", json!(["one@example.com", "two@example.com"]));
    sender.mail(&body).await.data(200);
    let accepted = smtp.accepted();
    assert_eq!(accepted.len(), 1, "one message for all its addresses");
    let mut envelope = accepted[0].recipients.clone();
    envelope.sort_unstable();
    assert_eq!(
        envelope,
        [
            "ann@example.org",
            "cc-1@example.org",
            "cc-2@example.org",
            "hidden@example.org"
        ]
    );
    let captured = accepted[0].captured();
    assert_eq!(captured.header("to"), ["ann@example.org"]);
    assert_eq!(
        captured.header("cc"),
        ["cc-1@example.org, cc-2@example.org"]
    );
    assert_eq!(
        captured.header("reply-to"),
        ["one@example.com, two@example.com"]
    );
    assert!(captured.header("bcc").is_empty());
    let source = String::from_utf8_lossy(&captured.0).into_owned();
    assert!(!source.contains("hidden@example.org"), "{source}");
}
