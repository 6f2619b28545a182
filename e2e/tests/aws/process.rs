//! The worker as a process that polls SQS.

use e2e::reckoning::Reckoning;
use e2e::ses::Reaction;
use e2e::{Service, mailing};
use std::time::Duration;

const MANY: usize = 600;

/// Slow enough that a stop comes in the middle.
fn take_slowly(service: &Service) {
    service
        .ses
        .script(|_| Reaction::Delay(Duration::from_millis(200)));
}

fn all_sent() -> Reckoning {
    Reckoning {
        sent: MANY,
        ..Reckoning::default()
    }
}

#[tokio::test]
async fn a_worker_takes_wake_ups_from_the_queue() {
    let service = Service::of_processes(|settings| settings).await;
    let worker = service.worker(&[]).await;
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    assert_eq!(service.reckon(id, MANY).await, all_sent());
    worker.stop().await;
    assert_eq!(service.cloud.queues.wake_ups.length().await, 0);
}

#[tokio::test]
async fn a_worker_that_is_stopped_in_the_middle_finishes_its_calls_and_leaves_the_rest() {
    let service = Service::of_processes(|settings| settings.env("SWEEP_SECONDS", "1")).await;
    take_slowly(&service);
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    for part in 1..=2 {
        let worker = service.worker(&[]).await;
        service.ses.accepts(part * 100).await;
        worker.stop().await;
        assert!(service.ses.fates().accepted() < MANY, "it was in the middle");
        assert_eq!(service.server.database().sending().await.len(), 0);
    }
    let worker = service.worker(&[]).await;
    let id = data["id"].as_str().expect("an id");
    assert_eq!(service.reckon(id, MANY).await, all_sent());
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_that_is_killed_in_the_middle_leaves_only_what_was_at_ses_unknown() {
    let service = Service::of_processes(|settings| {
        settings.env("SWEEP_SECONDS", "1").env("LEASE_SECONDS", "3")
    })
    .await;
    take_slowly(&service);
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    let worker = service.worker(&[]).await;
    let other = service.worker(&[]).await;
    service.ses.accepts(100).await;
    worker.kill().await;
    let in_flight = service.server.database().sending().await.len();
    let id = data["id"].as_str().expect("an id");
    let reckoning = service.reckon(id, MANY).await;
    assert_eq!(reckoning.failed, 0, "{reckoning:?}");
    assert!(
        reckoning.unconfirmed <= in_flight,
        "{reckoning:?}, {in_flight} were in flight"
    );
    other.stop().await;
}
