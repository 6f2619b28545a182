//! Rules of keys besides their senders and origins: their recipients, their expiry and their last use; and their changes.

use std::time::Duration;

use e2e::answer::is_time;
use e2e::letter::addressed;
use e2e::{Answer, Database, Server, With, eventually, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    a_key_writes_to_its_recipients_only,
    each_field_is_changed_by_itself_and_null_removes_it,
    what_cannot_be_changed_is_refused_with_all_faults,
    an_expired_key_is_answered_like_an_unknown_one,
    the_last_use_of_a_key_is_told,
);

const ORIGIN: &str = "https://app.example.com";

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// Returns the paths that a refusal names.
#[track_caller]
fn refused(answer: &Answer) -> Vec<String> {
    let error = answer.error(403, "authorization_error");
    let faults = error["errors"].as_array().expect("errors");
    faults
        .iter()
        .map(|fault| text(&fault["field"]).to_owned())
        .collect()
}

async fn a_key_writes_to_its_recipients_only(database: Database) {
    let server = Server::on(&database).start().await;
    let body = json!({ "recipients": ["Inbox@Example.com", "@team.example"] });
    let key = server.new_key(body).await;
    assert_eq!(
        key["recipients"],
        json!(["inbox@example.com", "@team.example"])
    );
    let sender = server.with_key(text(&key["api_key"]));
    for good in ["inbox@example.com", "INBOX@EXAMPLE.COM", "any@team.example"] {
        sender.mail(&letter(good)).await.data(200);
    }
    for bad in [
        "other@example.com",
        "inbox+x@example.com",
        "any@sub.team.example",
    ] {
        let answer = sender.mail(&letter(bad)).await;
        assert_eq!(refused(&answer), ["recipients.0.mail"], "{bad}");
        assert!(!answer.text().contains(bad), "{}", answer.text());
    }
    let entry = |mail: &str| json!({ "mail": mail });
    let several = [
        entry("inbox@example.com"),
        entry("a@example.org"),
        entry("b@example.org"),
    ];
    let answer = sender.mail(&addressed(&json!(several))).await;
    assert_eq!(refused(&answer), ["recipients.1.mail", "recipients.2.mail"]);
    let copies = letter("inbox@example.com")
        .with("cc", json!(["any@team.example", "a@example.org"]))
        .with("bcc", json!([entry("b@example.org")]))
        .with("reply_to", json!(["a@example.org"]));
    assert_eq!(refused(&sender.mail(&copies).await), ["cc.1", "bcc.0"]);
    let many: Vec<_> = (0..150)
        .map(|number| entry(&format!("{number}@example.org")))
        .collect();
    assert_eq!(
        refused(&sender.mail(&addressed(&json!(many))).await).len(),
        100
    );
    assert_eq!(server.mailbox().total().await, 3);
}

async fn each_field_is_changed_by_itself_and_null_removes_it(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = server.new_key(json!({ "name": "before" })).await;
    let by_secret = format!("/v1/api-key/{}", text(&key["api_key"]));
    let path = format!("/v1/api-key/{}", text(&key["id"]));
    let listed = async || management.get("/v1/api-key").await.items()[0].clone();
    let mut expected = listed().await;
    let limits = json!({
        "requests_per_minute": 5,
        "recipients_per_minute": null,
        "recipients_per_day": null,
        "recipients_per_request": null,
    });
    let steps = [
        ("name", json!("after"), json!("after")),
        (
            "senders",
            json!(["A@Example.com"]),
            json!(["a@example.com"]),
        ),
        (
            "recipients",
            json!(["@example.org"]),
            json!(["@example.org"]),
        ),
        (
            "limits",
            json!({ "requests_per_minute": 5 }),
            limits.clone(),
        ),
        (
            "limits",
            json!({ "recipients_per_day": 9 }),
            limits.clone().with("recipients_per_day", 9),
        ),
        ("limits", json!({ "recipients_per_day": null }), limits),
        (
            "expires_at",
            json!("2999-01-01T01:00:00+01:00"),
            json!("2999-01-01T00:00:00.000Z"),
        ),
        ("name", Value::Null, Value::Null),
        ("senders", Value::Null, json!([])),
        ("recipients", Value::Null, json!([])),
        ("limits", Value::Null, Value::Null),
        ("expires_at", Value::Null, Value::Null),
    ];
    for (number, (field, given, shown)) in steps.into_iter().enumerate() {
        let path = if number % 2 == 0 { &path } else { &by_secret };
        let changed = management
            .patch(path, &json!({ field: given }))
            .await
            .data(200);
        expected[field] = shown;
        assert_eq!(changed, expected, "{field}");
        assert_eq!(listed().await, expected, "{field}");
    }
    let same = management.patch(&path, &json!({})).await.data(200);
    assert_eq!(same, expected);
}

