//! Suppressed addresses: the list, and what becomes of mail to them.

use e2e::answer::keys;
use e2e::times::in_seconds;
use e2e::{Caller, Database, Server, With, eventually, everywhere, letter, mailing};
use reqwest::Method;
use serde_json::{Value, json};

everywhere!(
    a_single_mail_to_a_suppressed_address_is_refused,
    a_mailing_leaves_suppressed_addresses_out,
    entries_are_listed_imported_and_removed,
    suppressed_copies_are_left_out_and_named,
    suppressed_copies_are_named_in_any_answer_about_an_attempt,
    copies_of_queued_mail_are_looked_up_when_it_is_sent,
    a_key_has_the_entries_of_its_own_lists,
    faulty_entries_are_refused_together,
    an_erased_address_stays_suppressed,
);

async fn suppress(caller: &Caller, body: &Value) -> Value {
    caller.post("/v1/suppressions", body).await.data(201)
}

async fn listed(caller: &Caller, query: &str) -> Vec<Value> {
    let path = format!("/v1/suppressions{query}");
    let page = caller.request(Method::GET, &path).await.data(200);
    page["items"].as_array().expect("a list").clone()
}

async fn a_single_mail_to_a_suppressed_address_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    suppress(&server.management(), &json!({"mail": "John@Example.com"})).await;
    let body = letter("john@example.com");
    let refused = sender.mail(&body).await.error(422, "recipient_suppressed");
    let details = refused["details"].as_str().expect("a reason");
    let id = details
        .split_whitespace()
        .last()
        .expect("an id")
        .trim_end_matches(')');
    assert!(details.starts_with("manual"), "{details}");
    assert!(!details.contains('@'), "{details}");
    let counts = server.mailing(id).await["counts"].clone();
    assert_eq!(counts["suppressed"], 1, "{counts}");
    let recipient = &server.recipients(id).await[0];
    assert_eq!(
        (&recipient["status"], &recipient["status_detail"]),
        (&"suppressed".into(), &"suppressed_manual".into())
    );
    // The answer is kept under an idempotency key.
    let once = sender.clone().idempotency_key("once");
    for replayed in [None, Some("true")] {
        let answer = once.mail(&body).await;
        assert_eq!(answer.header("idempotency-replayed"), replayed);
        answer.error(422, "recipient_suppressed");
    }
    sender.mail(&letter("jane@example.com")).await.data(200);
}

async fn a_mailing_leaves_suppressed_addresses_out(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = mailing(4);
    let of = |index: usize| body["recipients"][index]["mail"].clone();
    for index in [1, 3] {
        suppress(&server.management(), &json!({"mail": of(index)})).await;
    }
    let data = sender.mail(&body).await.data(202);
    assert_eq!(data["accepted"], 4);
    let id = data["id"].as_str().expect("an id");
    let counts = server.settled(id).await;
    assert_eq!(
        (&counts["sent"], &counts["suppressed"]),
        (&2.into(), &2.into()),
        "{counts}"
    );
    let total: u64 = counts
        .as_object()
        .expect("counts")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(total, 4, "{counts}");
}

/// Returns a mail with two copies of each kind.
fn with_copies() -> Value {
    letter("ann@example.org")
        .with("cc", json!(["bob@example.org", "cid@example.org"]))
        .with(
            "bcc",
            json!([{"mail": "Dan@example.org", "name": "Dan"}, "eve@example.org"]),
        )
}

/// Returns the kinds of the events of a mailing in their order, and the copies that they are about.
async fn events_of(server: &Server, id: &str, count: usize) -> Vec<(Value, Value)> {
    let events = eventually("the feed shows the events", || async {
        let mut events = server.management().get("/v1/events").await.items();
        events.retain(|event| event["id"] == id);
        if events.len() < count {
            Err(events)
        } else {
            Ok(events)
        }
    })
    .await;
    let events = events.iter();
    events
        .map(|event| (event["status"].clone(), event["copies"].clone()))
        .collect()
}

