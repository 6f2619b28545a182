//! Placeholders: their values, their syntax, and the texts that are none.

use e2e::letter::addressed;
use e2e::mailbox::Captured;
use e2e::{Database, Server, With, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    variables_and_fields_are_filled_in,
    a_variable_goes_before_the_field_of_its_name,
    a_known_field_that_is_absent_is_empty,
    every_recipient_gets_its_own_values,
    values_are_escaped_in_html_and_plain_elsewhere,
    only_a_placeholder_is_replaced,
    a_value_is_not_looked_through_again,
    an_unknown_name_is_refused_with_its_recipients,
    a_line_break_in_a_value_reaches_no_header,
    a_variable_is_a_string_a_number_or_a_boolean,
    header_fields_and_the_senders_name_are_filled_in,
    three_braces_are_a_placeholder_too,
    a_variable_that_no_placeholder_can_name_is_refused,
    what_is_empty_or_too_long_once_filled_in_is_refused,
    what_looks_encoded_in_a_subject_is_encoded,
);

/// Sends this mail to `ann@example.org`, and returns the captured one.
async fn sent(server: &Server, body: &Value) -> Captured {
    server.sender().await.mail(body).await.data(200);
    server.mailbox().only_to("ann@example.org").await
}

fn to_ann(variables: &Value) -> Value {
    addressed(&json!([{ "mail": "ann@example.org", "name": "Ann", "variables": variables }]))
}

async fn variables_and_fields_are_filled_in(database: Database) {
    let server = Server::on(&database).start().await;
    let names = [
        "name",
        "mail",
        "company",
        "emailRecipientId",
        "sender_name",
        "sender_email",
        "sender_organisation_name",
        "client_env_id",
        "email_id",
        "projectId",
        "closureId",
        "text",
        "number",
        "fraction",
        "truth",
        "_name2",
    ];
    let template: Vec<_> = names.map(|name| format!("{name}={{{{{name}}}}}")).into();
    let body = json!({
        "recipients": [{
            "mail": "ann@example.org",
            "name": "Ann",
            "company": "Acme",
            "emailRecipientId": "r-1",
            "variables": {
                "text": "spring", "number": 42, "fraction": 1.5, "truth": true, "_name2": "x"
            },
        }],
        "sender_email": "news@example.com",
        "sender_name": "News",
        "sender_organisation_name": "Example Ltd",
        "client_env_id": "env",
        "email_id": 17,
        "projectId": "p",
        "closureId": 9,
        "subject": "{{ text }} for {{name}}",
        "text_template": template.join("\n"),
    });
    let captured = sent(&server, &body).await;
    assert_eq!(captured.subject(), "spring for Ann");
    assert_eq!(
        captured.text(),
        "name=Ann\nmail=ann@example.org\ncompany=Acme\nemailRecipientId=r-1\nsender_name=News\n\
         sender_email=news@example.com\nsender_organisation_name=Example Ltd\nclient_env_id=env\n\
         email_id=17\nprojectId=p\nclosureId=9\ntext=spring\nnumber=42\nfraction=1.5\ntruth=true\n\
         _name2=x"
    );
}

async fn a_variable_goes_before_the_field_of_its_name(database: Database) {
    let server = Server::on(&database).start().await;
    let body = to_ann(&json!({ "name": "Queen Ann", "sender_name": "The Court" }))
        .with("text_template", "{{name}} {{sender_name}}");
    assert_eq!(sent(&server, &body).await.text(), "Queen Ann The Court");
}

async fn a_known_field_that_is_absent_is_empty(database: Database) {
    let server = Server::on(&database).start().await;
    let body = letter("ann@example.org").with(
        "text_template",
        "[{{name}}][{{company}}][{{emailRecipientId}}][{{sender_organisation_name}}]\
         [{{client_env_id}}][{{email_id}}][{{projectId}}][{{closureId}}]",
    );
    assert_eq!(sent(&server, &body).await.text(), "[][][][][][][][]");
}