async fn what_cannot_be_changed_is_refused_with_all_faults(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = server
        .new_key(json!({ "senders": ["@example.com"], "origins": [ORIGIN] }))
        .await;
    let path = format!("/v1/api-key/{}", text(&key["id"]));
    let faulty = json!({
        "name": 5,
        "senders": ["nobody"],
        "recipients": ["@example.org", "*@example.org"],
        "limits": { "requests_per_minute": 0, "recipients_per_request": 10_001, "per_hour": 5 },
        "origins": [],
        "expires_at": "tomorrow",
    });
    let mut places = management.patch(&path, &faulty).await.faults();
    places.sort_unstable();
    let expected = [
        "expires_at",
        "limits.per_hour",
        "limits.recipients_per_request",
        "limits.requests_per_minute",
        "name",
        "origins",
        "recipients.1",
        "senders.0",
    ];
    assert_eq!(places, expected);
    let past = json!({ "expires_at": "2020-01-01T00:00:00Z" });
    management
        .patch(&path, &past)
        .await
        .only_fault("expires_at");
    let made = management.post("/v1/api-key", &past).await;
    made.only_fault("expires_at");
    for senders in [json!([]), Value::Null] {
        let without = json!({ "senders": senders, "name": "unchanged" });
        management
            .patch(&path, &without)
            .await
            .only_fault("senders");
    }
    assert_eq!(
        management.get("/v1/api-key").await.items()[0]["name"],
        Value::Null
    );
    for unknown in ["nonsense", &uuid::Uuid::now_v7().to_string()] {
        let path = format!("/v1/api-key/{unknown}");
        management
            .patch(&path, &json!({}))
            .await
            .error(404, "not_found");
    }
    management.delete(&path).await.data(200);
    management
        .patch(&path, &json!({}))
        .await
        .error(404, "not_found");
}

async fn an_expired_key_is_answered_like_an_unknown_one(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let body = json!({
        "senders": ["@example.com"],
        "origins": [ORIGIN],
        "expires_at": "2999-01-01T00:00:00Z",
    });
    let key = server.new_key(body).await;
    assert_eq!(key["expires_at"], "2999-01-01T00:00:00.000Z");
    let page = server.with_key(text(&key["api_key"])).origin(ORIGIN);
    let allowed = "access-control-allow-origin";
    let sent = page.mail(&letter("ann@example.org")).await;
    sent.data(200);
    assert_eq!(sent.header(allowed), Some(ORIGIN));
    database.execute("UPDATE api_key SET expires_at = 1").await;
    let expired = page.mail(&letter("ann@example.org")).await;
    let unknown = server.with_key("an-unknown-key-of-nobody").origin(ORIGIN);
    let unknown = unknown.mail(&letter("ann@example.org")).await;
    let body = |answer: &Answer| {
        answer
            .error(401, "authentication_error")
            .without("request_id")
    };
    assert_eq!(body(&expired), body(&unknown));
    assert_eq!(expired.header("ratelimit"), None);
    eventually("its origin is forgotten", || async {
        let answer = page.mail(&letter("ann@example.org")).await;
        answer
            .header(allowed)
            .map_or(Ok(()), |origin| Err(origin.to_owned()))
    })
    .await;
    let path = format!("/v1/api-key/{}", text(&key["id"]));
    let listed = management.get("/v1/api-key").await.items();
    assert_eq!(listed[0]["expires_at"], "1970-01-01T00:00:00.001Z");
    management
        .patch(&path, &json!({ "expires_at": null }))
        .await
        .data(200);
    page.mail(&letter("ann@example.org")).await.data(200);
}

async fn the_last_use_of_a_key_is_told(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let used = async || management.get("/v1/api-key").await.items()[0]["last_used_at"].clone();
    let is_used = async || {
        eventually("the use is noted", || async {
            let used = used().await;
            if is_time(&used) { Ok(()) } else { Err(used) }
        })
        .await;
    };
    let sender = server.sender().await;
    assert_eq!(used().await, Value::Null);
    sender.mail(&letter("ann@example.org")).await.data(200);
    is_used().await;
    let first = used().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
    assert_eq!(used().await, first, "within the minute");
    let forget = "UPDATE api_key SET last_used_at = NULL";
    database.execute(forget).await;
    sender.get("/v1/mail").await.items();
    is_used().await;
    database.execute(forget).await;
    sender.mail(&letter("nobody")).await.faults();
    is_used().await;
    database.age(Duration::from_hours(1)).await;
    let old = used().await;
    sender.get("/v1/mail").await.items();
    eventually("a later use is noted", || async {
        let now = used().await;
        if now == old { Err(now) } else { Ok(()) }
    })
    .await;
}
