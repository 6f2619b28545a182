//! Invalid requests: every fault is listed with its path, and nothing is sent.

use e2e::letter::addressed;
use e2e::{Database, Server, With, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    every_fault_is_listed_at_once,
    faults_of_shape_are_listed_at_once_too,
    the_first_hundred_faults_are_listed_and_the_total_is_told,
    one_bad_recipient_refuses_the_whole_request,
    a_template_is_required,
    an_unknown_field_is_refused,
    line_breaks_and_nul_are_refused_where_a_header_would_carry_them,
    nul_reaches_no_database,
    cc_and_bcc_need_a_single_recipient,
    a_wrong_type_names_its_field,
);

async fn every_fault_is_listed_at_once(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = json!({
        "recipients": [
            { "mail": "ann@example.org" },
            { "mail": "no address" },
            { "mail": "cid@example.org" },
            { "mail": "two@at@signs" },
        ],
        "sender_email": "nobody",
        "sender_name": "News",
        "subject": "one\r\ntwo",
        "text_template": "Hello",
        "cc": ["ann@example.org"],
        "reply_to": ["good@example.org", "bad"],
        "headers": { "Subject": "mine" },
        "tags": [{ "name": "no spaces", "value": "x" }],
        "expires_at": "2001-01-01T00:00:00.000Z",
        "attachments": [{ "filename": "a.txt", "content": "***" }],
    });
    let mut faults = sender.mail(&body).await.faults();
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "attachments.0.content",
            "cc",
            "expires_at",
            "headers.Subject",
            "recipients.1.mail",
            "recipients.3.mail",
            "reply_to.1",
            "sender_email",
            "subject",
            "tags.0.name",
        ]
    );
    assert_eq!(server.mailbox().total().await, 0);
}

async fn faults_of_shape_are_listed_at_once_too(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = json!({
        "recipients": [{ "mail": 5 }, { "name": "without an address" }, { "mail": "cid@example.org" }],
        "sender_name": ["News"],
        "subject": 5,
        "text_template": "Hello",
        "colour": "red",
    });
    let mut faults = sender.mail(&body).await.faults();
    faults.sort_unstable();
    let expected = [
        "colour",
        "recipients.0.mail",
        "recipients.1.mail",
        "sender_email",
        "sender_name",
        "subject",
    ];
    assert_eq!(faults, expected);
}

async fn the_first_hundred_faults_are_listed_and_the_total_is_told(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let entry = |index: usize| json!({ "mail": format!("no-address-{index}") });
    let body = addressed(&(0..1_234).map(entry).collect());
    let answer = sender.mail(&body).await;
    let faults = answer.faults();
    let expected: Vec<_> = (0..100)
        .map(|index| format!("recipients.{index}.mail"))
        .collect();
    assert_eq!(faults, expected);
    let details = answer.json()["details"].clone();
    let details = details.as_str().expect("details").replace([',', ' '], "");
    assert!(details.contains("1234"), "{details}");
}

async fn one_bad_recipient_refuses_the_whole_request(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let mut body = mailing(500);
    body["recipients"][333]["mail"] = json!("nobody");
    sender.mail(&body).await.only_fault("recipients.333.mail");
    assert!(sender.get("/v1/mail").await.items().is_empty());
    assert_eq!(server.mailbox().total().await, 0);
}

async fn a_template_is_required(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let without = letter("ann@example.org").without("text_template");
    let faults = sender.mail(&without).await.faults();
    assert!(
        faults
            .iter()
            .all(|path| path == "html_template" || path == "text_template"),
        "{faults:?}"
    );
    let html = without.with("html_template", "<p>Hello</p>");
    sender.mail(&html).await.data(200);
}

