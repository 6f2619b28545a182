//! `POST /v1/mail?dry_run=true`.

use e2e::answer::keys;
use e2e::letter::{addressed, recipient};
use e2e::times::{in_seconds, seconds_between};
use e2e::{Caller, Database, Server, With, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    a_dry_run_stores_and_sends_nothing,
    a_dry_run_shows_what_is_then_sent,
    a_dry_run_has_the_faults_of_the_request,
    a_dry_run_does_not_know_idempotency_keys,
    repeated_addresses_are_named,
    management_needs_no_key,
    only_true_is_a_dry_run,
    the_end_is_estimated_from_the_rate,
    a_large_mail_is_shortened,
);

const PATH: &str = "/v1/mail?dry_run=true";

async fn try_out(caller: &Caller, body: &Value) -> Value {
    let data = caller.post(PATH, body).await.data(200);
    let names = [
        "accepted",
        "done_at",
        "first",
        "largest_bytes",
        "repeated",
        "suppressed",
        "suppressed_copies",
    ];
    assert_eq!(keys(&data), names);
    let names = ["headers", "html", "shortened", "subject", "text"];
    assert_eq!(keys(&data["first"]), names);
    data
}

async fn rows(database: &Database) -> Vec<i64> {
    let mut rows = Vec::new();
    for table in [
        "mailing",
        "recipient",
        "attachment",
        "correspondent",
        "idempotency",
        "outbox",
    ] {
        let count = format!("SELECT CAST(COUNT(*) AS BIGINT) FROM {table}");
        rows.push(database.count(&count).await);
    }
    rows
}

async fn a_dry_run_stores_and_sends_nothing(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("one");
    for body in [
        letter("ann@example.org").with("cc", json!(["bob@example.org"])),
        mailing(500),
        mailing(2).with("send_at", in_seconds(3600)),
    ] {
        let data = try_out(&sender, &body).await;
        let count = body["recipients"].as_array().expect("a list").len();
        let all: Vec<usize> = (0..count).collect();
        assert_eq!(data["accepted"], json!(all));
        assert_eq!(
            (&data["suppressed"], &data["repeated"]),
            (&json!([]), &json!([]))
        );
    }
    assert_eq!(rows(&database).await, [0; 6]);
    assert_eq!(server.mailbox().total().await, 0);
    assert!(sender.get("/v1/mail").await.items().is_empty());
}

async fn a_dry_run_shows_what_is_then_sent(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let recipients = json!([
        { "mail": recipient(0), "name": "Änn <b>", "variables": { "code": 4711 },
          "headers": { "X-Own": "of {{name}}" } },
        { "mail": recipient(1), "name": "Bob", "variables": { "code": "long ".repeat(500) } },
        { "mail": recipient(2), "name": "Cid", "variables": { "code": "länger ".repeat(300) } },
    ]);
    let body = addressed(&recipients)
        .with("subject", "Hello {{name}}")
        .with("html_template", "<p>{{name}}: {{code}}</p>")
        .with("text_template", "{{name}}: {{code}}")
        .with(
            "headers",
            json!({ "X-Mail": "{{mail}}", "X-Shared": "shared" }),
        )
        .with(
            "attachments",
            json!([{ "filename": "a.txt", "content": "YWJj" }]),
        );
    let tried = try_out(&sender, &body).await;
    let data = sender.mail(&body).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;

    let mut largest = 0;
    for index in 0..3 {
        let captured = server.mailbox().only_to(&recipient(index)).await;
        largest = largest.max(captured.0.len());
    }
    assert_eq!(tried["largest_bytes"], largest);
    let captured = server.mailbox().only_to(&recipient(0)).await;
    let first = &tried["first"];
    assert_eq!(first["subject"], captured.subject());
    assert_eq!(first["text"], captured.text());
    assert_eq!(first["html"], captured.html());
    assert_eq!(first["html"], "<p>Änn &lt;b&gt;: 4711</p>");
    assert_eq!(first["shortened"], false);
    let headers = first["headers"].as_object().expect("headers");
    assert_eq!(keys(&first["headers"]), ["X-Mail", "X-Own", "X-Shared"]);
    for (name, value) in headers {
        assert_eq!(captured.header(name), [value.as_str().expect("text")]);
    }
}

