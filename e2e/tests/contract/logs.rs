//! Logs: one line for each request, one line for each end of a recipient, and no private data.

use e2e::letter::{addressed, recipient};
use e2e::smtp::{Phase, Reaction};
use e2e::{
    Database, Server, SmtpServer, With, eventually, everywhere, letter, mailing, on_both_databases,
};
use reqwest::Method;
use serde_json::{Value, json};

everywhere!(
    a_request_is_one_line,
    an_end_of_a_recipient_is_one_line,
    a_change_of_a_key_is_one_line_with_its_id,
);

// The logs of functions are checked by the tests of `aws`.
on_both_databases!(
    nothing_private_is_logged,
    nothing_private_is_logged_in_detail_either,
);

const TOKEN: &str = "Admin0Token0Not0To0Be0Logged";

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Returns the JSON lines that contain all of these texts.
async fn lines(server: &Server, texts: &[&str]) -> Vec<Value> {
    let lines = eventually("a log line", || async {
        let mut lines = server.logs();
        lines.retain(|line| texts.iter().all(|text| line.contains(text)));
        if lines.is_empty() {
            Err(server.logs())
        } else {
            Ok(lines)
        }
    })
    .await;
    let parse = |line: &String| serde_json::from_str(line).expect("a log line is JSON");
    lines.iter().map(parse).collect()
}