async fn every_recipient_gets_its_own_values(database: Database) {
    let server = Server::on(&database).start().await;
    let body = addressed(&json!([
        { "mail": "ann@example.org", "variables": { "seat": 1 } },
        { "mail": "bob@example.org", "variables": { "seat": 2 } },
    ]))
    .with("subject", "Seat {{seat}}")
    .with("html_template", "<p>{{mail}} sits on {{seat}}</p>");
    let data = server.sender().await.mail(&body).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    for (address, seat) in [("ann@example.org", 1), ("bob@example.org", 2)] {
        let captured = server.mailbox().only_to(address).await;
        assert_eq!(captured.subject(), format!("Seat {seat}"));
        assert_eq!(captured.html(), format!("<p>{address} sits on {seat}</p>"));
    }
}

async fn values_are_escaped_in_html_and_plain_elsewhere(database: Database) {
    let server = Server::on(&database).start().await;
    let body = to_ann(&json!({ "x": "<b>\"Tom\" & 'Jerry'</b>" }))
        .with("subject", "{{x}}")
        .with("text_template", "{{x}}")
        .with("html_template", "<p title=\"{{x}}\" lang='{{x}}'>{{x}}</p>");
    let captured = sent(&server, &body).await;
    assert_eq!(captured.subject(), "<b>\"Tom\" & 'Jerry'</b>");
    assert_eq!(captured.text(), "<b>\"Tom\" & 'Jerry'</b>");
    let html = captured.html();
    let inside = html
        .strip_prefix("<p title=\"")
        .expect("the template's own HTML stays");
    let (title, rest) = inside
        .split_once("\" lang='")
        .expect("the value ends no attribute");
    let (lang, rest) = rest.split_once("'>").expect("the value ends no attribute");
    let text = rest
        .strip_suffix("</p>")
        .expect("the template's own HTML stays");
    for value in [title, lang, text] {
        assert!(!value.contains(['<', '>', '"', '\'']), "{html}");
        assert!(value.starts_with("&lt;b&gt;"), "{html}");
        assert!(value.contains(" &amp; "), "{html}");
    }
}

async fn only_a_placeholder_is_replaced(database: Database) {
    let server = Server::on(&database).start().await;
    for (template, expected) in [
        ("{{name}}|{{ name }}|{{   name  }}", "Ann|Ann|Ann"),
        (
            "{{}} {{ }} {{ na me }} {{na-me}} {{name",
            "{{}} {{ }} {{ na me }} {{na-me}} {{name",
        ),
        (
            "{name} {{näme}} {{#if}} {{/if}} {{name.first}}",
            "{name} {{näme}} {{#if}} {{/if}} {{name.first}}",
        ),
        ("{{name}} {{ {{name}} }}", "Ann {{ Ann }}"),
        ("}} {{name}}", "}} Ann"),
    ] {
        let sender = server.sender().await;
        let address = format!("{}@example.org", uuid::Uuid::new_v4().simple());
        let recipients = json!([{ "mail": address, "name": "Ann" }]);
        let body = addressed(&recipients).with("text_template", template);
        sender.mail(&body).await.data(200);
        let captured = server.mailbox().only_to(&address).await;
        assert_eq!(captured.text(), expected, "{template}");
    }
}

async fn a_value_is_not_looked_through_again(database: Database) {
    let server = Server::on(&database).start().await;
    let body = to_ann(&json!({ "x": "{{name}} {{nothing}}" }))
        .with("subject", "{{x}}")
        .with("text_template", "{{x}}")
        .with("html_template", "{{x}}");
    let captured = sent(&server, &body).await;
    assert_eq!(captured.subject(), "{{name}} {{nothing}}");
    assert_eq!(captured.text(), "{{name}} {{nothing}}");
    assert_eq!(captured.html(), "{{name}} {{nothing}}");
}

