//! The bounds of what a small request can cause: a short answer, and a limited amount of mail.

use e2e::letter::addressed;
use e2e::{Database, Server, With, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    what_is_quoted_of_a_request_is_short,
    a_request_makes_no_more_mail_than_is_bounded,
);

async fn what_is_quoted_of_a_request_is_short(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let long = |size: usize| "a".repeat(size);
    let hundred: Value = (0..100)
        .map(|_| json!({ "mail": "ann@example.org" }))
        .collect();
    let placeholder = |size| format!("{{{{{}}}}}", long(size));
    let letter = || letter("ann@example.org");
    let many: serde_json::Map<_, _> = (0..200)
        .map(|number| (format!("{number}{}", "\"".repeat(10_000)), json!([])))
        .collect();
    for body in [
        addressed(&hundred).with("text_template", placeholder(3_000_000)),
        addressed(&hundred).with("text_template", placeholder(100)),
        addressed(&hundred).with("subject", placeholder(900)),
        letter().with(&long(1_000_000), 1),
        letter().with("headers", json!({ long(1_000_000): "x" })),
        addressed(&json!([{ "mail": "ann@example.org", "name": "Ann", "variables": many }])),
        letter().with("tags", json!([{ long(1_000_000): 1 }])),
        letter().with("subject", long(1_000_000)),
        letter().with("sender_email", long(1_000_000)),
    ] {
        let asked = body.to_string().len();
        let answer = sender.mail(&body).await;
        answer.error(400, "validation_error");
        let answered = answer.bytes.len();
        assert!(
            answered <= 64 * 1024 && answered < asked + 64 * 1024,
            "{answered} bytes for {asked}"
        );
    }
    // If names occur twice, a long path is reported again and again.
    let mut nested = (0..200)
        .map(|number| format!("\"{number}\": 1, \"{number}\": 1"))
        .collect::<Vec<_>>()
        .join(", ");
    for _ in 0..100 {
        nested = format!("\"{}\": {{{nested}}}", "é".repeat(100));
    }
    let answer = sender
        .post_bytes(
            "/v1/mail",
            "application/json",
            format!("{{{nested}}}").into_bytes(),
        )
        .await;
    answer.error(400, "validation_error");
    assert!(answer.bytes.len() < 64 * 1024, "{}", answer.bytes.len());
    let answer = server
        .management()
        .get(&format!("/v1/mail?limit={0}&after={0}", long(10_000)))
        .await;
    answer.error(400, "validation_error");
    assert!(answer.bytes.len() < 1_000, "{}", answer.bytes.len());
}

async fn a_request_makes_no_more_mail_than_is_bounded(database: Database) {
    let server = Server::on(&database).start().await;
    let recipients: Value = (0..200)
        .map(|number| json!({ "mail": format!("recipient-{number}@example.org") }))
        .collect();
    let body = addressed(&recipients)
        .with("sender_organisation_name", "é".repeat(1_000))
        .with(
            "text_template",
            "{{sender_organisation_name}}".repeat(5_000),
        )
        .with(
            "html_template",
            "{{sender_organisation_name}}".repeat(5_000),
        );
    let answer = server.sender().await.mail(&body).await;
    answer.only_fault("recipients");
    assert_eq!(server.mailbox().total().await, 0);
}
