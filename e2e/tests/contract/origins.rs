//! Origins of browser keys: parsed, stored and compared.

use e2e::{Caller, Database, Server, everywhere, letter};
use serde_json::{Value, json};

everywhere!(
    origins_are_stored_normalised,
    what_is_no_origin_is_refused,
    a_request_carries_one_of_the_keys_origins,
    a_star_is_one_label,
    origins_are_added_and_removed,
    origins_need_senders,
);

async fn browser_key(server: &Server, origins: &[&str]) -> Value {
    let body = json!({ "origins": origins, "senders": ["@example.com"] });
    server.new_key(body).await
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

async fn allowed(caller: &Caller, origin: &str) -> bool {
    let answer = caller
        .clone()
        .origin(origin)
        .mail(&letter("ann@example.org"))
        .await;
    if answer.status != 200 {
        answer.error(403, "authorization_error");
    }
    answer.status == 200
}

async fn origins_are_stored_normalised(database: Database) {
    let server = Server::on(&database).start().await;
    for (given, stored) in [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        (
            "https://app.example.com:8443",
            "https://app.example.com:8443",
        ),
        ("app.example.com", "https://app.example.com"),
        ("app.example.com:8443", "https://app.example.com:8443"),
        ("https://*.Example.com", "https://*.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ] {
        let key = browser_key(&server, &[given]).await;
        assert_eq!(key["origins"], json!([stored]), "{given}");
    }
}

async fn what_is_no_origin_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = browser_key(&server, &["https://app.example.com"]).await;
    let path = format!("/v1/api-key/{}/origins", text(&key["id"]));
    for bad in [
        "",
        "*",
        "null",
        "https://*",
        "https://",
        "https://app.example.com/path",
        "https://app.example.com?query",
        "https://app.example.com#part",
        "https://user@app.example.com",
        "https://a*.example.com",
        "https://*.*.example.com",
        "https://app.*.com",
        "https://app.example.com:99999",
        "https://app example.com",
        "ftp://app.example.com",
        "javascript:alert(1)",
        "https://app.example.com\r\nX: y",
    ] {
        let body =
            json!({ "origins": ["https://ok.example.com", bad], "senders": ["@example.com"] });
        let answer = management.post("/v1/api-key", &body).await;
        answer.only_fault("origins.1");
        let body = json!({ "origins": ["https://ok.example.com", bad] });
        management.post(&path, &body).await.only_fault("origins.1");
    }
    let items = management.get("/v1/api-key").await.items();
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["origins"], json!(["https://app.example.com"]));
}

async fn a_request_carries_one_of_the_keys_origins(database: Database) {
    let server = Server::on(&database).start().await;
    let origins = ["https://app.example.com", "http://localhost:3000"];
    let key = browser_key(&server, &origins).await;
    let caller = server.with_key(text(&key["api_key"]));
    for good in [
        "https://app.example.com",
        "https://APP.example.com",
        "https://app.example.com:443",
        "app.example.com",
        "http://localhost:3000",
    ] {
        assert!(allowed(&caller, good).await, "{good}");
    }
    for bad in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://example.com",
        "https://evil.example.com",
        "https://app.example.com.evil.net",
        "https://app.example.com@evil.net",
        "http://localhost",
        "http://localhost:3001",
        "null",
        "*",
        "nonsense",
        server.url(),
    ] {
        assert!(!allowed(&caller, bad).await, "{bad}");
    }
    let without = caller.mail(&letter("ann@example.org")).await;
    without.error(403, "authorization_error");
}

async fn a_star_is_one_label(database: Database) {
    let server = Server::on(&database).start().await;
    let key = browser_key(&server, &["https://*.example.com"]).await;
    let caller = server.with_key(text(&key["api_key"]));
    for good in ["https://a.example.com", "https://B-2.example.com"] {
        assert!(allowed(&caller, good).await, "{good}");
    }
    for bad in [
        "https://example.com",
        "https://a.b.example.com",
        "http://a.example.com",
        "https://a.example.com:8443",
        "https://aexample.com",
        "https://.example.com",
        "https://*.example.com",
    ] {
        assert!(!allowed(&caller, bad).await, "{bad}");
    }
}

async fn origins_are_added_and_removed(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let key = browser_key(&server, &["https://one.example.com"]).await;
    let caller = server.with_key(text(&key["api_key"]));
    let path = format!("/v1/api-key/{}/origins", text(&key["id"]));
    let both = json!(["https://one.example.com", "https://two.example.com"]);
    for given in [
        "https://two.example.com",
        "two.example.com",
        "HTTPS://Two.example.com:443",
    ] {
        let body = json!({ "origins": [given] });
        let mut data = management.post(&path, &body).await.data(200);
        let origins = data["origins"].as_array_mut().expect("origins");
        origins.sort_by_key(ToString::to_string);
        assert_eq!(data["origins"], both, "{given}");
        assert_eq!(data["id"], key["id"]);
        assert!(data.get("api_key").is_none(), "{data}");
    }
    assert!(allowed(&caller, "https://two.example.com").await);

    let removal = format!(
        "/v1/api-key/{}/origins?origin=ONE.example.com",
        text(&key["api_key"])
    );
    let data = management.delete(&removal).await.data(200);
    assert_eq!(data["origins"], json!(["https://two.example.com"]));
    assert!(!allowed(&caller, "https://one.example.com").await);
    management.delete(&path).await.only_fault("origin");
    let answer = management.delete(&format!("{path}?origin=*")).await;
    answer.only_fault("origin");
    let none = management.post(&path, &json!({ "origins": [] })).await;
    assert!(none.status == 200 || none.faults() == ["origins"]);
}

async fn origins_need_senders(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let body = json!({ "origins": ["https://app.example.com"] });
    for senders in [json!(null), json!([])] {
        let mut body = body.clone();
        body["senders"] = senders;
        let faults = management.post("/v1/api-key", &body).await.faults();
        assert!(faults == ["senders"] || faults == ["origins"], "{faults:?}");
    }
    let key = server.new_key(json!({})).await;
    let path = format!("/v1/api-key/{}/origins", text(&key["id"]));
    let faults = management.post(&path, &body).await.faults();
    assert!(faults == ["senders"] || faults == ["origins"], "{faults:?}");
    let sender = server.with_key(text(&key["api_key"]));
    sender.mail(&letter("ann@example.org")).await.data(200);
}
