//! `GET /v1/mail/{id}/recipients/{index}`: one recipient, what became of it, and its mail.

use e2e::answer::keys;
use e2e::letter::addressed;
use e2e::times::in_seconds;
use e2e::{Database, Server, With, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    one_recipient_has_its_events_and_its_mail,
    a_planned_recipient_tells_its_next_attempt,
    a_large_mail_is_cut,
    what_was_removed_is_not_shown,
    who_is_not_there_is_not_found,
);

async fn one_recipient_has_its_events_and_its_mail(database: Database) {
    let server = Server::on(&database)
        .env("PUBLIC_URL", "https://mail.example.com")
        .start()
        .await;
    let sender = server.sender().await;
    let recipients = json!([
        {"mail": "ann@example.org", "name": "Ann", "emailRecipientId": "r-1"},
        {"mail": "bob@example.org", "name": "Bob <b>", "variables": {"code": 7}, "headers": {"X-Own": "for {{name}}"}},
    ]);
    let mut body = addressed(&recipients)
        .with("subject", json!("To {{name}}"))
        .with("html_template", json!("<p>{{name}}</p>"))
        .with("list", json!("news"));
    body["recipients"][0]["variables"] = json!({"code": 1});
    let body = body.with("text_template", json!("Code {{code}}"));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled(id).await;
    let path = format!("/v1/mail/{id}/recipients");
    for (index, listed) in server.recipients(id).await.iter().enumerate() {
        let one = sender.get(&format!("{path}/{index}")).await.data(200);
        for (field, value) in listed.as_object().expect("an object") {
            assert_eq!(&one[field], value, "{field}");
        }
        let own = ["content", "events", "next_attempt_at"];
        let more: Vec<&str> = keys(&one)
            .into_iter()
            .filter(|field| listed.get(field).is_none())
            .collect();
        assert_eq!(more, own);
        assert_eq!(one["next_attempt_at"], Value::Null);
        let events = one["events"].as_array().expect("events");
        assert_eq!(events.len(), 1);
        assert_eq!(
            (&events[0]["status"], &events[0]["index"]),
            (&json!("sent"), &json!(index))
        );
    }
    let content = sender.get(&format!("{path}/1")).await.data(200)["content"].clone();
    assert_eq!(
        (&content["subject"], &content["html"], &content["text"]),
        (
            &json!("To Bob <b>"),
            &json!("<p>Bob &lt;b&gt;</p>"),
            &json!("Code 7")
        )
    );
    let names = ["List-Unsubscribe", "List-Unsubscribe-Post", "X-Own"];
    assert_eq!(keys(&content["headers"]), names);
    assert_eq!(content["headers"]["X-Own"], "for Bob <b>");
    let link = content["headers"]["List-Unsubscribe"]
        .as_str()
        .expect("a link");
    let shown = link
        .trim_matches(['<', '>'])
        .replace("https://mail.example.com", "");
    assert_eq!(
        server.anonymous().get(&shown).await.status,
        404,
        "it is nobody's link"
    );
    assert_eq!(content["shortened"], false);
}

async fn a_planned_recipient_tells_its_next_attempt(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org").with("send_at", in_seconds(3600));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let one = sender
        .get(&format!("/v1/mail/{id}/recipients/0"))
        .await
        .data(200);
    let planned = sender.get(&format!("/v1/mail/{id}")).await.data(200)["send_at"].clone();
    assert_eq!(
        (&one["status"], &one["next_attempt_at"]),
        (&json!("queued"), &planned)
    );
    assert_eq!(one["events"], json!([]));
    assert_eq!(one["content"]["text"], "Good morning.");
}

async fn a_large_mail_is_cut(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let long = "x".repeat(1_000_000);
    let recipients = json!([{"mail": "ann@example.org", "variables": {"long": long}}]);
    let body = addressed(&recipients).with("text_template", json!("{{long}}".repeat(8)));
    let data = sender.mail(&body).await.data(200);
    let id = data["id"].as_str().expect("an id");
    let one = sender.get(&format!("/v1/mail/{id}/recipients/0")).await;
    assert!(one.bytes.len() < 5_000_000, "{}", one.bytes.len());
    let content = one.data(200)["content"].clone();
    assert_eq!(content["shortened"], true);
    assert_eq!(
        content["text"].as_str().map(str::len),
        Some(4 * 1024 * 1024)
    );
}

async fn what_was_removed_is_not_shown(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    let id = data["id"].as_str().expect("an id");
    let path = format!("/v1/mail/{id}/recipients/0");
    assert!(sender.get(&path).await.data(200)["content"].is_object());
    let body = json!({"mail": "ann@example.org"});
    server.management().post("/v1/erase", &body).await.data(200);
    let one = server.management().get(&path).await;
    let text = one.text();
    assert!(!text.contains("ann@"), "{text}");
    let one = one.data(200);
    assert_eq!(
        (&one["content"], &one["recipient"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(one["events"][0]["status"], "sent");
}

async fn who_is_not_there_is_not_found(database: Database) {
    let server = Server::on(&database).start().await;
    let (sender, other) = (server.sender().await, server.sender().await);
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    let id = data["id"].as_str().expect("an id");
    for index in ["1", "-1", "10000", "99999999999", "x", "0x0"] {
        let path = format!("/v1/mail/{id}/recipients/{index}");
        sender.get(&path).await.error(404, "not_found");
    }
    let path = format!("/v1/mail/{id}/recipients/0");
    other.get(&path).await.error(404, "not_found");
    let unknown = server.with_key("unknown").get(&path).await;
    unknown.error(401, "authentication_error");
}
