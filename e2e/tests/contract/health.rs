//! `GET /v1/health` and `GET /v1/ready`.

use e2e::{Database, Server, eventually, everywhere};
use serde_json::json;

everywhere!(
    health_is_the_word_ok,
    ready_names_the_database_and_the_queue,
);

async fn health_is_the_word_ok(database: Database) {
    let server = Server::on(&database).start().await;
    let answer = server.anonymous().get("/v1/health").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "\"OK\""));
    let content_type = answer.header("content-type").unwrap_or_default();
    assert!(content_type.starts_with("application/json"));
}

async fn ready_names_the_database_and_the_queue(database: Database) {
    let server = Server::on(&database).start().await;
    let answer = server.anonymous().get("/v1/ready").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "database": "ok", "queue": "ok" }));
}

#[tokio::test]
async fn without_its_database_the_server_is_healthy_but_not_ready() {
    let database = Database::postgres().await;
    let server = Server::on(&database).start().await;
    database.vanish().await;
    let answer = eventually("readiness notices", || async {
        let answer = server.anonymous().get("/v1/ready").await;
        if answer.status == 503 {
            Ok(answer)
        } else {
            Err(answer.text())
        }
    })
    .await;
    answer.error(503, "service_unavailable");
    let body = answer.text().to_lowercase();
    assert!(body.contains("database"), "{body}");
    for internal in [
        "postgres",
        "sql",
        "mmms_",
        "127.0.0.1",
        "connection",
        "pool",
    ] {
        assert!(!body.contains(internal), "{internal} in {body}");
    }
    let health = server.anonymous().get("/v1/health").await;
    assert_eq!((health.status, health.text().as_str()), (200, "\"OK\""));
}

#[tokio::test]
async fn without_its_database_nothing_is_accepted_and_nothing_internal_is_told() {
    let database = Database::postgres().await;
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    database.vanish().await;
    let answer = sender.mail(&e2e::letter("ann@example.org")).await;
    answer.error(503, "service_unavailable");
    let body = answer.text().to_lowercase();
    for internal in ["postgres", "sql", "mmms_", "127.0.0.1", "pool"] {
        assert!(!body.contains(internal), "{internal} in {body}");
    }
    let captured = database.folder().join("mailbox");
    let messages = std::fs::read_dir(captured).map_or(0, Iterator::count);
    assert_eq!(messages, 0, "no ledger, no sending");
}