async fn an_unknown_name_is_refused_with_its_recipients(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for field in ["subject", "html_template", "text_template"] {
        let body = addressed(&json!([
            { "mail": "ann@example.org", "variables": { "nickname": "Annie" } },
            { "mail": "bob@example.org", "variables": { "nick_name": "Bobby" } },
            { "mail": "cid@example.org", "variables": { "nickname": null } },
        ]))
        .with(field, "Hello {{nickname}}");
        let answer = sender.mail(&body).await;
        let error = answer.error(400, "validation_error");
        let faults = error["errors"].as_array().expect("faults");
        assert_eq!(faults.len(), 2, "{error}");
        for (fault, index) in faults.iter().zip([1, 2]) {
            let path = fault["field"].as_str().expect("a path");
            assert!(path.starts_with(&format!("recipients.{index}")), "{error}");
            assert!(fault.to_string().contains("nickname"), "{error}");
        }
    }
    assert_eq!(server.mailbox().total().await, 0);
    assert!(sender.get("/v1/mail").await.items().is_empty());
}

async fn a_line_break_in_a_value_reaches_no_header(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for line_break in ["\r\n", "\n", "\r"] {
        let bad = format!("x{line_break}Bcc: eve@example.net{line_break}{line_break}body");
        let mark = uuid::Uuid::new_v4().simple();
        let address = format!("{mark}@example.org");
        let recipient = json!({ "mail": address, "variables": { "x": bad } });
        let body = addressed(&json!([recipient]))
            .with("subject", "a {{x}} b")
            .with("text_template", "[{{x}}]");
        let answer = sender.mail(&body).await;
        if answer.status == 400 {
            answer.faults();
            continue;
        }
        answer.data(200);
        let captured = server.mailbox().only_to(&address).await;
        assert!(captured.header("bcc").is_empty(), "{:?}", captured.head());
        assert!(!captured.subject().contains(['\r', '\n']));
        assert!(
            captured.text().contains("Bcc: eve@example.net"),
            "the text keeps the value"
        );
    }
}

async fn what_looks_encoded_in_a_subject_is_encoded(database: Database) {
    let server = Server::on(&database).start().await;
    let name = "=?utf-8?q?=0D=0ABcc:_eve=40example.net?=";
    let body = addressed(&json!([{ "mail": "ann@example.org", "name": name }]))
        .with("subject", "Hello {{name}}");
    let captured = sent(&server, &body).await;
    assert_eq!(captured.subject(), format!("Hello {name}"));
    let bad = letter("=?utf-8?q?x?=@example.org");
    let answer = server.sender().await.mail(&bad).await;
    answer.only_fault("recipients.0.mail");
}

async fn a_variable_is_a_string_a_number_or_a_boolean(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for bad in [json!([1]), json!({ "a": 1 })] {
        let answer = sender
            .mail(&to_ann(&json!({ "good": 1, "bad": bad })))
            .await;
        answer.only_fault("recipients.0.variables.bad");
    }
    for bad in [json!("text"), json!([]), json!(3)] {
        let answer = sender.mail(&to_ann(&bad)).await;
        answer.only_fault("recipients.0.variables");
    }
}

async fn header_fields_and_the_senders_name_are_filled_in(database: Database) {
    let server = Server::on(&database).start().await;
    let recipients = json!([
        { "mail": "ann@example.org", "name": "Ann", "variables": { "city": "Rome\r\nBcc: eve@example.net" } },
        { "mail": "bob@example.org", "name": "Bob", "variables": { "city": "Zürich" } },
    ]);
    let body = addressed(&recipients)
        .with("sender_name", "News for {{ name }}")
        .with("text_template", "{{sender_name}}")
        .with(
            "headers",
            json!({ "X-City": "{{city}}!", "X-Company": "{{company}}", "X-Same": "as it is" }),
        );
    let data = server.sender().await.mail(&body).await.json()["data"].clone();
    server.settled(data["id"].as_str().expect("an id")).await;
    for (address, name, city) in [
        ("ann@example.org", "Ann", "Rome Bcc: eve@example.net!"),
        ("bob@example.org", "Bob", "=?utf-8?b?WsO8cmljaCE=?="),
    ] {
        let captured = server.mailbox().only_to(address).await;
        assert_eq!(captured.text(), format!("News for {name}"));
        assert_eq!(
            captured.header("from"),
            [format!("\"News for {name}\" <news@example.com>")]
        );
        assert_eq!(captured.header("x-city"), [city]);
        assert_eq!(captured.header("x-same"), ["as it is"]);
        assert!(captured.header("x-company").is_empty());
        assert!(captured.header("bcc").is_empty());
    }
}