async fn a_dry_run_has_the_faults_of_the_request(database: Database) {
    let server = Server::on(&database).start().await;
    let key = server.new_key(json!({ "senders": ["@example.com"] })).await;
    let sender = server.with_key(key["api_key"].as_str().expect("a key"));
    for body in [
        letter("nobody").with("subject", ""),
        letter("ann@example.org").with("text_template", "{{unknown}}"),
        letter("ann@example.org").with("sender_email", "news@elsewhere.example"),
        letter("ann@example.org").with("send_at", in_seconds(40 * 24 * 3600)),
        letter("ann@example.org").with("expires_at", in_seconds(-10)),
        letter("ann@example.org").with("unknown", 1),
    ] {
        let (real, tried) = (sender.mail(&body).await, sender.post(PATH, &body).await);
        assert_eq!(tried.status, real.status, "{}", tried.text());
        let (real, tried) = (real.json(), tried.json());
        for part in ["error_type", "message", "details", "errors"] {
            assert_eq!(tried[part], real[part]);
        }
    }
    let unknown = server.anonymous().key("mmms_unknown");
    let answer = unknown.post(PATH, &letter("ann@example.org")).await;
    answer.error(401, "authentication_error");
    let empty = sender.clone().idempotency_key("");
    let answer = empty.post(PATH, &letter("ann@example.org")).await;
    assert_eq!(answer.faults().len(), 1);
}

async fn a_dry_run_does_not_know_idempotency_keys(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("one");
    let body = letter("ann@example.org");
    try_out(&sender, &body).await;
    let first = sender.mail(&body).await;
    assert_eq!(first.header("idempotency-replayed"), None);
    first.data(200);
    // Another body with the same key is a conflict only when it is sent.
    let other = letter("bob@example.org");
    let data = try_out(&sender, &other).await;
    assert_eq!(data["accepted"], json!([0]));
    sender.mail(&other).await.error(409, "idempotency_conflict");
}

async fn repeated_addresses_are_named(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let mails = [
        "ann@example.org",
        "bob@example.org",
        "ann@EXAMPLE.org",
        "ann@example.org",
    ];
    let recipients: Value = mails.iter().map(|mail| json!({ "mail": mail })).collect();
    let data = try_out(&sender, &addressed(&recipients)).await;
    assert_eq!(data["repeated"], json!([2, 3]));
    assert_eq!(
        data["accepted"],
        json!([0, 1, 2, 3]),
        "each gets a mail of its own"
    );
}

async fn management_needs_no_key(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", "a-token-of-the-administrator")
        .start()
        .await;
    let body = letter("ann@example.org");
    try_out(&server.management(), &body).await;
    let answer = server.management().mail(&body).await;
    answer.error(401, "authentication_error");
    for stranger in [
        server.anonymous(),
        server.anonymous().bearer("a-wrong-token-of-somebody"),
    ] {
        let answer = stranger.post(PATH, &body).await;
        answer.error(401, "authentication_error");
    }
    // Where there is a key, its rules hold.
    let key = server.new_key(json!({ "senders": ["@example.net"] })).await;
    let with_both = server
        .management()
        .key(key["api_key"].as_str().expect("a key"));
    let answer = with_both.post(PATH, &body).await;
    answer.error(403, "authorization_error");
    assert_eq!(rows(&database).await, [0; 6]);
}

async fn only_true_is_a_dry_run(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org");
    for bad in ["1", "True", "yes", ""] {
        let answer = sender.post(&format!("/v1/mail?dry_run={bad}"), &body).await;
        answer.only_fault("dry_run");
    }
    assert_eq!(server.mailbox().total().await, 0);
    let data = sender.post("/v1/mail?dry_run=false", &body).await.data(200);
    assert!(data["message_id"].is_string());
    assert_eq!(server.mailbox().total().await, 1);
}

async fn the_end_is_estimated_from_the_rate(database: Database) {
    let server = Server::on(&database)
        .env("MAX_SEND_RATE", "10")
        .start()
        .await;
    let sender = server.sender().await;
    let now = Value::from(in_seconds(0));
    let data = try_out(&sender, &mailing(600)).await;
    let takes = seconds_between(&now, &data["done_at"]);
    assert!((59.0..75.0).contains(&takes), "{takes}");
    let send_at = Value::from(in_seconds(3600));
    let body = mailing(600).with("send_at", send_at.clone());
    let data = try_out(&sender, &body).await;
    let takes = seconds_between(&send_at, &data["done_at"]);
    assert!((takes - 60.0).abs() < 0.01, "{takes}");
    // What is planned does not wait before other mail.
    sender.mail(&body).await.data(202);
    let now = Value::from(in_seconds(0));
    let data = try_out(&sender, &letter("ann@example.org")).await;
    assert!(seconds_between(&now, &data["done_at"]) < 5.0, "{data}");
}

async fn a_large_mail_is_shortened(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org")
        .with("sender_organisation_name", "\"é".repeat(500))
        .with("html_template", "{{sender_organisation_name}}".repeat(1000))
        .with("text_template", "{{sender_organisation_name}}".repeat(1000));
    let answer = sender.post(PATH, &body).await;
    let data = answer.data(200);
    assert_eq!(data["first"]["shortened"], true);
    assert!(
        data["largest_bytes"].as_u64() > Some(2_000_000),
        "{}",
        data["largest_bytes"]
    );
    let asked = body.to_string().len();
    assert!(
        answer.bytes.len() < asked + 64 * 1024,
        "{} for {asked}",
        answer.bytes.len()
    );
}