/// Returns every value in a log line, at any depth.
fn values(line: &Value) -> Vec<String> {
    match line {
        Value::Object(fields) => fields.values().flat_map(values).collect(),
        Value::Array(items) => items.iter().flat_map(values).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

async fn a_request_is_one_line(database: Database) {
    let server = Server::on(&database)
        .env("LOG_FORMAT", "json")
        .start()
        .await;
    let key = server.new_key(json!({})).await;
    let sender = server.with_key(text(&key["api_key"]));
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    let path = format!("/v1/mail/{}", text(&data["id"]));
    let answer = sender.get(&path).await;
    let request_id = answer.header("x-request-id").expect("an id").to_owned();
    let found = lines(&server, &[&request_id]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let values = values(&found[0]);
    for expected in ["GET", "200", &request_id, text(&key["id"])] {
        assert!(
            values.iter().any(|value| value == expected),
            "{expected} in {found:?}"
        );
    }
    let line = found[0].to_string();
    assert!(line.contains("duration_ms"), "{line}");
    assert!(
        line.contains("/v1/mail/{id}") || line.contains("/v1/mail/:id"),
        "{line}"
    );
    assert!(
        !line.contains(text(&data["id"])),
        "the route's template, not the path: {line}"
    );

    let nowhere = sender.get("/v1/nowhere/private-word").await;
    let request_id = nowhere.header("x-request-id").expect("an id").to_owned();
    let found = lines(&server, &[&request_id]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].to_string().contains("private-word"), "{found:?}");
}

async fn a_change_of_a_key_is_one_line_with_its_id(database: Database) {
    let server = Server::on(&database)
        .env("LOG_FORMAT", "json")
        .start()
        .await;
    let management = server.management();
    let body = json!({ "senders": ["@example.com"] });
    let created = management.post("/v1/api-key", &body).await;
    let key = created.data(201);
    let path = format!("/v1/api-key/{}", text(&key["api_key"]));
    let origins = json!({ "origins": ["https://a.example"] });
    let without = json!({ "senders": null });
    let changes = [
        created,
        management.patch(&path, &json!({ "name": "new" })).await,
        management.post(&format!("{path}/origins"), &origins).await,
        management.patch(&path, &without).await,
        management
            .delete(&format!("{path}/origins?origin=https://a.example"))
            .await,
        management
            .post(&format!("{path}/rotate"), &json!({ "grace_seconds": 60 }))
            .await,
        management.delete(&path).await,
    ];
    let methods = ["POST", "PATCH", "POST", "PATCH", "DELETE", "POST", "DELETE"];
    for (answer, method) in changes.iter().zip(methods) {
        let request_id = answer.header("x-request-id").expect("an id");
        let found = lines(&server, &[request_id]).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let line = found[0].to_string();
        for part in [method, "/v1/api-key", text(&key["id"])] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let status = answer.status.to_string();
        assert!(values(&found[0]).contains(&status), "{status} in {line}");
        assert!(!line.contains(text(&key["api_key"])), "{line}");
    }
}

async fn an_end_of_a_recipient_is_one_line(database: Database) {
    let server = Server::on(&database)
        .env("LOG_FORMAT", "json")
        .start()
        .await;
    let sender = server.sender().await;
    let single = sender.mail(&letter("ann@example.org")).await.data(200);
    let many = sender.mail(&mailing(3)).await.data(202);
    server.settled(text(&many["id"])).await;
    for (mailing, ends) in [(&single, 1), (&many, 3)] {
        let id = text(&mailing["id"]);
        let found = eventually("a line for each end", || async {
            let found = lines(&server, &[id, "recipient.index", "sent"]).await;
            if found.len() >= ends {
                Ok(found)
            } else {
                Err(found)
            }
        })
        .await;
        assert_eq!(found.len(), ends, "{found:?}");
    }
}

async fn nothing_private_is_logged(database: Database) {
    nothing_private(&database, "info").await;
}

async fn nothing_private_is_logged_in_detail_either(database: Database) {
    nothing_private(&database, "debug").await;
}

/// Causes log lines of every kind, and then searches for private data in all of them.
async fn nothing_private(database: &Database, level: &str) {
    let smtp = SmtpServer::start().await;
    smtp.script(|step| match (step.phase, step.recipient) {
        (Phase::Recipient, "recipient-0@example.org") => {
            Reaction::Reply("550 5.1.1 recipient-0@example.org is nobody here")
        }
        (Phase::End, "recipient-1@example.org") if step.visit == 1 => {
            Reaction::Reply("451 4.3.0 recipient-1@example.org comes later")
        }
        (Phase::End, "recipient-2@example.org") => Reaction::AcceptAndClose,
        _ => Reaction::Continue,
    });
    let transport = smtp
        .transport()
        .replace("smtp://", "smtp://someone:Transport0Password@");
    let mut server = Server::on(database)
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", level)
        .env("ADMIN_TOKEN", TOKEN)
        .env("SWEEP_SECONDS", "1")
        .env("MAIL_TRANSPORT", &smtp.transport())
        .start()
        .await;
    let keys = everything(&server).await;
    server.stop().await;
    let server_with_password = Server::on(&Database::sqlite())
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", level)
        .env("MAIL_TRANSPORT", &transport)
        .start()
        .await;
    let sender = server_with_password.sender().await;
    sender.mail(&letter("Ann.Private@example.org")).await;

    let mut private = vec![
        TOKEN,
        "Transport0Password",
        "Ann.Private@example.org",
        "ann.private@example.org",
        "Reply.Private@example.com",
        "Copy.Private@example.com",
        "Subject0Word",
        "Text0Word",
        "Html0Word",
        "Variable0Word",
        "Name0Word",
        "Header0Word",
        "Idempotency0Word",
        "someone-elses-key-0001",
        "faulty address",
    ];
    let recipients = [recipient(0), recipient(1), recipient(2)];
    private.extend(recipients.iter().map(String::as_str));
    private.extend(keys.iter().map(String::as_str));
    let mut logs = server.logs();
    assert!(logs.len() > 10, "there are logs: {logs:?}");
    logs.extend(server_with_password.logs());
    for line in &logs {
        for word in &private {
            assert!(!line.contains(word), "{word} in {line}");
        }
    }
}

/// Makes requests of every kind, and returns the keys that were used.
async fn everything(server: &Server) -> Vec<String> {
    let management = server.management();
    let key = server.new_key(json!({ "senders": ["@example.com"] })).await;
    let first = text(&key["api_key"]).to_owned();
    let rotate = format!("/v1/api-key/{first}/rotate");
    let rotated = management
        .post(&rotate, &json!({ "grace_seconds": 600 }))
        .await
        .data(200);
    let second = text(&rotated["api_key"]).to_owned();
    let sender = server.with_key(&second);
    let entry = json!({
        "mail": "Ann.Private@example.org",
        "name": "Name0Word",
        "variables": { "word": "Variable0Word" },
    });
    let body = addressed(&json!([entry]))
        .with("subject", "Subject0Word")
        .with("text_template", "Text0Word {{word}}")
        .with("html_template", "Html0Word")
        .with("headers", json!({ "X-Word": "Header0Word" }))
        .with("cc", json!(["Copy.Private@example.com"]))
        .with("reply_to", json!(["Reply.Private@example.com"]));
    let with_key = sender.clone().idempotency_key("Idempotency0Word");
    with_key.mail(&body).await.data(200);
    with_key.mail(&body).await.data(200);
    let data = sender.mail(&mailing(3)).await.data(202);
    server.settled(text(&data["id"])).await;
    sender.mail(&letter("faulty address")).await.faults();
    sender
        .mail(&letter("Ann.Private@example.org").with("sender_email", "a@b.example"))
        .await;
    sender
        .post_bytes(
            "/v1/mail",
            "application/json",
            "{\"Text0Word\": \"Ann.Private@example.org\"",
        )
        .await;
    server
        .with_key("someone-elses-key-0001")
        .get("/v1/mail")
        .await;
    sender.get("/v1/mail?email_id=Variable0Word").await;
    sender.get("/v1/nowhere/Text0Word").await;
    sender.request(Method::PUT, "/v1/mail").await;
    let erase = json!({ "mail": "Ann.Private@example.org" });
    management.post("/v1/erase", &erase).await.data(200);
    management
        .delete(&format!("/v1/api-key/{second}"))
        .await
        .data(200);
    vec![first, second]
}
