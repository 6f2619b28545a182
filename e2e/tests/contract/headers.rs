//! Custom headers, tags, and the addresses besides the recipient.

use e2e::letter::addressed;
use e2e::{Database, Server, SmtpServer, With, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    custom_headers_are_sent,
    headers_of_the_service_are_refused,
    names_and_values_of_headers_have_limits,
    tags_follow_the_rules,
    copies_and_replies_are_addressed,
    copies_and_replies_may_have_names,
    each_recipient_may_have_headers,
    headers_of_a_recipient_follow_the_rules,
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
    for reserved in ["mmms-mailing-id", "mmms-recipient-index", "mmms-attempt"] {
        let refused = sender.mail(&tagged(reserved, "x")).await;
        refused.only_fault("tags.0.name");
    }
    let missing = letter("ann@example.org").with("tags", json!([{ "name": "x" }]));
    sender.mail(&missing).await.only_fault("tags.0.value");
}

async fn copies_and_replies_are_addressed(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = Server::through(&smtp, &database).start().await;
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

async fn copies_and_replies_may_have_names(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org")
        .with(
            "cc",
            json!([
                { "mail": "cc-1@example.org", "name": "Lee, Bob" },
                "cc-2@example.org",
                { "mail": "cc-3@example.org", "name": null },
            ]),
        )
        .with(
            "bcc",
            json!([{ "mail": "hidden@example.org", "name": "Hidden0Word" }]),
        )
        .with(
            "reply_to",
            json!([{ "mail": "answers@example.com", "name": "Zoë" }]),
        );
    sender.mail(&body).await.data(200);
    let accepted = smtp.accepted();
    assert_eq!(accepted.len(), 1, "one message for all its addresses");
    assert_eq!(accepted[0].recipients.len(), 5);
    let captured = accepted[0].captured();
    assert_eq!(
        captured.header("cc"),
        ["\"Lee, Bob\" <cc-1@example.org>, cc-2@example.org, cc-3@example.org"]
    );
    assert_eq!(
        captured.header("reply-to"),
        ["=?utf-8?b?Wm/Dqw==?= <answers@example.com>"]
    );
    let source = String::from_utf8_lossy(&captured.0).into_owned();
    assert!(!source.contains("Hidden0Word"), "{source}");

    for (entry, path) in [
        (json!({ "name": "Bob" }), "cc.0.mail"),
        (json!({ "mail": "bob" }), "cc.0.mail"),
        (
            json!({ "mail": "bob@example.org", "name": "a\r\nBcc: x" }),
            "cc.0.name",
        ),
        (
            json!({ "mail": "bob@example.org", "name": "x".repeat(321) }),
            "cc.0.name",
        ),
        (
            json!({ "mail": "bob@example.org", "title": "Dr" }),
            "cc.0.title",
        ),
        (json!(7), "cc.0"),
        (json!(["bob@example.org"]), "cc.0"),
        (json!(null), "cc.0"),
    ] {
        let body = letter("ann@example.org").with("cc", json!([entry]));
        sender.mail(&body).await.only_fault(path);
    }
}

async fn each_recipient_may_have_headers(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let own = json!({
        "List-Unsubscribe": "<https://example.com/leave?who={{mail}}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "x-campaign": "her own",
    });
    let entries = json!([
        { "mail": "ann@example.org", "headers": own },
        { "mail": "bob@example.org", "headers": {} },
        { "mail": "cid@example.org" },
    ]);
    let many = addressed(&entries).with("headers", json!({ "X-Campaign": "spring" }));
    let single = addressed(&json!([{ "mail": "dan@example.org", "headers": own }]));
    for body in [many, single] {
        let answer = sender.mail(&body).await.json();
        server
            .settled(answer["data"]["id"].as_str().expect("an id"))
            .await;
    }
    for (address, unsubscribe, campaign) in [
        ("ann@example.org", true, vec!["her own"]),
        ("bob@example.org", false, vec!["spring"]),
        ("cid@example.org", false, vec!["spring"]),
        ("dan@example.org", true, vec!["her own"]),
    ] {
        let captured = server.mailbox().only_to(address).await;
        let expected = format!("<https://example.com/leave?who={address}>");
        let expected = if unsubscribe { vec![expected] } else { vec![] };
        assert_eq!(captured.header("list-unsubscribe"), expected, "{address}");
        let post = captured.header("list-unsubscribe-post");
        assert_eq!(post.len(), usize::from(unsubscribe), "{address}");
        assert_eq!(captured.header("x-campaign"), campaign, "{address}");
    }
}

async fn headers_of_a_recipient_follow_the_rules(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let with = |headers: Value| {
        addressed(&json!([
            { "mail": "ann@example.org" },
            { "mail": "bob@example.org", "headers": headers },
        ]))
    };
    let many: serde_json::Map<String, Value> = (0..16)
        .map(|index| (format!("X-{index}"), "x".into()))
        .collect();
    for (headers, path) in [
        (json!({ "Subject": "mine" }), "recipients.1.headers.Subject"),
        (
            json!({ "Bcc": "eve@example.org" }),
            "recipients.1.headers.Bcc",
        ),
        (
            json!({ "X-SMTPAPI": "{}" }),
            "recipients.1.headers.X-SMTPAPI",
        ),
        (
            json!({ "x-api-key": "secret" }),
            "recipients.1.headers.x-api-key",
        ),
        (json!({ "X-A": "a\nBcc: x" }), "recipients.1.headers.X-A"),
        (json!({ "X-A": "ü" }), "recipients.1.headers.X-A"),
        (json!({ "X-A": 1 }), "recipients.1.headers.X-A"),
        (json!({ "X-A": "{{nickname}}" }), "recipients.1.variables"),
        (
            json!({ "X-A": "x".repeat(871) }),
            "recipients.1.headers.X-A",
        ),
        (Value::Object(many), "recipients.1.headers"),
        (json!([]), "recipients.1.headers"),
        (json!("X-A: b"), "recipients.1.headers"),
    ] {
        sender.mail(&with(headers.clone())).await.only_fault(path);
    }
    let long = json!([{
        "mail": "ann@example.org",
        "variables": { "long": "x".repeat(900) },
        "headers": { "X-A": "{{long}}" },
    }]);
    sender
        .mail(&addressed(&long))
        .await
        .only_fault("recipients.0");
    // A field that the recipient replaces does not require its variables.
    let replaced = json!([{ "mail": "ann@example.org", "headers": { "x-a": "plain" } }]);
    let replaced = addressed(&replaced).with("headers", json!({ "X-A": "{{nickname}}" }));
    sender.mail(&replaced).await.data(200);
}
