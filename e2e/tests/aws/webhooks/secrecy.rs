//! What the function outside the network learns, and what logs tell.

use e2e::hook::{hook_to, text};
use e2e::{Cloud, Receiver, mailing};
use serde_json::{Value, json};

use super::{VISIBILITY, Webhooks};

#[tokio::test]
async fn no_secret_is_in_a_queue_or_a_log_and_the_function_logs_nothing_of_a_message() {
    let webhooks = Webhooks::of(Cloud::new().await, VISIBILITY, |settings| {
        settings.env("SWEEP_SECONDS", "1").env("RUST_LOG", "trace")
    })
    .await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    let rotated = server
        .management()
        .post(&hook.path("/rotate"), &json!({}))
        .await;
    let secrets = [hook.secret.clone(), text(&rotated.data(200)["secret"])];
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(3)).await.data(202);
    let all = |taken: &[Value]| taken.len() == 3;
    let messages = webhooks
        .queues
        .messages
        .take_until("the messages", all)
        .await;
    for message in &messages {
        webhooks.queues.messages.send(&message.to_string()).await;
    }
    webhooks.poster.source.set_enabled(true);
    receiver.received(3).await;
    let outcomes = webhooks
        .queues
        .outcomes
        .take_until("the outcomes", all)
        .await;
    for outcome in &outcomes {
        webhooks.queues.outcomes.send(&outcome.to_string()).await;
    }
    webhooks.outcomes.set_enabled(true);
    hook.tried(server, 3).await;
    let of_poster = webhooks.poster.function.logs().join("\n");
    let shown = [
        json!(messages).to_string(),
        json!(outcomes).to_string(),
        server.logs().join("\n"),
        of_poster.clone(),
    ];
    for secret in &secrets {
        let bare = secret.strip_prefix("whsec_").expect("the prefix");
        for text in &shown {
            assert!(!text.contains(bare), "{text}");
        }
    }
    assert!(of_poster.contains("messages posted"), "{of_poster}");
    for message in receiver.messages() {
        message.is_signed_with(&secrets[0]);
        message.is_signed_with(&secrets[1]);
        let recipient = text(&message.json()["data"]["recipient"]);
        let signature = message.header("webhook-signature").to_owned();
        for private in [&recipient, &signature, &receiver.url(), &"/hook".to_owned()] {
            assert!(!of_poster.contains(private.as_str()), "{of_poster}");
            let told = json!(outcomes).to_string();
            assert!(!told.contains(private.as_str()), "{told}");
        }
    }
}
