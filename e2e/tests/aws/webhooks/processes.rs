//! A worker as a process hands over, too, where it has the queues.

use std::time::Duration;

use e2e::hook::{all_sent, hook_to};
use e2e::{Cloud, Receiver, Service, mailing};
use serde_json::Value;

use super::{Poster, VISIBILITY};

#[tokio::test]
async fn a_worker_with_the_queues_hands_over_and_posts_nothing_itself() {
    const RECIPIENTS: usize = 20;
    let cloud = Cloud::new().await;
    let queues = cloud.account.webhook_queues(VISIBILITY).await;
    let service = Service::of_processes_in(cloud.clone(), |settings| {
        settings
            .envs(queues.variables())
            .env("WEBHOOK_REACH", "loopback")
    })
    .await;
    let worker = service.worker(&[]).await;
    let receiver = Receiver::start().await;
    let hook = hook_to(&service.server, &receiver).await;
    let sender = service.sender().await;
    sender.mail(&mailing(RECIPIENTS)).await.data(202);
    let some = |taken: &[Value]| taken.len() == 8;
    let messages = queues.messages.take_until("eight messages", some).await;
    assert_eq!(receiver.connections(), 0);
    for message in messages {
        queues.messages.send(&message.to_string()).await;
    }
    let poster = Poster::of(&cloud, &service, &queues).await;
    poster.source.set_enabled(true);
    for message in receiver.received(RECIPIENTS).await {
        message.is_signed_with(&hook.secret);
    }
    all_sent(&service.server).await;
    assert_eq!(
        hook.tried(&service.server, RECIPIENTS).await.len(),
        RECIPIENTS
    );
    worker.stop().await;
    assert!(queues.messages.receive(Duration::ZERO).await.is_empty());
}
