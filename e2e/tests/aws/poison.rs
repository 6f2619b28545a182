//! A message that cannot be read, among nine that can.

use e2e::reckoning::Reckoning;
use e2e::{Cloud, Service, eventually, mailing};

const RECEIVES: u32 = 3;
const POISON: &str = "{\"wake\": \"nobody\"";

#[tokio::test]
async fn a_poison_record_harms_none_of_the_nine_others() {
    // A visibility time-out longer than the test: the unreadable message is received again only because the worker
    // shortens its time-out.
    let mut cloud = Cloud::with_queues(120, RECEIVES).await;
    cloud.workers = 1;
    cloud.enabled = false;
    let service = Service::like(cloud, |settings| settings).await;
    let queues = &service.cloud.queues;
    let sender = service.sender().await;
    let mut ids = Vec::new();
    for number in 0..9 {
        if number == 5 {
            queues.wake_ups.send(POISON).await;
        }
        let data = sender.mail(&mailing_of(number)).await.data(202);
        ids.push(data["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(queues.wake_ups.length().await, 10);
    let source = &service.server.deployment().source;
    source.set_enabled(true);
    for id in &ids {
        let both = Reckoning {
            sent: 2,
            ..Reckoning::default()
        };
        assert_eq!(service.reckon(id, 2).await, both);
    }
    eventually("the poison is put aside", async || {
        match queues.dead.length().await {
            1 => Ok(()),
            other => Err((other, source.received())),
        }
    })
    .await;
    let dead = queues.dead.receive(std::time::Duration::ZERO).await;
    assert_eq!(dead[0].body(), Some(POISON));
    let received = source.received();
    assert_eq!(received.len(), 10, "{received:?}");
    for (body, times) in received {
        let expected = if body == POISON { RECEIVES } else { 1 };
        let times = u32::try_from(times).expect("a few times");
        assert_eq!(times, expected, "{body}");
    }
    assert_eq!(queues.wake_ups.length().await, 0);
    assert_eq!(service.results.more().await, 0, "one result for each");
}

/// Returns a mailing to two recipients; each mailing has others.
fn mailing_of(number: usize) -> serde_json::Value {
    let mut body = mailing(2);
    for entry in body["recipients"].as_array_mut().expect("recipients") {
        let address = entry["mail"].as_str().expect("an address");
        entry["mail"] = format!("{number}-{address}").into();
    }
    body
}
