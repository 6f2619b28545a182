//! Results that the queue does not accept.

use e2e::{Service, With, eventually, letter, mailing};

/// More than one step of the sweep, which publishes 500.
const MANY: usize = 600;

async fn ended(service: &Service) -> i64 {
    let database = service.server.database();
    database
        .count("SELECT COUNT(*) FROM mailing WHERE ended_at IS NOT NULL")
        .await
}

#[tokio::test]
async fn characters_that_the_queue_cannot_carry_arrive_as_they_were_sent() {
    let service = Service::start().await;
    let sender = service.sender().await;
    for id in ["\u{fffe}", "a\u{ffff}b\"\\", "\u{1}\u{7f}\u{fffd}\u{1ffff}"] {
        let body = letter("john@example.com")
            .with("email_id", id)
            .with("closureId", id);
        let data = sender.mail(&body).await.data(200);
        let mailing = data["id"].as_str().expect("an id");
        let result = service.results.last(mailing, 1).await.remove(0);
        assert_eq!(
            (&result["email_id"], &result["closure_id"]),
            (&id.into(), &id.into())
        );
    }
}

#[tokio::test]
async fn results_that_the_queue_refuses_keep_nobody_else_s_back_and_no_mailing_open() {
    let cloud = e2e::Cloud::new().await;
    let service = Service::like(cloud, |settings| settings.env("SWEEP_SECONDS", "1")).await;
    service.cloud.queues.results.refuse_longer_than(1024).await;
    let refused = service.sender().await;
    let long = "x".repeat(512);
    let body = mailing(MANY)
        .with("email_id", &*long)
        .with("closureId", &*long);
    refused.mail(&body).await.data(202);
    let other = service.sender().await;
    let data = other.mail(&letter("john@example.com")).await.data(200);
    let id = data["id"].as_str().expect("an id");
    assert_eq!(service.results.last(id, 1).await.len(), 1);
    eventually("both mailings end", async || match ended(&service).await {
        2 => Ok(()),
        other => Err(other),
    })
    .await;
    assert_eq!(service.results.more().await, 0, "the others are refused");
}
