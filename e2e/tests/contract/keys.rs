//! API keys: created, imported, listed and revoked.

use e2e::answer::{is_text, is_time, keys};
use e2e::{Database, Server, everywhere, letter, mailing};
use serde_json::{Value, json};
use std::collections::HashSet;

everywhere!(
    a_new_key_is_shown_once,
    keys_are_random_behind_a_prefix,
    an_existing_key_can_be_brought_in,
    the_database_holds_no_key,
    a_key_is_revoked_by_itself_or_by_its_id,
    a_revoked_key_leaves_its_mail_unless_told_otherwise,
    an_unknown_key_cannot_be_changed,
    a_key_tells_its_kind_also_when_no_origin_is_left,
);

/// The fields of a key as its creation and its rotation show it. Only those show `api_key`.
pub const FIELDS: [&str; 11] = [
    "api_key",
    "created_at",
    "expires_at",
    "id",
    "kind",
    "limits",
    "lists_of",
    "name",
    "origins",
    "recipients",
    "senders",
];

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn a_new_key_is_shown_once(database: Database) {
    let server = Server::on(&database).start().await;
    let body = json!({
        "name": "The shop",
        "origins": ["https://shop.example.com"],
        "senders": ["@example.com", "shop@example.net"],
    });
    let key = server.new_key(body).await;
    assert_eq!(keys(&key), FIELDS);
    assert_eq!(key["name"], "The shop");
    assert_eq!(key["origins"], json!(["https://shop.example.com"]));
    assert_eq!(key["senders"], json!(["@example.com", "shop@example.net"]));
    assert!(is_text(&key["id"]) && is_time(&key["created_at"]), "{key}");

    let listing = server.management().get("/v1/api-key").await;
    let items = listing.items();
    assert_eq!(items.len(), 1);
    assert!(items[0].get("api_key").is_none(), "{}", items[0]);
    for field in FIELDS.into_iter().filter(|field| *field != "api_key") {
        assert_eq!(items[0][field], key[field], "{field}");
    }
    assert!(!listing.text().contains(text(&key["api_key"])));

    let bare = server.new_key(json!({})).await;
    assert!(bare["name"].is_null(), "{bare}");
    assert_eq!(
        (&bare["origins"], &bare["senders"]),
        (&json!([]), &json!([]))
    );
    let nulls = json!({ "name": null, "origins": null, "senders": null, "api_key": null });
    server.new_key(nulls).await;
}

async fn a_key_tells_its_kind_also_when_no_origin_is_left(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = server
        .new_key(json!({ "senders": ["@example.com"], "origins": [] }))
        .await;
    let kind = async || management.get("/v1/api-key").await.items()[0]["kind"].clone();
    assert_eq!(kind().await, "server");
    let path = format!("/v1/api-key/{}", text(&key["id"]));
    let origins = json!({ "origins": ["https://app.example.com"] });
    let added = management.post(&format!("{path}/origins"), &origins).await;
    assert_eq!(added.data(200)["kind"], "browser");
    let removal = format!("{path}/origins?origin=https://app.example.com");
    let removed = management.delete(&removal).await.data(200);
    assert_eq!(
        (&removed["kind"], &removed["origins"]),
        (&json!("browser"), &json!([]))
    );
    assert_eq!(kind().await, "browser");
    let revoked = management.delete(&path).await.data(200);
    assert_eq!(revoked["kind"], "browser");
}

async fn keys_are_random_behind_a_prefix(database: Database) {
    let server = Server::on(&database).start().await;
    let mut made = Vec::new();
    for _ in 0..20 {
        let key = server.new_key(json!({})).await;
        made.push(text(&key["api_key"]).to_owned());
    }
    let first = &made[0];
    let shared = (0..first.len())
        .take_while(|end| {
            made.iter()
                .all(|key| key.get(..=*end) == first.get(..=*end))
        })
        .count();
    assert!(shared >= 3, "no prefix in {made:?}");
    for key in &made {
        let random = &key[shared..];
        let alphabet: HashSet<_> = made.iter().flat_map(|key| key[shared..].chars()).collect();
        let bits = f64::from(u32::try_from(random.len()).expect("short"))
            * f64::from(u32::try_from(alphabet.len()).expect("small")).log2();
        assert!(bits >= 120.0, "about {bits} random bits in {key}");
        assert!(
            key.chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)),
            "{key}"
        );
    }
    assert_eq!(made.iter().collect::<HashSet<_>>().len(), 20);
}