async fn an_unknown_field_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let good = letter("ann@example.org");
    let unknown = sender.mail(&good.clone().with("text_Template", "x")).await;
    unknown.only_fault("text_Template");
    let unknown = sender
        .mail(&good.clone().with("priority", json!(null)))
        .await;
    unknown.only_fault("priority");
    let recipients = json!([{ "mail": "ann@example.org", "email": "x" }]);
    let unknown = sender
        .mail(&good.clone().with("recipients", recipients))
        .await;
    unknown.only_fault("recipients.0.email");
    let attachment = json!([{ "filename": "a", "content": "AAAA", "path": "/etc/passwd" }]);
    let unknown = sender
        .mail(&good.clone().with("attachments", attachment))
        .await;
    unknown.only_fault("attachments.0.path");
    let tags = json!([{ "name": "a", "value": "b", "colour": "c" }]);
    let unknown = sender.mail(&good.with("tags", tags)).await;
    unknown.only_fault("tags.0.colour");
    let management = server.management();
    let unknown = management
        .post("/v1/api-key", &json!({ "origin": [] }))
        .await;
    unknown.only_fault("origin");
    let unknown = management
        .post(
            "/v1/erase",
            &json!({ "mail": "a@example.org", "all": true }),
        )
        .await;
    unknown.only_fault("all");
}

async fn line_breaks_and_nul_are_refused_where_a_header_would_carry_them(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for bad in ["a\r\nBcc: eve@example.net", "a\nb", "a\rb", "a\u{0}b"] {
        let body = letter("ann@example.org");
        for field in ["subject", "sender_name", "sender_email"] {
            let answer = sender.mail(&body.clone().with(field, bad)).await;
            answer.only_fault(field);
        }
        let recipients = json!([{ "mail": "ann@example.org", "name": bad }]);
        let answer = sender
            .mail(&body.clone().with("recipients", recipients))
            .await;
        answer.only_fault("recipients.0.name");
        let answer = sender
            .mail(&body.clone().with("headers", json!({ "X-A": bad })))
            .await;
        answer.only_fault("headers.X-A");
        let attachment = json!([{ "filename": bad, "content": "AAAA" }]);
        let answer = sender.mail(&body.with("attachments", attachment)).await;
        answer.only_fault("attachments.0.filename");
    }
    assert_eq!(server.mailbox().total().await, 0);
}

async fn nul_reaches_no_database(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let nul = "a\u{0}b";
    for field in [
        "text_template",
        "html_template",
        "sender_organisation_name",
        "client_env_id",
        "email_id",
        "emailRecipientId",
        "projectId",
        "closureId",
    ] {
        let answer = sender
            .mail(&letter("ann@example.org").with(field, nul))
            .await;
        answer.only_fault(field);
    }
    for field in ["company", "emailRecipientId"] {
        let mut recipient = json!({ "mail": "ann@example.org" });
        recipient[field] = json!(nul);
        let answer = sender.mail(&addressed(&json!([recipient]))).await;
        answer.only_fault(&format!("recipients.0.{field}"));
    }
    let recipient = json!({ "mail": "ann@example.org", "variables": { "x": nul } });
    let answer = sender.mail(&addressed(&json!([recipient]))).await;
    answer.only_fault("recipients.0.variables.x");
    let name = json!({ "name": nul });
    let answer = server.management().post("/v1/api-key", &name).await;
    answer.only_fault("name");
    let answer = sender.get("/v1/mail?email_id=a%00b").await;
    assert!(
        answer.status == 400 || answer.items().is_empty(),
        "{}",
        answer.text()
    );
}

async fn cc_and_bcc_need_a_single_recipient(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for field in ["cc", "bcc"] {
        let body = mailing(2).with(field, json!(["copy@example.org"]));
        sender.mail(&body).await.only_fault(field);
    }
    let body = mailing(2).with("reply_to", json!(["answers@example.org"]));
    sender.mail(&body).await.data(202);
}

async fn a_wrong_type_names_its_field(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let wrong: [(&str, Value); 14] = [
        ("recipients", json!({})),
        ("recipients", json!("ann@example.org")),
        ("sender_email", json!(5)),
        ("sender_name", json!(true)),
        ("subject", json!(["Hello"])),
        ("text_template", json!(5)),
        ("reply_to", json!("ann@example.org")),
        ("cc", json!("ann@example.org")),
        ("attachments", json!({})),
        ("headers", json!([])),
        ("tags", json!({})),
        ("expires_at", json!("tomorrow")),
        ("email_id", json!(1.5)),
        ("projectId", json!(true)),
    ];
    for (field, value) in wrong {
        let answer = sender
            .mail(&letter("ann@example.org").with(field, value))
            .await;
        answer.only_fault(field);
    }
    let recipients = json!(["ann@example.org"]);
    let answer = sender
        .mail(&letter("").with("recipients", recipients))
        .await;
    answer.only_fault("recipients.0");
}
