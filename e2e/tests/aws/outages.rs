//! Records that are delivered twice or out of order, and queues and databases that are unavailable: the balance stays
//! the same.

use e2e::event_source::Delivery;
use e2e::postgres_server::PostgresServer;
use e2e::reckoning::Reckoning;
use e2e::ses::Reaction;
use e2e::{Cloud, Database, Proxy, Service, eventually, letter, mailing, proxy};
use std::time::Duration;

const MANY: usize = 500;
/// The maximum number of recipients of a call.
const CALL: usize = 50;
/// The number of concurrent calls of one instance of the worker.
const CALLS: usize = 4;
const COMMITS: usize = 12;

fn all(sent: usize) -> Reckoning {
    Reckoning {
        sent,
        ..Reckoning::default()
    }
}

async fn accepted(service: &Service) -> String {
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    data["id"].as_str().expect("an id").to_owned()
}

async fn delivered(delivery: Delivery) {
    let mut cloud = Cloud::new().await;
    cloud.delivery = delivery;
    let service = Service::like(cloud, |settings| settings.env("SWEEP_SECONDS", "1")).await;
    let id = accepted(&service).await;
    assert_eq!(service.reckon(&id, MANY).await, all(MANY));
}

#[tokio::test]
async fn records_that_come_twice_are_done_once() {
    delivered(Delivery {
        twice: true,
        shuffled: None,
    })
    .await;
}

#[tokio::test]
async fn records_out_of_order_are_done_once() {
    delivered(Delivery {
        twice: false,
        shuffled: Some(1),
    })
    .await;
}

#[tokio::test]
async fn records_twice_and_out_of_order_are_done_once() {
    delivered(Delivery {
        twice: true,
        shuffled: Some(2),
    })
    .await;
}

#[tokio::test]
async fn a_restart_of_postgresql_in_the_middle_loses_nothing_and_doubles_nothing() {
    let mut postgres = PostgresServer::start().await;
    let database = postgres.database().await;
    let cloud = Cloud::new().await;
    let workers = cloud.workers;
    let service = Service::on(database, cloud, |settings| {
        settings
            .env("SWEEP_SECONDS", "1")
            .env("LEASE_SECONDS", "6")
            .env("MAX_SEND_RATE", "250")
    })
    .await;
    let id = accepted(&service).await;
    for part in 1..=2 {
        service.ses.accepts(part * MANY / 4).await;
        postgres.restart().await;
        service.server.ready().await;
    }
    let reckoning = service.reckon(&id, MANY).await;
    assert_eq!(reckoning.failed, 0, "{reckoning:?}");
    let in_flight = 2 * workers * CALLS * CALL;
    assert!(reckoning.unconfirmed <= in_flight, "{reckoning:?}");
    drop(service);
}

#[tokio::test]
async fn answers_of_the_database_that_are_lost_change_nothing() {
    let database = Database::postgres().await;
    let proxy = Proxy::before(database.url()).await;
    let service = Service::on(database, Cloud::new().await, |settings| {
        settings
            .env("DATABASE_URL", proxy.url())
            .env("SWEEP_SECONDS", "1")
            .env("LEASE_SECONDS", "6")
            .env("MAX_SEND_RATE", "250")
    })
    .await;
    let id = accepted(&service).await;
    let mut lost = 0;
    for _ in 0..COMMITS {
        proxy.lose_answer(proxy::statement);
        let more = eventually("an answer is lost or all is done", async || {
            if proxy.has_lost_it() {
                return Ok(true);
            }
            let done = service.ses.fates().accepted() == MANY;
            if done { Ok(false) } else { Err(()) }
        })
        .await;
        if !more {
            break;
        }
        lost += 1;
    }
    assert!(lost > 2, "{lost} answers were lost");
    // Mail of a commit whose answer was lost may still wait for its turn.
    assert_eq!(service.reckon(&id, MANY).await, all(MANY));
}

async fn behind_a_proxy_of_sqs() -> (Proxy, Service) {
    let cloud = Cloud::new().await;
    let sqs = Proxy::before(cloud.account.url()).await;
    let service = Service::like(cloud, |settings| {
        settings
            .env("AWS_ENDPOINT_URL_SQS", sqs.url())
            .env("SWEEP_SECONDS", "1")
    })
    .await;
    (sqs, service)
}

#[tokio::test]
async fn while_sqs_is_away_mail_is_accepted_and_goes_later() {
    let (sqs, service) = behind_a_proxy_of_sqs().await;
    let sender = service.sender().await;
    sqs.go_down();
    let data = sender.mail(&mailing(MANY)).await.data(202);
    let single = sender.mail(&letter("ann@example.org")).await.data(200);
    assert!(sqs.refused() > 0, "no wake-up was tried");
    sqs.come_up();
    let id = data["id"].as_str().expect("an id");
    assert_eq!(service.reckon(id, MANY).await, all(MANY));
    let id = single["id"].as_str().expect("an id");
    assert_eq!(service.reckon(id, 1).await, all(1));
}

#[tokio::test]
async fn when_sqs_goes_in_the_middle_nothing_is_lost() {
    let (sqs, service) = behind_a_proxy_of_sqs().await;
    service
        .ses
        .script(|_| Reaction::Delay(Duration::from_millis(100)));
    let id = accepted(&service).await;
    service.ses.accepts(100).await;
    let refused = sqs.refused();
    sqs.go_down();
    eventually("a program finds the queue unreachable", async || {
        if sqs.refused() > refused {
            Ok(())
        } else {
            Err(service.ses.fates().accepted())
        }
    })
    .await;
    sqs.come_up();
    assert_eq!(service.reckon(&id, MANY).await, all(MANY));
}
