//! `POST /v1/erase` and retention: data that is no longer needed is removed.

use std::time::Duration;

use e2e::letter::addressed;
use e2e::{Caller, Database, Server, With, eventually, everywhere, letter, mailing};
use serde_json::{Value, json};

everywhere!(
    an_erased_address_is_nowhere,
    others_of_the_same_mailing_stay,
    a_mailing_that_has_not_ended_waits,
    bodies_go_a_day_after_the_end_and_addresses_after_retention,
    an_idempotency_key_is_free_after_a_day,
    a_mailing_under_way_keeps_everything,
);

const HOUR: Duration = Duration::from_hours(1);

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn erase(server: &Server, address: &str) -> Value {
    let body = json!({ "mail": address });
    server.management().post("/v1/erase", &body).await.data(200)
}

async fn an_erased_address_is_nowhere(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let entry = json!({
        "mail": "Ann.Lee@example.org",
        "name": "Name0Word",
        "company": "Company0Word",
        "variables": { "word": "Variable0Word" },
        "headers": { "X-Word": "Header0Word" },
    });
    let single = addressed(&json!([entry]))
        .with("subject", "{{mail}}")
        .with("text_template", "Text0Word {{word}} to ann.lee@example.org");
    let sent = sender.clone().idempotency_key("one").mail(&single).await;
    sent.data(200);
    let many = addressed(&json!([entry, { "mail": "bob@example.org" }]));
    let queued = sender.mail(&many).await.data(202);
    for field in ["cc", "bcc", "reply_to"] {
        let named = json!([{ "mail": "ann.lee@example.org", "name": "Name0Word" }]);
        let body = letter("cid@example.org").with(field, named);
        sender.mail(&body).await.data(200);
    }
    server.settled(text(&queued["id"])).await;
    assert!(
        !database
            .columns_with("ann.lee@example.org")
            .await
            .is_empty()
    );

    let data = erase(&server, "Ann.Lee@Example.ORG").await;
    assert_eq!(
        e2e::answer::keys(&data),
        ["mailings", "recipients", "waiting"]
    );
    assert_eq!(data["waiting"], 0, "{data}");
    assert_eq!(data["recipients"], 2, "{data}");
    for word in [
        "ann.lee@example.org",
        "Name0Word",
        "Company0Word",
        "Variable0Word",
        "Header0Word",
        "Text0Word",
    ] {
        assert_eq!(database.columns_with(word).await, [""; 0], "{word}");
    }
    let again = sender.idempotency_key("one").mail(&single).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert!(
        !again.text().to_lowercase().contains("ann.lee"),
        "{}",
        again.text()
    );
    assert_eq!(erase(&server, "ann.lee@example.org").await["recipients"], 0);
}

async fn others_of_the_same_mailing_stay(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(3)).await.data(202);
    let id = text(&data["id"]);
    server.settled(id).await;
    let erased = erase(&server, "recipient-1@example.org").await;
    assert_eq!(
        erased,
        json!({ "recipients": 1, "mailings": 1, "waiting": 0 })
    );
    let recipients = server.recipients(id).await;
    let addresses: Vec<_> = recipients.iter().map(|entry| &entry["recipient"]).collect();
    let kept = (
        json!("recipient-0@example.org"),
        json!("recipient-2@example.org"),
    );
    assert_eq!(addresses, [&kept.0, &json!(null), &kept.1]);
    assert!(
        recipients.iter().all(|entry| entry["status"] == "sent"),
        "the record stays"
    );
    assert_eq!(server.mailing(id).await["counts"]["sent"], 3);
}

async fn a_mailing_that_has_not_ended_waits(database: Database) {
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", "smtp://127.0.0.1:1")
        .start()
        .await;
    let sender = server.sender().await;
    let data = sender.mail(&mailing(2)).await.data(202);
    let erased = erase(&server, "recipient-0@example.org").await;
    assert_eq!(
        erased,
        json!({ "recipients": 0, "mailings": 0, "waiting": 1 })
    );
    let recipients = server.recipients(text(&data["id"])).await;
    assert_eq!(recipients[0]["recipient"], "recipient-0@example.org");
}

async fn gone(database: &Database, word: &str) {
    eventually(&format!("{word} goes"), || async {
        let columns = database.columns_with(word).await;
        if columns.is_empty() {
            Ok(())
        } else {
            Err(columns)
        }
    })
    .await;
}