async fn an_existing_key_can_be_brought_in(database: Database) {
    let server = Server::on(&database).start().await;
    let existing = "legacy/key=of-20+chars";
    let key = server.new_key(json!({ "api_key": existing })).await;
    assert_eq!(key["api_key"], existing);
    let body = letter("ann@example.org");
    server.with_key(existing).mail(&body).await.data(200);

    let management = server.management();
    let again = management
        .post("/v1/api-key", &json!({ "api_key": existing }))
        .await;
    again.only_fault("api_key");
    let short = json!({ "api_key": "nineteen-characters" });
    let answer = management.post("/v1/api-key", &short).await;
    answer.only_fault("api_key");
    for unusable in ["a-key-with-a-line\nbreak-in-it", "a-key-that-is-not-äscii"] {
        let body = json!({ "api_key": unusable });
        let answer = management.post("/v1/api-key", &body).await;
        answer.only_fault("api_key");
    }
}

async fn the_database_holds_no_key(database: Database) {
    let server = Server::on(&database).start().await;
    let made = server.new_key(json!({ "name": "visible name" })).await;
    let made = text(&made["api_key"]).to_owned();
    let brought = "brought-in-from-elsewhere-0001";
    server.new_key(json!({ "api_key": brought })).await;
    let rotate = format!("/v1/api-key/{brought}/rotate");
    let body = json!({ "grace_seconds": 60 });
    let rotated = server.management().post(&rotate, &body).await.data(200);
    let rotated = text(&rotated["api_key"]).to_owned();
    for key in [made.as_str(), brought, rotated.as_str()] {
        let sender = server.with_key(key).idempotency_key("one");
        sender.mail(&letter("ann@example.org")).await.data(200);
        assert_eq!(database.columns_with(key).await, [""; 0]);
        let half = &key[key.len() / 2..];
        assert_eq!(database.columns_with(half).await, [""; 0]);
    }
    let found = database.columns_with("visible name").await;
    assert!(!found.is_empty(), "the search finds what is there");
}

async fn a_key_is_revoked_by_itself_or_by_its_id(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    for by in ["api_key", "id"] {
        let key = server.new_key(json!({ "name": by })).await;
        let sender = server.with_key(text(&key["api_key"]));
        sender.mail(&letter("ann@example.org")).await.data(200);
        let path = format!("/v1/api-key/{}", text(&key[by]));
        let data = management.delete(&path).await.data(200);
        assert_eq!(data["id"], key["id"]);
        assert!(is_time(&data["revoked_at"]), "{data}");
        assert!(data.get("api_key").is_none(), "{data}");
        let answer = sender.mail(&letter("ann@example.org")).await;
        answer.error(401, "authentication_error");
        sender
            .get("/v1/mail")
            .await
            .error(401, "authentication_error");
        assert!(management.get("/v1/api-key").await.items().is_empty());
        management.delete(&path).await.error(404, "not_found");
    }
}

async fn a_revoked_key_leaves_its_mail_unless_told_otherwise(database: Database) {
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", "smtp://127.0.0.1:1")
        .start()
        .await;
    for (query, cancelled) in [
        ("", 0),
        ("?cancel_queued=false", 0),
        ("?cancel_queued=true", 3),
    ] {
        let key = server.new_key(json!({})).await;
        let sender = server.with_key(text(&key["api_key"]));
        let data = sender.mail(&mailing(3)).await.data(202);
        let id = text(&data["id"]);
        // During a hold no call is made, so that the whole mailing waits.
        e2e::eventually("everything waits", || async {
            let holds = "SELECT CAST(holds AS BIGINT) FROM pace";
            let held = database.count(holds).await > 0;
            let counts = server.mailing(id).await["counts"].clone();
            if held && counts["queued"] == 3 {
                Ok(())
            } else {
                Err(counts)
            }
        })
        .await;
        let path = format!("/v1/api-key/{}{query}", text(&key["id"]));
        server.management().delete(&path).await.data(200);
        assert_eq!(
            server.mailing(id).await["counts"]["cancelled"],
            cancelled,
            "{query}"
        );
    }
}

async fn an_unknown_key_cannot_be_changed(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let id = uuid::Uuid::now_v7().to_string();
    for unknown in ["nonsense", "%00", id.as_str()] {
        let path = format!("/v1/api-key/{unknown}");
        management.delete(&path).await.error(404, "not_found");
        let answer = management.post(&format!("{path}/rotate"), &json!({})).await;
        answer.error(404, "not_found");
        let origins = json!({ "origins": ["https://example.com"] });
        let answer = management.post(&format!("{path}/origins"), &origins).await;
        answer.error(404, "not_found");
        let removal = format!("{path}/origins?origin=https://example.com");
        management.delete(&removal).await.error(404, "not_found");
    }
}
