//! Records twice and out of order, queues and databases that go away: the same balance.

use e2e::event_source::Delivery;
use e2e::reckoning::Reckoning;
use e2e::{Cloud, Database, Service, mailing};

const MANY: usize = 500;

async fn deployed(delivery: Delivery) -> Service {
    let mut cloud = Cloud::new().await;
    cloud.delivery = delivery;
    Service::like(cloud, |settings| settings.env("SWEEP_SECONDS", "1")).await
}

async fn everybody_is_mailed_once(service: &Service) {
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let all = Reckoning {
        sent: MANY,
        ..Reckoning::default()
    };
    assert_eq!(service.reckon(id, MANY).await, all);
}

#[tokio::test]
async fn records_that_come_twice_are_done_once() {
    let delivery = Delivery {
        twice: true,
        shuffled: None,
    };
    everybody_is_mailed_once(&deployed(delivery).await).await;
}

#[tokio::test]
async fn records_out_of_order_are_done_once() {
    for seed in [1, 2] {
        let delivery = Delivery {
            twice: seed == 2,
            shuffled: Some(seed),
        };
        everybody_is_mailed_once(&deployed(delivery).await).await;
    }
}
