//! `HOST` other than loopback: nothing is open by default.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::process::Program;
use e2e::{Database, Server, on_both_databases};

// A function does not listen on a host.
on_both_databases!(
    beyond_loopback_the_mailbox_needs_the_admin_token,
    beyond_loopback_management_without_a_token_is_closed,
);

const TOKEN: &str = "a-token-of-the-administrator";
const PATHS: [&str; 2] = ["/mailbox", "/mailbox/api/messages"];

fn basic(user: &str, password: &str) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{user}:{password}"))
    )
}

async fn beyond_loopback_the_mailbox_needs_the_admin_token(database: Database) {
    let server = Server::on(&database)
        .env("HOST", "0.0.0.0")
        .env("MAIL_TRANSPORT", "mailbox")
        .env("ADMIN_TOKEN", TOKEN)
        .start()
        .await;
    for path in PATHS {
        let anonymous = server.anonymous();
        let answer = anonymous.get(path).await;
        answer.error(401, "authentication_error");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(
            challenge.starts_with("Basic"),
            "a browser asks for the token: {challenge}"
        );
        for wrong in [
            basic("admin", "wrong"),
            basic(TOKEN, ""),
            "Bearer wrong".to_owned(),
        ] {
            let answer = anonymous
                .clone()
                .with("authorization", &wrong)
                .get(path)
                .await;
            answer.error(401, "authentication_error");
        }
        for right in [
            basic("admin", TOKEN),
            basic("", TOKEN),
            format!("Bearer {TOKEN}"),
        ] {
            let answer = anonymous
                .clone()
                .with("authorization", &right)
                .get(path)
                .await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }
    }
    let deletion = server.anonymous().delete("/mailbox/api/messages").await;
    deletion.error(401, "authentication_error");
    let health = server.anonymous().get("/v1/health").await;
    assert_eq!(health.status, 200);
}

async fn beyond_loopback_management_without_a_token_is_closed(database: Database) {
    let server = Server::on(&database)
        .env("HOST", "0.0.0.0")
        .env("MAIL_TRANSPORT", "mailbox")
        .start()
        .await;
    for caller in [server.anonymous(), server.anonymous().bearer("")] {
        caller
            .get("/v1/api-key")
            .await
            .error(401, "authentication_error");
        caller
            .get("/v1/mail")
            .await
            .error(401, "authentication_error");
        for path in PATHS {
            caller.get(path).await.error(401, "authentication_error");
        }
    }
    let said = server.program().stdout().join("\n");
    assert!(!said.contains("Management"), "{said}");
}

#[tokio::test]
async fn beyond_loopback_the_transport_must_be_given() {
    let database = Database::sqlite();
    let environment = [
        ("DATABASE_URL".to_owned(), database.url().to_owned()),
        ("PORT".to_owned(), "0".to_owned()),
        ("HOST".to_owned(), "0.0.0.0".to_owned()),
        ("ADMIN_TOKEN".to_owned(), TOKEN.to_owned()),
    ];
    let run = Program::run("api", &[], &environment, database.folder()).await;
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("MAIL_TRANSPORT"), "{}", run.stderr);
}
