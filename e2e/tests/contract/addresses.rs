//! The rules for addresses.

use e2e::letter::addressed;
use e2e::{Database, Server, SmtpServer, With, everywhere, letter};
use serde_json::json;

everywhere!(
    bad_addresses_are_refused_wherever_they_are,
    usual_addresses_are_taken,
    an_international_domain_goes_out_as_punycode,
);

const BAD: [&str; 14] = [
    "",
    " ",
    "ann",
    "@example.org",
    "ann@",
    "ann@@example.org",
    "ann@example.org@example.net",
    "änn@example.org",
    "ann example@example.org",
    "Ann <ann@example.org>",
    "ann@exam ple.org",
    "ann@example.org, bob@example.org",
    "ann@example..org",
    "ann@-example.org",
];

async fn bad_addresses_are_refused_wherever_they_are(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for bad in BAD {
        sender
            .mail(&letter(bad))
            .await
            .only_fault("recipients.0.mail");
        let good = letter("ann@example.org");
        let answer = sender.mail(&good.clone().with("sender_email", bad)).await;
        answer.only_fault("sender_email");
        for field in ["cc", "bcc", "reply_to"] {
            let answer = sender.mail(&good.clone().with(field, json!([bad]))).await;
            answer.only_fault(&format!("{field}.0"));
        }
        let answer = server
            .management()
            .post("/v1/erase", &json!({ "mail": bad }))
            .await;
        answer.only_fault("mail");
    }
}

async fn usual_addresses_are_taken(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for good in [
        "ann@example.org",
        "Ann.Lee+tag@Sub.Example.org",
        "o'hara_1-2@example.org",
        "1@example.museum",
    ] {
        let data = sender.mail(&letter(good)).await.data(200);
        assert_eq!(data["status"]["recipient"], good, "{data}");
    }
}

async fn an_international_domain_goes_out_as_punycode(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    let body = addressed(&json!([{ "mail": "ann@bücher.example" }]))
        .with("sender_email", "news@köln.example")
        .with("cc", json!(["copy@münchen.example"]))
        .with("reply_to", json!(["answers@zürich.example"]));
    let data = sender.mail(&body).await.data(200);
    assert_eq!(data["status"]["recipient"], "ann@bücher.example");
    let accepted = smtp.accepted();
    let message = accepted.first().expect("a message");
    assert_eq!(message.sender, "news@xn--kln-sna.example");
    assert_eq!(
        message.recipients,
        ["ann@xn--bcher-kva.example", "copy@xn--mnchen-3ya.example"]
    );
    let captured = message.captured();
    for (header, domain) in [
        ("from", "xn--kln-sna.example"),
        ("to", "xn--bcher-kva.example"),
        ("cc", "xn--mnchen-3ya.example"),
        ("reply-to", "xn--zrich-kva.example"),
    ] {
        let values = captured.header(header);
        assert!(values[0].contains(domain), "{header}: {values:?}");
    }
}
