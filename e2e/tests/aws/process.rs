//! The worker as a process that polls SQS.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_sqs::types::MessageSystemAttributeName;
use e2e::caller::Caller;
use e2e::proxy::Proxy;
use e2e::reckoning::Reckoning;
use e2e::ses::Reaction;
use e2e::{Cloud, Service, eventually, mailing};

const MANY: usize = 600;
const LIMIT: Duration = Duration::from_mins(2);
const LONG_POLL: Duration = Duration::from_secs(20);

/// Slows SES down, so that a stop comes in the middle.
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
async fn wake_ups_of_a_key_are_a_group_of_messages() {
    let service = Service::of_processes(|settings| settings).await;
    let groups = async |sender: &Caller, recipients: usize| {
        sender.mail(&mailing(recipients)).await.data(202);
        let messages = service.cloud.queues.wake_ups.receive(LONG_POLL).await;
        service.cloud.queues.wake_ups.delete(&messages).await;
        let groups = messages.iter().map(|message| {
            let attributes = message.attributes.as_ref().expect("attributes");
            attributes[&MessageSystemAttributeName::MessageGroupId].clone()
        });
        groups.collect::<HashSet<String>>()
    };
    let (one, other) = (service.sender().await, service.sender().await);
    let first = groups(&one, 120).await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(groups(&one, 2).await, first);
    assert!(groups(&other, 2).await.is_disjoint(&first));
}

#[tokio::test]
async fn a_wake_up_that_failed_comes_again_long_before_the_visibility_time_out() {
    // A visibility time-out longer than the test may take.
    let cloud = Cloud::with_queues(3600, 5).await;
    let service = Service::of_processes_in(cloud, |settings| settings).await;
    let sender = service.sender().await;
    let data = sender.mail(&mailing(2)).await.data(202);
    let proxy = Proxy::before(service.server.database().url()).await;
    proxy.go_down();
    let variables = [("DATABASE_URL", proxy.url()), ("SWEEP_SECONDS", "3600")];
    let worker = service.worker(&variables).await;
    eventually("the wake-up has failed", async || {
        let logs = worker.logs();
        let failed = logs.iter().any(|line| line.contains("a wake-up failed"));
        if failed { Ok(()) } else { Err(logs) }
    })
    .await;
    proxy.come_up();
    let id = data["id"].as_str().expect("an id");
    let counts = service.server.settled_within(LIMIT, id).await;
    assert_eq!(counts["sent"], 2, "{counts}");
    worker.stop().await;
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
        assert!(
            service.ses.fates().accepted() < MANY,
            "it was in the middle"
        );
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
        settings.env("SWEEP_SECONDS", "1").env("LEASE_SECONDS", "6")
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
