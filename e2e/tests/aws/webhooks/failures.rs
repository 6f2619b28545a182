//! Receivers that fail, or that are gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use e2e::hook::{hook, hook_to, skip_the_wait};
use e2e::http::Reply;
use e2e::receiver::status;
use e2e::{Cloud, Receiver, eventually, mailing};
use serde_json::{Value, json};

use super::{Webhooks, ids_at};

#[tokio::test]
async fn what_fails_is_tried_again_after_five_seconds_and_signed_anew() {
    let webhooks = Webhooks::start("3600").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    receiver.answers_first(|| status(500), 200);
    let hook = hook_to(server, &receiver).await;
    let begun = Instant::now();
    webhooks
        .service
        .sender()
        .await
        .mail(&mailing(2))
        .await
        .data(202);
    let messages = receiver.received(3).await;
    let took = begun.elapsed();
    assert!((5..20).contains(&took.as_secs()), "{took:?}");
    webhooks.all_sent().await;
    let of_failed = |message: &&e2e::receiver::Message| message.id() == messages[0].id();
    let posted: Vec<_> = messages.iter().filter(of_failed).collect();
    assert_eq!(posted.len(), 2);
    for message in &posted {
        message.is_signed_with(&hook.secret);
    }
    assert_ne!(
        posted[0].header("webhook-signature"),
        posted[1].header("webhook-signature")
    );
    let tries = hook.tried(server, 3).await;
    let mut told: Vec<_> = tries
        .iter()
        .filter(|one| one["event_id"] == messages[0].id())
        .map(|one| (one["attempt"].clone(), one["http_status"].clone()))
        .collect();
    told.sort_by_key(|(attempt, _)| attempt.as_i64());
    assert_eq!(told, [(json!(1), json!(500)), (json!(2), json!(200))]);
}

#[tokio::test]
async fn gone_disables_the_webhook_and_nothing_more_is_posted() {
    let webhooks = Webhooks::start("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    receiver.answers(|_, _| status(410));
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(1)).await;
    let webhook = eventually("it is disabled", async || match hook.get(server).await {
        webhook if webhook["enabled"] == false => Ok(webhook),
        webhook => Err(webhook),
    })
    .await;
    assert_eq!(webhook["disabled_reason"], "gone");
    let posted = receiver.messages().len();
    sender.mail(&mailing(3)).await.data(202);
    webhooks.all_sent().await;
    assert_eq!(receiver.messages().len(), posted);
}

#[tokio::test]
async fn a_slow_and_a_dead_webhook_hold_up_no_other() {
    const RECIPIENTS: usize = 60;
    // As in the stack: a message that is being posted is not received again.
    let set = |settings: e2e::server::Settings| settings.env("SWEEP_SECONDS", "1");
    let webhooks = Webhooks::of(Cloud::new().await, 6 * 25, set).await;
    webhooks.poster.source.set_enabled(true);
    webhooks.outcomes.set_enabled(true);
    let server = &webhooks.service.server;
    let (slow, dead, well) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    slow.answers(|_, _| Reply::Silence);
    dead.set_open(false).await;
    let slow_hook = hook_to(server, &slow).await;
    hook_to(server, &dead).await;
    hook_to(server, &well).await;
    let unknown = hook(server, json!({ "url": "https://no-such-name.invalid/" })).await;
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(RECIPIENTS)).await.data(202);
    well.received(RECIPIENTS).await;
    assert_eq!(ids_at(&well).len(), RECIPIENTS);
    // Eight before its first failure, and then one at a time, each for fifteen seconds.
    assert!(slow.connections() <= 12, "{}", slow.connections());
    let tries = slow_hook.tried(server, 1).await;
    assert_eq!(tries[0]["failure"], "timed_out");
    let took = tries[0]["duration_ms"].as_i64().expect("a number");
    assert!((15_000..20_000).contains(&took), "{took}");
    assert_eq!(
        unknown.tried(server, 1).await[0]["failure"],
        "name_not_found"
    );
    assert_eq!(webhooks.poster.function.overruns(), 0);
}

#[tokio::test]
async fn a_webhook_that_is_down_gets_everything_later() {
    const RECIPIENTS: usize = 20;
    let webhooks = Webhooks::start("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    receiver.answers(|_, _| Reply::Reset);
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(RECIPIENTS)).await.data(202);
    let tries = hook.tried(server, RECIPIENTS).await;
    assert!(
        tries.iter().all(|one| one["failure"] == "no_answer"),
        "{tries:?}"
    );
    receiver.answers(|_, _| status(204));
    skip_the_wait(server).await;
    webhooks.all_sent().await;
    let tries: Vec<Value> = hook.tries(server).await;
    let arrived = tries.iter().filter(|one| one["http_status"] == 204);
    let arrived: BTreeSet<&str> = arrived.filter_map(|one| one["event_id"].as_str()).collect();
    assert_eq!(arrived.len(), RECIPIENTS);
    for message in receiver.messages() {
        assert!(message.json()["data"].is_object());
    }
    assert!(hook.get(server).await["failing_since"].is_null());
}

/// A message that no program of this service has written fails alone.
#[tokio::test]
async fn malformed_messages_are_put_aside_and_harm_no_other() {
    const NONSENSE: &str = "{\"webhook_id\": \"nobody\"";
    let webhooks = Webhooks::start("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    hook_to(server, &receiver).await;
    webhooks.queues.messages.send(NONSENSE).await;
    webhooks.queues.outcomes.send(NONSENSE).await;
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(3)).await.data(202);
    receiver.received(3).await;
    for dead in [&webhooks.queues.dead, &webhooks.queues.dead_outcomes] {
        let put_aside = eventually("the message is put aside", async || {
            let messages = dead.receive(Duration::ZERO).await;
            messages.into_iter().next().ok_or("nothing")
        })
        .await;
        assert_eq!(put_aside.body(), Some(NONSENSE));
    }
    e2e::hook::all_sent(server).await;
    assert_eq!(receiver.messages().len(), 3);
}