fn left_out() -> [(Value, Value); 2] {
    [
        (json!("copy_suppressed"), json!(["cc.1", "bcc.0"])),
        (json!("sent"), Value::Null),
    ]
}

async fn suppressed_copies_are_left_out_and_named(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await.idempotency_key("once");
    for mail in ["cid@EXAMPLE.org", "Dan@example.org"] {
        suppress(&server.management(), &json!({"mail": mail})).await;
    }
    let body = with_copies();
    let tried = sender.post("/v1/mail?dry_run=true", &body).await.data(200);
    assert_eq!(tried["suppressed_copies"], json!(["cc.1", "bcc.0"]));
    for replayed in [None, Some("true")] {
        let answer = sender.mail(&body).await;
        assert_eq!(answer.header("idempotency-replayed"), replayed);
        assert_eq!(
            answer.data(200)["suppressed_copies"],
            json!(["cc.1", "bcc.0"])
        );
    }
    let captured = server.mailbox().only_to("ann@example.org").await;
    assert_eq!(captured.header("cc"), ["bob@example.org"]);
    let message = &server.mailbox().to("ann@example.org").await[0];
    let hidden = message["bcc"].as_array().expect("a list");
    assert_eq!(
        (hidden.len(), &hidden[0]["mail"]),
        (1, &json!("eve@example.org"))
    );
    let id = sender.mail(&body).await.data(200)["id"].clone();
    let id = id.as_str().expect("an id");
    assert_eq!(events_of(&server, id, 2).await, left_out());
    // Other mail says nothing of it.
    let plain = server
        .sender()
        .await
        .mail(&letter("ann@example.org"))
        .await
        .data(200);
    assert_eq!(plain.get("suppressed_copies"), None);
}

async fn suppressed_copies_are_named_in_any_answer_about_an_attempt(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    suppress(&server.management(), &json!({"mail": "cid@example.org"})).await;
    for (to, status) in [
        ("unconfirmed@simulator.mmms.test", "unconfirmed"),
        ("deferred@simulator.mmms.test", "queued"),
    ] {
        let mut body = with_copies();
        body["recipients"] = json!([{"mail": to}]);
        let once = sender.clone().idempotency_key(to);
        for replayed in [None, Some("true")] {
            let answer = once.mail(&body).await;
            assert_eq!(answer.header("idempotency-replayed"), replayed);
            let data = answer.data(202);
            assert_eq!(data["status"], status);
            assert_eq!(data["suppressed_copies"], json!(["cc.1"]), "{data}");
        }
    }
    let sender = sender.with("prefer", "respond-async");
    let later = sender.mail(&with_copies()).await.data(202);
    assert_eq!(later.get("suppressed_copies"), None, "nothing is known yet");
}

async fn copies_of_queued_mail_are_looked_up_when_it_is_sent(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = with_copies().with("send_at", in_seconds(3600));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    for mail in ["cid@example.org", "dan@example.org"] {
        suppress(&server.management(), &json!({"mail": mail})).await;
    }
    let path = format!("/v1/mail/{id}/reschedule");
    sender
        .post(&path, &json!({"send_at": in_seconds(0)}))
        .await
        .data(200);
    server.settled(id).await;
    let captured = server.mailbox().only_to("ann@example.org").await;
    assert_eq!(captured.header("cc"), ["bob@example.org"]);
    assert_eq!(events_of(&server, id, 2).await, left_out());
}

