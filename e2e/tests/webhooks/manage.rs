//! The management of webhooks.

use e2e::answer::is_time;
use e2e::{Database, Server, SmtpServer, everywhere, on_both_databases};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{hook, text};

everywhere!(a_webhook_is_created_changed_and_deleted,);

on_both_databases!(
    all_faults_of_a_request_are_named,
    management_asks_for_the_token,
    in_production_no_address_inside_is_accepted,
);

async fn a_webhook_is_created_changed_and_deleted(database: Database) {
    let mut settings = Server::on(&database);
    if let Some(cloud) = database.cloud() {
        // Without these queues functions refuse webhooks.
        let queues = cloud.account.webhook_queues(60).await;
        settings = settings.envs(queues.variables());
    }
    let server = settings.start().await;
    let management = server.management();
    let key = server.new_key(json!({})).await;
    let body = json!({
        "url": "https://hooks.example.com/mail",
        "statuses": ["bounced", "complained", "bounced"],
        "api_key_id": key["id"],
    });
    let data = management.post("/v1/webhooks", &body).await.data(201);
    let secret = text(&data["secret"]);
    assert!(
        secret.starts_with("whsec_") && secret.len() > 40,
        "{secret}"
    );
    let webhook = &data["webhook"];
    assert_eq!(webhook["id"], data["id"]);
    assert_eq!(webhook["statuses"], json!(["bounced", "complained"]));
    assert_eq!(webhook["enabled"], true);
    assert!(is_time(&webhook["created_at"]));
    let other = hook(&server, json!({"url": "https://example.com/"})).await;

    let items = management.get("/v1/webhooks").await.items();
    let ids: Vec<&Value> = items.iter().map(|item| &item["id"]).collect();
    assert_eq!(ids, [&json!(other.id), &data["id"]]);
    let page = management.get("/v1/webhooks?limit=1").await;
    assert_eq!(page.items().len(), 1);
    let next = page.next().expect("another page");
    let rest = management
        .get(&format!("/v1/webhooks?limit=1&after={next}"))
        .await;
    assert_eq!(rest.items()[0]["id"], data["id"]);

    let changed = other
        .change(&server, json!({"statuses": ["sent"], "enabled": false}))
        .await;
    assert_eq!(changed["statuses"], json!(["sent"]));
    assert_eq!(
        (&changed["enabled"], &changed["disabled_reason"]),
        (&json!(false), &json!("requested"))
    );
    assert_eq!(changed["url"], "https://example.com/");
    let changed = other
        .change(
            &server,
            json!({"statuses": [], "url": "https://example.com/b"}),
        )
        .await;
    assert_eq!(
        (&changed["statuses"], &changed["url"]),
        (&json!([]), &json!("https://example.com/b"))
    );
    assert_eq!(other.get(&server).await, changed);
    let kinds: Vec<Value> = other
        .history(&server)
        .await
        .iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert_eq!(
        json!(kinds),
        json!(["created", "disabled", "changed", "changed"])
    );

    let path = other.path("");
    assert_eq!(
        management.delete(&path).await.data(200)["id"],
        json!(other.id)
    );
    management.get(&path).await.error(404, "not_found");
    management.delete(&path).await.error(404, "not_found");
    for rest in ["/rotate", "/test"] {
        let answer = management.post(&other.path(rest), &json!({})).await;
        answer.error(404, "not_found");
    }
    management
        .get(&other.path("/deliveries"))
        .await
        .error(404, "not_found");
    assert_eq!(management.get("/v1/webhooks").await.items().len(), 1);
    let log = server.logs().join("\n");
    assert!(!log.contains(&secret[6..]));
}

async fn all_faults_of_a_request_are_named(database: Database) {
    let server = Server::on(&database).start().await;
    let management = server.management();
    let body = json!({"url": "http://example.com", "statuses": ["sent", "opened"], "api_key_id": "x", "more": 1});
    let answer = management.post("/v1/webhooks", &body).await;
    answer.error(400, "validation_error");
    let faults = answer.faults();
    for path in ["url", "statuses.1", "api_key_id", "more"] {
        assert!(
            faults.iter().any(|fault| fault == path),
            "{path}: {faults:?}"
        );
    }
    management
        .post("/v1/webhooks", &json!({}))
        .await
        .only_fault("url");
    let nobody =
        json!({"url": "https://example.com", "api_key_id": "019c0000-0000-7000-8000-00000000000a"});
    management
        .post("/v1/webhooks", &nobody)
        .await
        .only_fault("api_key_id");
    let hook = hook(&server, json!({"url": "https://example.com/"})).await;
    let replay = hook.path("/replay");
    for body in [
        json!({}),
        json!({"since": "yesterday"}),
        json!({"since": "2026-01-01T00:00:00Z", "event_id": "019c0000-0000-7000-8000-00000000000a"}),
    ] {
        management
            .post(&replay, &body)
            .await
            .error(400, "validation_error");
    }
    let none = json!({"event_id": "019c0000-0000-7000-8000-00000000000a"});
    management.post(&replay, &none).await.only_fault("event_id");
    for after in ["1", "entry-", "entry-01", "entry--1"] {
        let path = hook.path(&format!("/deliveries?after={after}"));
        management.get(&path).await.error(400, "validation_error");
    }
}

async fn management_asks_for_the_token(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", "a-token-of-the-administrator")
        .start()
        .await;
    let hook = hook(&server, json!({"url": "https://example.com/"})).await;
    let key = server.sender().await;
    for caller in [server.anonymous(), key] {
        let answers = [
            caller.get("/v1/webhooks").await,
            caller
                .post("/v1/webhooks", &json!({"url": "https://example.com/"}))
                .await,
            caller.get(&hook.path("")).await,
            caller.request(Method::PATCH, &hook.path("")).await,
            caller.delete(&hook.path("")).await,
            caller.post(&hook.path("/rotate"), &json!({})).await,
            caller.post(&hook.path("/test"), &json!({})).await,
            caller.get(&hook.path("/deliveries")).await,
            caller.post(&hook.path("/replay"), &json!({})).await,
        ];
        for answer in answers {
            answer.error(401, "authentication_error");
        }
    }
}

async fn in_production_no_address_inside_is_accepted(database: Database) {
    let smtp = SmtpServer::start().await;
    let server = Server::through(&smtp, &database).start().await;
    for url in [
        "http://example.com/",
        "http://127.0.0.1:3000/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://user:secret@example.com/",
    ] {
        let answer = server
            .management()
            .post("/v1/webhooks", &json!({"url": url}))
            .await;
        answer.only_fault("url");
    }
}
