//! SIGKILL at each step of a delivery: nothing is lost.

use std::collections::BTreeSet;

use e2e::{Database, Receiver, Server, eventually, mailing, on_both_databases};

use crate::{all_sent, hook_to};

on_both_databases!(
    killed_after_the_claim,
    killed_after_the_post,
    killed_after_the_record,
);

const RECIPIENTS: usize = 20;

async fn killed_after_the_claim(database: Database) {
    killed_at("webhook-claimed", database).await;
}

async fn killed_after_the_post(database: Database) {
    killed_at("webhook-posted", database).await;
}

async fn killed_after_the_record(database: Database) {
    killed_at("webhook-recorded", database).await;
}

async fn killed_at(point: &str, database: Database) {
    let receiver = Receiver::start().await;
    let mut server = Server::on(&database).start().await;
    let hook = hook_to(&server, &receiver).await;
    let sender = server.new_key(serde_json::json!({})).await;
    let key = sender["api_key"].as_str().expect("a key").to_owned();
    server.stop().await;
    let mut dying = Server::on(&database)
        .env("MMMS_FAIL_POINT", &format!("{point}@2"))
        .start()
        .await;
    // The answer may be lost with the process.
    let sent = dying
        .with_key(&key)
        .try_post("/v1/mail", &mailing(RECIPIENTS))
        .await;
    assert!(sent.is_ok(), "a mailing is answered before it is sent");
    dying.program().ended().await;
    dying.kill().await;
    server.start().await;
    // The time for which the dead process holds what it has claimed.
    eventually("everything has arrived", || async {
        let expired = "UPDATE webhook_delivery SET lease_until = 1 WHERE lease_until IS NOT NULL AND tries = 0";
        if receiver.messages().len() < RECIPIENTS {
            server.database().execute(expired).await;
        }
        let ids: BTreeSet<String> = receiver
            .messages()
            .iter()
            .map(|message| message.id().to_owned())
            .collect();
        if ids.len() == RECIPIENTS { Ok(()) } else { Err(ids.len()) }
    })
    .await;
    for message in receiver.messages() {
        message.is_signed_with(&hook.secret);
    }
    let expired = "UPDATE webhook_delivery SET lease_until = 1 WHERE lease_until IS NOT NULL";
    server.database().execute(expired).await;
    all_sent(&server).await;
}
