//! The deployed stack: deployed by the CDK, into an account of its own, and used through its outputs.

mod account;
mod fates;
mod logs;
mod mails;
mod webhooks;

use std::time::Duration;

use account::{Processes, nothing_is_left};
use e2e::aws::Account;
use e2e::{Caller, Stack, eventually};
use mails::Mails;
use serde_json::json;

const SENDER_DOMAIN: (&str, &str) = ("senderDomain", "example.com");
/// The mailing during which the stack is changed would take minutes at the first rate, and takes seconds at the second.
const RATE_BEFORE: (&str, &str) = ("maxSendRate", "25");
const RATE_AFTER: (&str, &str) = ("maxSendRate", "1000");
const CHANGED_MAILING: usize = 3_000;
const MAILING: usize = 500;
const POISON: &str = "{\"wake\": \"nobody\"";

#[tokio::test]
async fn the_stack_comes_delivers_changes_and_goes() {
    let account = Account::new();
    let mut stack = Stack::prepare(&account).await;
    let before = account.inventory().await;
    stack.deploy(&[SENDER_DOMAIN, RATE_BEFORE]).await;
    let deployed = account.inventory().await;
    account::is_complete(&before, &deployed);

    let token = account.secret_text(stack.output("AdminSecretName")).await;
    let service = Caller::new(stack.output("ApiUrl"));
    let management = service.clone().bearer(&token);
    let body = json!({ "name": "the deployed stack" });
    let key = management.post("/v1/api-key", &body).await.data(201);
    let key = key["api_key"].as_str().expect("a key");
    let mails = Mails::of(&account, service.clone().key(key), &stack);
    mails.one().await;
    let id = mails.begin(MAILING).await;
    mails.all_sent(&id, MAILING).await;
    assert_eq!(mails.mailed().await, 1 + MAILING);
    eventually(
        "SES's events have told that all was delivered",
        async || {
            let mailing = management.get(&format!("/v1/mail/{id}")).await.data(200);
            match mailing["counts"]["delivered"].as_u64() {
                Some(count) if count == MAILING as u64 => Ok(()),
                _ => Err(mailing["counts"].clone()),
            }
        },
    )
    .await;

    let secret = webhooks::events_arrive(&management, &mails).await;

    let dead = stack.output("DeadLetterQueueArn");
    let dead = account.queue_with_arn(dead).await;
    dead.source().await.send(POISON).await;
    let put_aside = eventually("the poison is put aside", async || {
        let messages = dead.receive(Duration::ZERO).await;
        messages.into_iter().next().ok_or("nothing")
    })
    .await;
    assert_eq!(put_aside.body(), Some(POISON));

    let id = mails.begin(CHANGED_MAILING).await;
    let settings = [SENDER_DOMAIN, RATE_AFTER, fates::RESULT_STATUSES];
    stack.deploy(&settings).await;
    let functions = account::functions(&account).await;
    for function in &functions {
        let rate = &function["Environment"]["Variables"]["MAX_SEND_RATE"];
        assert_eq!(rate, RATE_AFTER.1, "{function}");
    }
    account::has_a_role_for_the_service(&account, &functions).await;
    let processes = Processes::of(&account, &functions);
    let results = mails.all_sent(&id, CHANGED_MAILING).await;
    account::were_changed_amid(&functions, &results);
    let others = 1 + MAILING + webhooks::MAILING;
    assert_eq!(mails.mailed().await, others + CHANGED_MAILING);
    let sender = service.clone().key(key);
    let (told, link) = fates::are_told(&account, &management, &service, &sender, &mails).await;
    assert_eq!(mails.mailed().await, others + CHANGED_MAILING + told);

    for (page, mark) in [
        ("DocsUrl", "swagger-ui"),
        ("ConsoleUrl", "/console/assets/"),
    ] {
        let shown = Caller::new(stack.output(page)).get("").await;
        assert_eq!(shown.status, 200, "{page}");
        assert!(shown.text().contains(mark), "{page}");
    }
    let deleted = management.delete(&format!("/v1/api-key/{key}")).await;
    deleted.data(200);
    let private = [key, &token, &link, &secret, &format!("/v1/mail/{id}")];
    logs::tell_routes_and_nothing_else(&account, &private).await;

    stack.smoke().await;
    stack.destroy().await;
    nothing_is_left(&account, &before).await;
    processes.end(&account).await;
}
