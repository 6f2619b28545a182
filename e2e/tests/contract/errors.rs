//! The format of every error.

use e2e::{Answer, Database, Server, everywhere, letter};
use reqwest::Method;

everywhere!(
    malformed_json_is_a_validation_error,
    an_unknown_path_is_not_found,
    a_wrong_method_names_the_right_ones,
    another_media_type_is_refused,
    an_id_that_is_none_is_not_found,
    a_bad_page_is_a_validation_error,
    every_answer_has_a_request_id_of_its_own,
    browsers_are_told_to_use_tls_where_there_is_some,
);

async fn browsers_are_told_to_use_tls_where_there_is_some(database: Database) {
    for (url, expected) in [
        (None, None),
        (Some("http://mail.example.com"), None),
        (Some("https://mail.example.com"), Some("max-age=31536000")),
    ] {
        let mut server = Server::on(&database);
        if let Some(url) = url {
            server = server.env("PUBLIC_URL", url);
        }
        let server = server.start().await;
        for path in [
            "/v1/health",
            "/v1/api-keys",
            "/docs",
            "/console",
            "/nowhere",
        ] {
            let answer = server.anonymous().get(path).await;
            let found = answer.header("strict-transport-security");
            assert_eq!(found, expected, "{path} {url:?}");
        }
    }
}

async fn malformed_json_is_a_validation_error(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    for body in [
        "",
        "{",
        "[]",
        "\"mail\"",
        "null",
        "{\"recipients\": [}",
        "{} {}",
        "\u{0}",
    ] {
        let answer = json(&sender, body).await;
        answer.error(400, "validation_error");
    }
    let answer = sender
        .post_bytes("/v1/mail", "application/json", [b'"', 0xff, 0xfe, b'"'])
        .await;
    answer.error(400, "validation_error");
}

async fn json(caller: &e2e::Caller, body: &str) -> Answer {
    caller
        .post_bytes("/v1/mail", "application/json", body.as_bytes())
        .await
}

async fn an_unknown_path_is_not_found(database: Database) {
    let server = Server::on(&database).start().await;
    for path in ["/", "/v1", "/v1/mails", "/v2/mail", "/v1/mail/"] {
        let answer = server.anonymous().get(path).await;
        if path == "/" && answer.status < 400 {
            continue;
        }
        answer.error(404, "not_found");
    }
    let answer = server
        .anonymous()
        .post("/v1/nothing", &letter("a@example.org"))
        .await;
    answer.error(404, "not_found");
}

async fn a_wrong_method_names_the_right_ones(database: Database) {
    let server = Server::on(&database).start().await;
    for (method, path, allowed) in [
        (Method::PUT, "/v1/mail", &["GET", "POST"][..]),
        (Method::DELETE, "/v1/health", &["GET"]),
        (Method::POST, "/v1/ready", &["GET"]),
        (Method::PATCH, "/v1/api-key", &["GET", "POST"]),
        (Method::GET, "/v1/erase", &["POST"]),
        (Method::GET, "/v1/api-key/some-key/rotate", &["POST"]),
        (
            Method::PUT,
            "/v1/api-key/some-key/origins",
            &["DELETE", "POST"],
        ),
    ] {
        let answer = server.anonymous().request(method.clone(), path).await;
        answer.error(405, "method_not_allowed");
        let allow = answer.header("allow").expect("an Allow header");
        let mut allow: Vec<_> = allow.split(',').map(str::trim).collect();
        allow.retain(|method| !["HEAD", "OPTIONS"].contains(method));
        allow.sort_unstable();
        assert_eq!(allow, allowed, "{method} {path}");
    }
}

async fn another_media_type_is_refused(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let body = letter("ann@example.org").to_string();
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
    ] {
        let answer = sender
            .post_bytes("/v1/mail", media_type, body.clone())
            .await;
        answer.error(415, "unsupported_media_type");
        let management = server.management();
        let answer = management.post_bytes("/v1/api-key", media_type, "{}").await;
        answer.error(415, "unsupported_media_type");
    }
    for media_type in ["application/json", "application/json; charset=utf-8"] {
        let answer = sender
            .post_bytes("/v1/mail", media_type, body.clone())
            .await;
        answer.data(200);
    }
}

async fn an_id_that_is_none_is_not_found(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let unknown = uuid::Uuid::now_v7().to_string();
    for id in [
        "1",
        "nonsense",
        "%00",
        "%F0%9F%92%8C",
        "a%2Fb",
        unknown.as_str(),
    ] {
        for caller in [&sender, &server.management()] {
            for path in [
                format!("/v1/mail/{id}"),
                format!("/v1/mail/{id}/recipients"),
            ] {
                caller.get(&path).await.error(404, "not_found");
            }
            let cancel = format!("/v1/mail/{id}/cancel");
            let answer = caller.request(Method::POST, &cancel).await;
            answer.error(404, "not_found");
            let resend = format!("/v1/mail/{id}/resend");
            let body = serde_json::json!({ "status": "failed" });
            caller.post(&resend, &body).await.error(404, "not_found");
        }
    }
}

async fn a_bad_page_is_a_validation_error(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    let recipients = format!(
        "/v1/mail/{}/recipients",
        data["id"].as_str().expect("an id")
    );
    for path in ["/v1/mail", recipients.as_str()] {
        for limit in ["0", "101", "-1", "many", "1.5"] {
            let answer = sender.get(&format!("{path}?limit={limit}")).await;
            answer.only_fault("limit");
        }
        for cursor in ["nonsense", "%00", "-1", "AAAA"] {
            let answer = sender.get(&format!("{path}?after={cursor}")).await;
            answer.only_fault("after");
        }
    }
    // Cursors that no page has ever returned as its `next`.
    for cursor in [
        "index-",
        "index-007",
        "index-%2B1",
        "index--1",
        "index-10000",
    ] {
        let answer = sender.get(&format!("{recipients}?after={cursor}")).await;
        answer.only_fault("after");
    }
    let management = server.management();
    let answer = management.get("/v1/api-key?limit=101").await;
    answer.only_fault("limit");
    let answer = management.get("/v1/api-key?after=nonsense").await;
    answer.only_fault("after");
}

async fn every_answer_has_a_request_id_of_its_own(database: Database) {
    let server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let answers = [
        sender.get("/v1/health").await,
        sender.get("/v1/ready").await,
        sender.mail(&letter("ann@example.org")).await,
        sender.get("/v1/mail").await,
        sender.get("/v1/nowhere").await,
        sender.request(Method::PUT, "/v1/mail").await,
        server.anonymous().get("/v1/mail/x").await,
        sender.options("/v1/mail").await,
        sender.get("/openapi.yaml").await,
        sender.get("/openapi.json").await,
        sender.get("/docs").await,
        sender.get("/mailbox").await,
        sender.get("/mailbox/api/messages").await,
    ];
    let mut seen = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let id = answer.header("x-request-id");
        let id = id.unwrap_or_else(|| panic!("answer {index} has no request id"));
        uuid::Uuid::parse_str(id).expect("without a gateway the id is a UUID");
        seen.push(id);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), answers.len());
}