async fn resend(caller: &Caller, id: &str) -> e2e::Answer {
    let path = format!("/v1/mail/{id}/resend");
    caller.post(&path, &json!({ "status": "failed" })).await
}

async fn bodies_go_a_day_after_the_end_and_addresses_after_retention(database: Database) {
    let server = Server::on(&database)
        .env("SWEEP_SECONDS", "1")
        .env("RETENTION_DAYS", "10")
        .start()
        .await;
    let sender = server.sender().await;
    let entries = json!([
        { "mail": "ann@example.org", "variables": { "word": "Variable0Word" } },
        { "mail": "bob@example.org", "variables": { "word": "" }, "headers": { "X-Word": "Header0Word" } },
    ]);
    let body = addressed(&entries)
        .with("text_template", "Text0Word {{word}}")
        .with(
            "attachments",
            json!([{ "filename": "File0Word", "content": "AAAA" }]),
        );
    let data = sender.mail(&body).await.data(202);
    let id = text(&data["id"]);
    server.settled(id).await;
    database.all_ended().await;

    database.age(20 * HOUR).await;
    // The sweep has run since, because it has noted the end of another mailing.
    let named = json!([{ "mail": "answers@example.org", "name": "Name0Word" }]);
    let later = letter("cid@example.org").with("reply_to", named);
    let later = sender.mail(&later).await.data(200);
    database.all_ended().await;
    assert!(
        !database.columns_with("Text0Word").await.is_empty(),
        "a day's grace"
    );

    database.age(5 * HOUR).await;
    for word in ["Text0Word", "Variable0Word", "Header0Word", "File0Word"] {
        gone(&database, word).await;
    }
    resend(&sender, id).await.error(410, "gone");
    let recipients = server.recipients(id).await;
    assert_eq!(
        recipients[0]["recipient"], "ann@example.org",
        "addresses stay for now"
    );

    database.age(10 * 24 * HOUR).await;
    for word in [
        "ann@example.org",
        "bob@example.org",
        "cid@example.org",
        "Name0Word",
    ] {
        gone(&database, word).await;
    }
    let mailing = server.mailing(id).await;
    assert_eq!(mailing["counts"]["sent"], 2, "the record stays: {mailing}");
    assert_eq!(server.recipients(id).await[1]["recipient"], json!(null));
    assert_eq!(
        server.mailing(text(&later["id"])).await["counts"]["sent"],
        1
    );
}

async fn an_idempotency_key_is_free_after_a_day(database: Database) {
    let server = Server::on(&database)
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let sender = server.sender().await.idempotency_key("one");
    let body = letter("ann@example.org");
    sender.mail(&body).await.data(200);
    database.age(23 * HOUR).await;
    let again = sender.mail(&body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    database.age(2 * HOUR).await;
    let new = sender.mail(&body).await;
    new.data(200);
    assert_eq!(new.header("idempotency-replayed"), None);
    assert_eq!(server.mailbox().total().await, 2);
}

async fn a_mailing_under_way_keeps_everything(database: Database) {
    let server = Server::on(&database)
        .env("SWEEP_SECONDS", "1")
        .env("RETENTION_DAYS", "1")
        .env("MAIL_TRANSPORT", "smtp://127.0.0.1:1")
        .start()
        .await;
    let sender = server.sender().await;
    let body = mailing(2).with("text_template", "Text0Word");
    let data = sender
        .mail(&body.with("expires_at", e2e::times::in_seconds(10 * 86_400)))
        .await;
    let data = data.data(202);
    database.age(5 * 24 * HOUR).await;
    // Mail that has expired meanwhile is ended by the same sweep that would remove too much.
    let expired = sender.mail(&letter("bob@example.org")).await.data(202);
    let path = format!("/v1/mail/{}/cancel", text(&expired["id"]));
    eventually("a sweep sees an end", || async {
        sender.request(reqwest::Method::POST, &path).await.data(200);
        let ended = database
            .count("SELECT COUNT(*) FROM mailing WHERE ended_at IS NOT NULL")
            .await;
        if ended == 1 { Ok(()) } else { Err(ended) }
    })
    .await;
    assert!(!database.columns_with("Text0Word").await.is_empty());
    let recipients = server.recipients(text(&data["id"])).await;
    assert_eq!(recipients[0]["recipient"], "recipient-0@example.org");
}
