//! What is lost or late on the way: each event arrives all the same, and no try is counted that was not made.

use std::time::Duration;

use e2e::hook::hook_to;
use e2e::http::Reply;
use e2e::receiver::status;
use e2e::{Cloud, Receiver, eventually, mailing};
use serde_json::Value;

use super::{VISIBILITY, Webhooks, ids_at};

const LONG_POLL: Duration = Duration::from_secs(20);

/// Receives one message of a queue whose event source is off, and returns it as JSON. It is deleted.
async fn taken_off(queue: &e2e::aws::Queue) -> Value {
    let one = |taken: &[Value]| !taken.is_empty();
    queue.take_until("a message", one).await.remove(0)
}

/// Ends the leases, whose time no test waits for.
async fn end_leases(webhooks: &Webhooks) {
    let end = "UPDATE webhook_delivery SET lease_until = 1 WHERE lease_until IS NOT NULL";
    webhooks.service.server.database().execute(end).await;
}

#[tokio::test]
async fn a_stale_message_comes_back_unsent_and_is_signed_anew() {
    let webhooks = Webhooks::prepare("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    e2e::hook::send(&sender, "ann@example.org").await;
    let mut message = taken_off(&webhooks.queues.messages).await;
    let signed_at = message["signed_at"].as_i64().expect("a time");
    message["signed_at"] = (signed_at - 241_000).into();
    webhooks.queues.messages.send(&message.to_string()).await;
    webhooks.poster.source.set_enabled(true);
    webhooks.outcomes.set_enabled(true);
    let messages = receiver.received(1).await;
    webhooks.all_sent().await;
    messages[0].is_signed_with(&hook.secret);
    assert_eq!(receiver.messages().len(), 1, "the stale one was not posted");
    let tries = hook.tries(server).await;
    assert_eq!(tries.len(), 1, "{tries:?}");
    assert_eq!(
        (&tries[0]["attempt"], &tries[0]["http_status"]),
        (&1.into(), &204.into())
    );
}

#[tokio::test]
async fn what_a_killed_function_had_is_posted_again() {
    let webhooks = Webhooks::start("3600").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    receiver.answers_first(|| Reply::Silence, 204);
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(2)).await.data(202);
    let first = receiver.received(1).await.remove(0);
    webhooks.poster.function.recycle();
    eventually("the first event has come again", async || {
        let messages = receiver.messages();
        match messages.iter().filter(|one| one.id() == first.id()).count() {
            1 => Err(messages.len()),
            _ => Ok(()),
        }
    })
    .await;
    webhooks.all_sent().await;
    assert!(webhooks.poster.function.crashes() > 0);
    for message in receiver.messages() {
        message.is_signed_with(&hook.secret);
    }
    let attempts: Vec<_> = hook.tried(server, 2).await;
    assert!(
        attempts.iter().all(|one| one["attempt"] == 1),
        "{attempts:?}"
    );
}