async fn entries_are_listed_imported_and_removed(database: Database) {
    let server = Server::on(&database).start().await;
    let admin = server.management();
    let entries: Vec<Value> = (0..3)
        .map(|number| json!({"mail": format!("r{number}@example.org"), "reason": "bounce"}))
        .collect();
    let imported = admin
        .post("/v1/suppressions/import", &json!({"entries": entries}))
        .await
        .data(200);
    assert_eq!(imported, json!({"accepted": 3}));
    let first = suppress(&admin, &json!({"mail": "ann@example.org"})).await;
    assert_eq!(
        keys(&first),
        ["api_key_id", "created_at", "id", "list", "mail", "reason"]
    );
    let again = suppress(&admin, &json!({"mail": "ANN@example.org"})).await;
    assert_eq!(again, first, "nothing changes");
    let all = listed(&admin, "").await;
    assert_eq!((all.len(), &all[0]), (4, &first), "newest first");
    assert_eq!(listed(&admin, "?reason=bounce").await.len(), 3);
    assert_eq!(listed(&admin, "?mail=R1%40example.org").await.len(), 1);
    let path = "/v1/suppressions?limit=3";
    let page = admin.request(Method::GET, path).await.data(200);
    let next = page["next"].as_str().expect("a cursor");
    assert_eq!(
        listed(&admin, &format!("?limit=3&after={next}"))
            .await
            .len(),
        1
    );
    let path = format!("/v1/suppressions/{}", first["id"].as_str().expect("an id"));
    let removed = admin.request(Method::DELETE, &path).await.data(200);
    assert_eq!(removed["id"], first["id"]);
    admin
        .request(Method::DELETE, &path)
        .await
        .error(404, "not_found");
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
}

async fn a_key_has_the_entries_of_its_own_lists(database: Database) {
    let server = Server::on(&database).start().await;
    let (one, other) = (server.sender().await, server.sender().await);
    let entry = json!({"mail": "ann@example.org", "list": "news"});
    let own = suppress(&one, &entry).await;
    assert_eq!(own["list"], "news");
    suppress(&server.management(), &json!({"mail": "bob@example.org"})).await;
    assert_eq!(listed(&one, "").await, std::slice::from_ref(&own));
    assert!(listed(&other, "").await.is_empty());
    let path = format!("/v1/suppressions/{}", own["id"].as_str().expect("an id"));
    other
        .request(Method::DELETE, &path)
        .await
        .error(404, "not_found");
    one.request(Method::DELETE, &path).await.data(200);
    let everything = json!({"mail": "ann@example.org"});
    let refused = one.post("/v1/suppressions", &everything).await;
    assert_eq!(
        refused.error(400, "validation_error")["errors"][0]["field"],
        "list"
    );
    one.mail(&letter("ann@example.org")).await.data(200);
}

async fn faulty_entries_are_refused_together(database: Database) {
    let server = Server::on(&database).start().await;
    let admin = server.management();
    let faulty = json!({"entries": [
        {"mail": "ann@example.org"},
        {"mail": "none", "reason": "mood"},
        {"mail": "bob@example.org", "list": "News"},
        {"mail": "cy@example.org", "list": "news"},
        {"mail": "di@example.org", "note": "x"},
    ]});
    let refused = admin.post("/v1/suppressions/import", &faulty).await;
    let refused = refused.error(400, "validation_error");
    let fields: Vec<&str> = refused["errors"]
        .as_array()
        .expect("faults")
        .iter()
        .filter_map(|fault| fault["field"].as_str())
        .collect();
    for field in [
        "entries.1.mail",
        "entries.1.reason",
        "entries.2.list",
        "entries.3.api_key_id",
        "entries.4.note",
    ] {
        assert!(fields.contains(&field), "{field}: {fields:?}");
    }
    assert!(listed(&admin, "").await.is_empty(), "all or nothing");
}

async fn an_erased_address_stays_suppressed(database: Database) {
    let server = Server::on(&database).start().await;
    let admin = server.management();
    suppress(&admin, &json!({"mail": "ann@example.org"})).await;
    admin
        .post("/v1/erase", &json!({"mail": "ann@example.org"}))
        .await
        .data(200);
    let entries = listed(&admin, "").await;
    assert_eq!((entries.len(), &entries[0]["mail"]), (1, &Value::Null));
    let sender = server.sender().await;
    let answer = sender
        .mail(&letter("ann@example.org").with("email_id", "x"))
        .await;
    answer.error(422, "recipient_suppressed");
    assert_eq!(listed(&admin, "?mail=ann%40example.org").await.len(), 1);
}
