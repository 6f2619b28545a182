//! Management is open to holders of the admin token, or, if none is set, to this machine.

use e2e::{Caller, Database, Server, SmtpServer, eventually, everywhere, on_both_databases};
use reqwest::Method;
use serde_json::json;

everywhere!(a_token_closes_management_to_everybody_else);

on_both_databases!(
    management_is_closed_where_mail_can_leave,
    who_guesses_the_token_has_to_wait,
);

// No function runs on this machine.
on_both_databases!(without_a_token_management_is_open_to_this_machine_only);

const TOKEN: &str = "a-token-of-the-administrator";

/// Makes every management request, with a valid body.
async fn refused_everything(caller: &Caller) {
    let body = json!({});
    let answers = [
        caller.post("/v1/api-key", &body).await,
        caller.get("/v1/api-key").await,
        caller.patch("/v1/api-key/some-key", &body).await,
        caller.delete("/v1/api-key/some-key").await,
        caller.post("/v1/api-key/some-key/rotate", &body).await,
        caller
            .post("/v1/api-key/some-key/origins", &json!({ "origins": [] }))
            .await,
        caller
            .delete("/v1/api-key/some-key/origins?origin=https://example.com")
            .await,
        caller
            .post("/v1/erase", &json!({ "mail": "ann@example.org" }))
            .await,
        caller.get("/v1/mail").await,
        caller.get("/v1/mail/some-id").await,
        caller.get("/v1/mail/some-id/recipients").await,
        caller
            .request(Method::POST, "/v1/mail/some-id/cancel")
            .await,
        caller
            .post("/v1/mail/some-id/resend", &json!({ "status": "failed" }))
            .await,
    ];
    for answer in answers {
        answer.error(401, "authentication_error");
    }
}

async fn a_token_closes_management_to_everybody_else(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", TOKEN)
        .start()
        .await;
    let anonymous = server.anonymous();
    refused_everything(&anonymous).await;
    for wrong in [
        "",
        "wrong",
        "a-token-of-the-administrato",
        "a-token-of-the-administrator2",
    ] {
        refused_everything(&anonymous.clone().bearer(wrong)).await;
    }
    for header in [
        TOKEN.to_owned(),
        format!("Basic {TOKEN}"),
        "Bearer".to_owned(),
    ] {
        refused_everything(&anonymous.clone().with("authorization", &header)).await;
    }
    server.management().get("/v1/api-key").await.items();
    let lower = anonymous.with("authorization", &format!("bearer {TOKEN}"));
    lower.get("/v1/api-key").await.items();

    let sender = server.sender().await;
    let answer = sender.get("/v1/api-key").await;
    answer.error(401, "authentication_error");
    let answer = sender
        .post("/v1/erase", &json!({ "mail": "ann@example.org" }))
        .await;
    answer.error(401, "authentication_error");
}

async fn without_a_token_management_is_open_to_this_machine_only(database: Database) {
    let server = Server::on(&database).start().await;
    let anonymous = server.anonymous();
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "127.0.0.2"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            let caller = anonymous.clone().with("host", &host);
            caller.get("/v1/api-key").await.items();
        }
    }
    for host in [
        "example.com",
        "mmms.internal:8000",
        "127.0.0.1.example.com",
        "localhost.example.com",
        "192.168.1.5",
        "user@localhost",
        "localhost/x",
        "localhost:x",
        "127.1",
        "2130706433",
    ] {
        refused_everything(&anonymous.clone().with("host", host)).await;
    }
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("via", "1.1 a-proxy"),
        ("x-original-host", "example.com"),
        ("true-client-ip", "203.0.113.9"),
        ("cf-connecting-ip", "203.0.113.9"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://example.com"),
        ("origin", "http://localhost:1"),
    ] {
        refused_everything(&anonymous.clone().with(name, value)).await;
    }
}

async fn management_is_closed_where_mail_can_leave(database: Database) {
    let smtp = SmtpServer::start().await;
    // An empty variable counts as unset.
    let server = Server::through(&smtp, &database)
        .env("ADMIN_TOKEN", "")
        .start()
        .await;
    refused_everything(&server.anonymous()).await;
}

async fn who_guesses_the_token_has_to_wait(database: Database) {
    let server = Server::on(&database)
        .env("ADMIN_TOKEN", TOKEN)
        .start()
        .await;
    let guessing = server.anonymous().bearer("a-token-that-is-a-guess");
    let mut answer = guessing.get("/v1/api-key").await;
    let mut refused = 0;
    while answer.status == 401 {
        refused += 1;
        assert!(refused < 10_000, "guesses are answered for ever");
        answer = guessing.get("/v1/api-key").await;
    }
    answer.error(429, "rate_limit_exceeded");
    assert!(answer.header("retry-after").is_some());
    eventually("the right token opens again", || async {
        let answer = server.management().get("/v1/api-key").await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer.status)
        }
    })
    .await;
}
