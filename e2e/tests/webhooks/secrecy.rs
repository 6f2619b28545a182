//! Nothing goes into the network of the service, and no secret goes anywhere.

use std::fs;

use e2e::{Database, Receiver, Server, SmtpServer, on_both_databases};
use serde_json::json;

use crate::{hook, hook_to, send, skip_the_wait, text};

on_both_databases!(
    a_name_that_means_this_machine_is_not_connected_to,
    a_secret_is_in_no_log_and_not_in_the_database,
);

/// The name was public when the webhook was created, as far as anyone could tell, and means this machine now.
async fn a_name_that_means_this_machine_is_not_connected_to(database: Database) {
    let smtp = SmtpServer::start().await;
    let receiver = Receiver::start().await;
    let server = Server::through(&smtp, &database).start().await;
    let hook = hook(&server, json!({"url": "https://example.com/"})).await;
    let port = receiver
        .url()
        .split(':')
        .nth(2)
        .map(|rest| rest.replace("/hook?tenant=1", ""));
    let port = port.expect("a port");
    for (number, host) in (1..).zip(["localhost", "127.0.0.1", "0.0.0.0", "[::1]"]) {
        for scheme in ["https", "http"] {
            let url = format!("{scheme}://{host}:{port}/");
            let moved = format!("UPDATE webhook SET url = '{url}'");
            server.database().execute(&moved).await;
            let before = hook.tries(&server).await.len();
            if number == 1 && scheme == "https" {
                send(&server.sender().await, "ann@example.org").await;
            } else {
                server
                    .management()
                    .post(&hook.path("/test"), &json!({}))
                    .await
                    .data(202);
            }
            let tries = hook.tried(&server, before + 1).await;
            assert_eq!(tries[before]["failure"], "address_refused", "{url}");
        }
    }
    skip_the_wait(&server).await;
    assert_eq!(receiver.connections(), 0);
}

async fn a_secret_is_in_no_log_and_not_in_the_database(database: Database) {
    let server = Server::on(&database)
        .env("RUST_LOG", "trace")
        .env("LOG_FORMAT", "json")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&server, &receiver).await;
    let data = server
        .management()
        .post(&hook.path("/rotate"), &json!({}))
        .await
        .data(200);
    let secrets = [hook.secret.clone(), text(&data["secret"])];
    send(&server.sender().await, "ann@example.org").await;
    let tries = hook.tried(&server, 1).await;
    let signature = receiver.messages()[0]
        .header("webhook-signature")
        .to_owned();
    let shown = [
        hook.get(&server).await.to_string(),
        json!(tries).to_string(),
        server.management().get("/v1/webhooks").await.text(),
        server.logs().join("\n"),
    ];
    for secret in secrets {
        let bare = secret.strip_prefix("whsec_").expect("the prefix");
        for text in &shown {
            assert!(!text.contains(bare), "{text}");
        }
        assert!(database.columns_with(bare).await.is_empty());
    }
    let first = signature.split(' ').next().expect("a signature");
    assert!(!shown[3].contains(first), "a signature is logged");
    let kept = fs::read_dir(database.folder()).expect("the folder");
    for file in kept
        .filter_map(Result::ok)
        .filter(|file| file.path().is_file())
    {
        let bytes = fs::read(file.path()).unwrap_or_default();
        let secret = hook.secret.as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}
