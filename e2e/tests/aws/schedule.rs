//! Planned mail with SQS: the sweep of the worker writes its wake-ups when it is due, and nobody before.

use e2e::reckoning::Reckoning;
use e2e::times::{in_seconds, seconds_between};
use e2e::{Service, With, eventually, mailing};
use serde_json::{Value, json};

const MANY: usize = 120;

fn all_sent() -> Reckoning {
    Reckoning {
        sent: MANY,
        ..Reckoning::default()
    }
}

/// Plans a mailing for tomorrow, moves it to a second from now, and asserts that it is sent from then on.
async fn is_woken_when_it_is_due(service: &Service) {
    let sender = service.sender().await;
    let body = mailing(MANY).with("send_at", in_seconds(24 * 3600));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let wake_ups = &service.cloud.queues.wake_ups;
    assert_eq!(wake_ups.length().await, 0, "no wake-up is written ahead");
    let path = format!("/v1/mail/{id}/reschedule");
    let soon = json!({ "send_at": in_seconds(1) });
    let moved = sender.post(&path, &soon).await.data(200);
    assert_eq!(moved["moved"], MANY);
    assert_eq!(service.reckon(id, MANY).await, all_sent());
    for recipient in service.server.recipients(id).await {
        let late = seconds_between(&moved["send_at"], &recipient["sent_at"]);
        assert!(late >= 0.0, "{recipient} before {moved}");
    }
    assert_eq!(service.results.more().await, 0, "one result for each");
}

#[tokio::test]
async fn the_schedule_of_the_function_wakes_planned_mail() {
    let service = Service::like(e2e::Cloud::new().await, |settings| {
        settings.env("SWEEP_SECONDS", "1")
    })
    .await;
    is_woken_when_it_is_due(&service).await;
}

#[tokio::test]
async fn the_sweep_of_a_worker_wakes_planned_mail() {
    let service = Service::of_processes(|settings| settings.env("SWEEP_SECONDS", "1")).await;
    let worker = service.worker(&[]).await;
    is_woken_when_it_is_due(&service).await;
    worker.stop().await;
}

/// What is due at once needs no sweep.
#[tokio::test]
async fn what_is_moved_to_now_is_woken_at_once() {
    let service = Service::of_processes(|settings| settings.env("SWEEP_SECONDS", "3600")).await;
    let worker = service.worker(&[]).await;
    let sender = service.sender().await;
    let body = mailing(MANY).with("send_at", in_seconds(24 * 3600));
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let path = format!("/v1/mail/{id}/reschedule");
    let now = json!({ "send_at": in_seconds(-1) });
    sender.post(&path, &now).await.data(200);
    assert_eq!(service.reckon(id, MANY).await, all_sent());
    worker.stop().await;
}

/// A wake-up that is still on its way from before a move finds nothing due.
#[tokio::test]
async fn a_wake_up_from_before_a_move_sends_nothing() {
    let service = Service::of_processes(|settings| settings.env("SWEEP_SECONDS", "1")).await;
    let sender = service.sender().await;
    let data = sender.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let path = format!("/v1/mail/{id}/reschedule");
    let later = json!({ "send_at": in_seconds(3600) });
    assert_eq!(sender.post(&path, &later).await.data(200)["moved"], 2);
    let worker = service.worker(&[]).await;
    eventually("the wake-up is taken", || async {
        match service.cloud.queues.wake_ups.length().await {
            0 => Ok(()),
            left => Err(left),
        }
    })
    .await;
    worker.stop().await;
    let counts: Value = service.server.mailing(id).await["counts"].clone();
    assert_eq!(counts["queued"], 2, "{counts}");
    assert_eq!(service.ses.arrivals().len(), 0);
}
