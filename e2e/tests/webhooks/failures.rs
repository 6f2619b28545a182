//! Receivers that fail: each event arrives in the end, and no other webhook waits.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use e2e::http::Reply;
use e2e::receiver::status;
use e2e::{Database, Receiver, Server, eventually, mailing, on_both_databases};
use http_body_util::Full;
use hyper::Response;
use serde_json::{Value, json};

use crate::{all_sent, hook, hook_to, send, skip_the_wait, text};

on_both_databases!(
    what_fails_is_tried_again_and_signed_anew,
    what_is_told_of_a_failure,
    a_redirect_is_not_followed,
    gone_ends_it,
    a_slow_and_a_dead_webhook_hold_up_no_other,
    a_webhook_that_is_down_gets_everything_later,
);

async fn what_fails_is_tried_again_and_signed_anew(database: Database) {
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    receiver.answers(|number, _| match number {
        1 => status(500),
        2 => Reply::Reset,
        _ => status(200),
    });
    let hook = hook_to(&server, &receiver).await;
    send(&server.sender().await, "ann@example.org").await;
    hook.tried(&server, 1).await;
    // The clock of a signature has seconds.
    let begun = Instant::now();
    eventually("a second passes", || async {
        let passed = begun.elapsed();
        if passed > Duration::from_millis(1100) {
            Ok(())
        } else {
            Err(passed)
        }
    })
    .await;
    skip_the_wait(&server).await;
    hook.tried(&server, 2).await;
    skip_the_wait(&server).await;
    let messages = receiver.received(3).await;
    all_sent(&server).await;
    for message in &messages {
        message.is_signed_with(&hook.secret);
        assert_eq!(message.id(), messages[0].id());
        assert_eq!(message.body, messages[0].body);
    }
    assert_ne!(
        messages[0].header("webhook-signature"),
        messages[1].header("webhook-signature")
    );
    let tries = hook.tried(&server, 3).await;
    let told: Vec<_> = tries
        .iter()
        .map(|one| {
            (
                one["attempt"].clone(),
                one["http_status"].clone(),
                one["failure"].clone(),
            )
        })
        .collect();
    let expected = [
        (json!(1), json!(500), Value::Null),
        (json!(2), Value::Null, json!("no_answer")),
        (json!(3), json!(200), Value::Null),
    ];
    assert_eq!(told, expected);
    assert!(e2e::answer::is_time(&tries[0]["next_attempt_at"]));
    assert_eq!(tries[2]["next_attempt_at"], Value::Null);
    assert_eq!(hook.get(&server).await["failing_since"], Value::Null);
}

async fn what_is_told_of_a_failure(database: Database) {
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    receiver.set_open(false).await;
    let closed = hook_to(&server, &receiver).await;
    let unknown = hook(&server, json!({"url": "https://no-such-name.invalid/"})).await;
    send(&server.sender().await, "ann@example.org").await;
    let tries = closed.tried(&server, 1).await;
    assert_eq!(tries[0]["failure"], "connection_failed");
    assert!(e2e::answer::is_time(
        &closed.get(&server).await["failing_since"]
    ));
    let tries = unknown.tried(&server, 1).await;
    assert_eq!(tries[0]["failure"], "name_not_found");
}

async fn a_redirect_is_not_followed(database: Database) {
    let server = Server::on(&database).start().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let target = elsewhere.url();
    receiver.answers(move |_, _| {
        let answer = Response::builder()
            .status(307)
            .header("location", &target)
            .body(Full::default());
        Reply::Answer(answer.expect("an answer"))
    });
    let hook = hook_to(&server, &receiver).await;
    send(&server.sender().await, "ann@example.org").await;
    let tries = hook.tried(&server, 1).await;
    assert_eq!(tries[0]["http_status"], 307);
    assert!(
        e2e::answer::is_time(&tries[0]["next_attempt_at"]),
        "it is no success"
    );
    assert_eq!(elsewhere.connections(), 0);
}

async fn gone_ends_it(database: Database) {
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    receiver.answers(|_, _| status(410));
    let hook = hook_to(&server, &receiver).await;
    let sender = server.sender().await;
    send(&sender, "ann@example.org").await;
    let webhook = eventually("it is disabled", || async {
        match hook.get(&server).await {
            webhook if webhook["enabled"] == false => Ok(webhook),
            webhook => Err(webhook),
        }
    })
    .await;
    assert_eq!(webhook["disabled_reason"], "gone");
    send(&sender, "bob@example.org").await;
    assert_eq!(receiver.messages().len(), 1);
    let test = server
        .management()
        .post(&hook.path("/test"), &json!({}))
        .await;
    test.error(400, "validation_error");
    receiver.answers(|_, _| status(200));
    let webhook = hook.change(&server, json!({"enabled": true})).await;
    assert_eq!(
        (&webhook["enabled"], &webhook["disabled_reason"]),
        (&json!(true), &Value::Null)
    );
    send(&sender, "eve@example.org").await;
    let message = &receiver.received(2).await[1];
    assert_eq!(message.json()["data"]["recipient"], "eve@example.org");
    let history = hook.history(&server).await;
    let mut kinds: Vec<String> = history.iter().map(|entry| text(&entry["kind"])).collect();
    kinds.retain(|kind| kind != "try");
    assert_eq!(kinds, ["created", "disabled", "enabled"]);
}

async fn a_slow_and_a_dead_webhook_hold_up_no_other(database: Database) {
    const RECIPIENTS: usize = 60;
    let server = Server::on(&database).start().await;
    let (slow, dead, well) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    slow.answers(|_, _| Reply::Silence);
    dead.set_open(false).await;
    let slow_hook = hook_to(&server, &slow).await;
    hook_to(&server, &dead).await;
    hook_to(&server, &well).await;
    let begun = Instant::now();
    server
        .sender()
        .await
        .mail(&mailing(RECIPIENTS))
        .await
        .data(202);
    let messages = well.received(RECIPIENTS).await;
    assert!(
        slow_hook.tries(&server).await.is_empty(),
        "no try of it has ended yet"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    let ids: BTreeSet<&str> = messages.iter().map(e2e::receiver::Message::id).collect();
    assert_eq!(ids.len(), RECIPIENTS);
    assert!(slow.connections() <= 8, "{}", slow.connections());
    // A silent receiver is given up after its time.
    let tries = slow_hook.tried(&server, 1).await;
    assert_eq!(tries[0]["failure"], "timed_out");
    let took = tries[0]["duration_ms"].as_i64().expect("a number");
    assert!((15_000..20_000).contains(&took), "{took}");
}

async fn a_webhook_that_is_down_gets_everything_later(database: Database) {
    const RECIPIENTS: usize = 30;
    let server = Server::on(&database).start().await;
    let receiver = Receiver::start().await;
    receiver.answers(|_, _| Reply::Reset);
    let hook = hook_to(&server, &receiver).await;
    server
        .sender()
        .await
        .mail(&mailing(RECIPIENTS))
        .await
        .data(202);
    hook.tried(&server, RECIPIENTS).await;
    receiver.answers(|_, _| status(204));
    skip_the_wait(&server).await;
    all_sent(&server).await;
    let tries = hook.tries(&server).await;
    let arrived = tries.iter().filter(|one| one["http_status"] == 204);
    let arrived: BTreeSet<&str> = arrived.filter_map(|one| one["event_id"].as_str()).collect();
    assert_eq!(arrived.len(), RECIPIENTS);
    for message in receiver.messages() {
        message.is_signed_with(&hook.secret);
    }
}