async fn three_braces_are_a_placeholder_too(database: Database) {
    let server = Server::on(&database).start().await;
    let body = to_ann(&json!({ "x": "<b>" }))
        .with("subject", "{{{x}}}")
        .with("text_template", "[{{{ x }}}] {{{{x}}}} {a{{x}}}")
        .with("html_template", "{{{x}}}");
    let captured = sent(&server, &body).await;
    assert_eq!(captured.subject(), "<b>");
    assert_eq!(captured.text(), "[<b>] <b> {a<b>}");
    assert_eq!(captured.html(), "&lt;b&gt;");
}

async fn a_variable_that_no_placeholder_can_name_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for name in [
        "first-name",
        "first name",
        "näme",
        "user.name",
        "first-name ",
    ] {
        for (field, value) in [
            ("subject", json!(format!("Hello {{{{{name}}}}}"))),
            ("sender_name", json!(format!("{{{{{name}}}}}"))),
            ("html_template", json!(format!("<p>{{{{ {name} }}}}</p>"))),
            (
                "text_template",
                json!(format!("{{{{name}}}} {{{{ {name}}}}}")),
            ),
        ] {
            let answer = sender
                .mail(&to_ann(&json!({ name: "Ann" })).with(field, value))
                .await;
            answer.only_fault(&format!("recipients.0.variables.{name}"));
        }
    }
    let headers = json!({ "X-Name": "{{first-name}}" });
    let body = to_ann(&json!({ "first-name": "Ann" })).with("headers", headers);
    let answer = sender.mail(&body).await;
    answer.only_fault("recipients.0.variables.first-name");
    let unknown = to_ann(&json!({})).with("headers", json!({ "X-Name": "{{nickname}}" }));
    let answer = sender.mail(&unknown).await;
    answer.only_fault("recipients.0.variables");
    // A variable that no template uses is no error.
    let body = to_ann(&json!({ "first-name": "Ann" })).with("text_template", "{{name}}");
    sender.mail(&body).await.data(200);
}

async fn what_is_empty_or_too_long_once_filled_in_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let long = "v".repeat(871);
    for (field, value) in [
        ("subject", json!("{{company}}")),
        ("subject", json!(" {{blank}} {{company}}")),
        ("sender_name", json!("{{blank}}")),
        ("sender_name", json!("{{long}}")),
        ("headers", json!({ "X-A": "{{long}}" })),
        ("text_template", json!("{{company}}\n{{blank}}")),
    ] {
        let body = to_ann(&json!({ "blank": " \n", "long": long })).with(field, value);
        sender.mail(&body).await.only_fault("recipients.0");
    }
    let itself = to_ann(&json!({})).with("sender_name", "{{sender_name}}");
    sender.mail(&itself).await.only_fault("sender_name");
    let many: serde_json::Map<_, _> = (0..16)
        .map(|each| (format!("X-{each}"), json!("{{name}}")))
        .collect();
    let many = to_ann(&json!({})).with("headers", Value::Object(many));
    sender.mail(&many).await.only_fault("headers");
    let file = json!([{ "filename": "a.txt", "content": "YQ==" }]);
    let attached = to_ann(&json!({}))
        .with("text_template", "{{company}}")
        .with("attachments", file);
    sender.mail(&attached).await.data(200);
}