#[tokio::test]
async fn an_event_whose_outcome_is_lost_is_posted_again_after_its_lease() {
    let webhooks = Webhooks::prepare("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    webhooks.poster.source.set_enabled(true);
    let sender = webhooks.service.sender().await;
    e2e::hook::send(&sender, "ann@example.org").await;
    let first = receiver.received(1).await.remove(0);
    let lost = taken_off(&webhooks.queues.outcomes).await;
    assert_eq!(lost["outcome"]["status"], 204, "{lost}");
    assert!(hook.tries(server).await.is_empty());
    end_leases(&webhooks).await;
    let again = receiver.received(2).await.remove(1);
    assert_eq!(again.id(), first.id());
    again.is_signed_with(&hook.secret);
    webhooks.outcomes.set_enabled(true);
    webhooks.all_sent().await;
    let tries = hook.tries(server).await;
    assert_eq!(tries.len(), 1, "the lost one is not known: {tries:?}");
}

#[tokio::test]
async fn a_worker_that_dies_before_the_queue_has_the_messages_loses_none() {
    a_worker_dies_at("webhook-claimed").await;
}

#[tokio::test]
async fn a_worker_that_dies_after_the_queue_has_the_messages_loses_none() {
    a_worker_dies_at("webhook-handed-over").await;
}

#[tokio::test]
async fn a_worker_that_dies_after_it_has_recorded_an_outcome_loses_none() {
    a_worker_dies_at("webhook-recorded").await;
}

async fn a_worker_dies_at(point: &str) {
    const RECIPIENTS: usize = 12;
    let mut cloud = Cloud::new().await;
    // As many as there are at once: whichever comes to that point first, dies.
    cloud.doomed_workers = vec![point.to_owned(); 4];
    let webhooks = Webhooks::of(cloud, VISIBILITY, |settings| {
        settings.env("SWEEP_SECONDS", "1")
    })
    .await;
    webhooks.poster.source.set_enabled(true);
    webhooks.outcomes.set_enabled(true);
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    let hook = hook_to(server, &receiver).await;
    let sender = webhooks.service.sender().await;
    sender.mail(&mailing(RECIPIENTS)).await.data(202);
    eventually("everything has arrived, and is recorded", async || {
        // The time for which the dead instance holds what it has claimed.
        if server.deployment().worker.crashes() > 0 {
            end_leases(&webhooks).await;
        }
        let left = "SELECT COUNT(*) FROM webhook_delivery";
        let left = server.database().count(left).await;
        let ids = ids_at(&receiver).len();
        if (ids, left) == (RECIPIENTS, 0) {
            Ok(())
        } else {
            Err((ids, left))
        }
    })
    .await;
    assert!(server.deployment().worker.crashes() > 0);
    for message in receiver.messages() {
        message.is_signed_with(&hook.secret);
    }
    let tries = hook.tries(server).await;
    assert!(
        tries.iter().all(|one| one["http_status"] == 204),
        "{tries:?}"
    );
}

/// An outcome names its try: that of an earlier one ends no later one.
#[tokio::test]
async fn a_late_failure_changes_nothing() {
    let webhooks = Webhooks::prepare("1").await;
    let server = &webhooks.service.server;
    let receiver = Receiver::start().await;
    receiver.answers_first(|| status(500), 204);
    let hook = hook_to(server, &receiver).await;
    webhooks.poster.source.set_enabled(true);
    let sender = webhooks.service.sender().await;
    e2e::hook::send(&sender, "ann@example.org").await;
    receiver.received(1).await;
    let late = taken_off(&webhooks.queues.outcomes).await;
    end_leases(&webhooks).await;
    receiver.received(2).await;
    webhooks.queues.outcomes.send(&late.to_string()).await;
    webhooks.outcomes.set_enabled(true);
    webhooks.all_sent().await;
    let tries = hook.tries(server).await;
    assert_eq!(tries.len(), 1, "{tries:?}");
    assert_eq!(tries[0]["http_status"], 204);
    assert!(hook.get(server).await["failing_since"].is_null());
}

/// Nothing but the messages themselves is in the queue: no more than eight of a webhook.
#[tokio::test]
async fn a_function_that_is_away_leaves_eight_messages_of_a_webhook_in_the_queue() {
    let webhooks = Webhooks::prepare("1").await;
    let server = &webhooks.service.server;
    let (one, other) = (Receiver::start().await, Receiver::start().await);
    hook_to(server, &one).await;
    hook_to(server, &other).await;
    let sender = webhooks.service.sender().await;
    let data = sender.mail(&mailing(20)).await.data(202);
    server.settled(data["id"].as_str().expect("an id")).await;
    let queue = &webhooks.queues.messages;
    let groups = eventually("eight of each are there", async || {
        let due = "SELECT COUNT(*) FROM webhook_delivery WHERE lease_until IS NOT NULL";
        let leased = server.database().count(due).await;
        if leased == 16 && queue.length().await == 16 {
            Ok(())
        } else {
            Err(leased)
        }
    });
    groups.await;
    let messages = queue.receive(LONG_POLL).await;
    for message in &messages {
        use aws_sdk_sqs::types::MessageSystemAttributeName::MessageGroupId;
        let group = message
            .attributes()
            .and_then(|all| all.get(&MessageGroupId));
        let body: Value = serde_json::from_str(message.body().expect("a body")).expect("JSON");
        assert_eq!(group.map(String::as_str), body["webhook_id"].as_str());
    }
    webhooks.poster.source.set_enabled(true);
    webhooks.outcomes.set_enabled(true);
    one.received(20).await;
    other.received(20).await;
    webhooks.all_sent().await;
}
