//! SES's events, from its mailbox simulator to the queue that the worker reads.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use e2e::aws::{CONFIGURATION_SET, MailEvents};
use e2e::event_source::{Delivery, EventSource};
use e2e::letter::addressed;
use e2e::{Proxy, Service, With, eventually, letter};
use reqwest::Method;
use serde_json::{Value, json};

/// The addresses of the simulator, with the events of each in the order in which SES publishes them.
const FATES: [(&str, &[&str]); 5] = [
    ("success", &["Send", "Delivery"]),
    ("bounce+label", &["Send", "Bounce"]),
    ("complaint", &["Send", "Delivery", "Complaint"]),
    ("ooto", &["Send", "Delivery", "Bounce"]),
    ("suppressionlist", &["Send", "Bounce"]),
];

fn simulated(name: &str) -> String {
    format!("{name}@simulator.amazonses.com")
}

/// Starts `api` and a worker as processes, in an account whose configuration set has events.
async fn start() -> (Service, MailEvents) {
    let cloud = e2e::Cloud::new().await;
    let events = cloud.account.mail_events().await;
    let named =
        |settings: e2e::server::Settings| settings.env("SES_CONFIGURATION_SET", CONFIGURATION_SET);
    let service = Service::of_processes_in(cloud, named).await;
    (service, events)
}

/// Returns the types of the events of each address, in their order.
fn types(events: &[Value]) -> BTreeMap<&str, Vec<&str>> {
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        let whom = event["mail"]["destination"][0]
            .as_str()
            .expect("an address");
        let happened = event["eventType"].as_str().expect("a type");
        types.entry(whom).or_default().push(happened);
    }
    types
}

#[tokio::test]
async fn each_address_of_the_simulator_has_its_events_and_they_name_the_mail() {
    let (service, events) = start().await;
    let sender = service.sender().await;
    for (name, expected) in FATES {
        let data = sender.mail(&letter(&simulated(name))).await.data(200);
        let id = data["id"].as_str().expect("an id");
        let result = service.results.last(id, 1).await.remove(0);
        let events = events.take(expected.len()).await;
        assert_eq!(types(&events)[simulated(name).as_str()], expected);
        for event in &events {
            let mail = &event["mail"];
            assert_eq!(mail["messageId"], result["message_id"]);
            assert_eq!(mail["tags"]["mmms-mailing-id"], json!([id]));
            assert_eq!(mail["tags"]["mmms-recipient-index"], json!(["0"]));
            let set = &mail["tags"]["ses:configuration-set"];
            assert_eq!(*set, json!([CONFIGURATION_SET]));
            assert_eq!(mail["commonHeaders"]["subject"], "Hello");
        }
    }
}

#[tokio::test]
async fn a_bounce_says_whether_it_is_for_good_and_whether_ses_itself_suppressed() {
    let (service, events) = start().await;
    let sender = service.sender().await;
    for (name, kind, subtype) in [
        ("bounce", "Permanent", "General"),
        ("ooto", "Transient", "General"),
        ("suppressionlist", "Permanent", "Suppressed"),
    ] {
        sender.mail(&letter(&simulated(name))).await.data(200);
        let is_bounce = |event: &Value| event["eventType"] == "Bounce";
        let there = |taken: &[Value]| taken.iter().any(is_bounce);
        let taken = events.queue.take_until("the bounce", there).await;
        let bounce = &taken.iter().find(|one| is_bounce(one)).expect("one")["bounce"];
        assert_eq!(
            (&bounce["bounceType"], &bounce["bounceSubType"]),
            (&kind.into(), &subtype.into())
        );
        let whom = &bounce["bouncedRecipients"][0]["emailAddress"];
        assert_eq!(*whom, simulated(name));
    }
}

#[tokio::test]
async fn each_mail_of_a_bulk_call_has_events_of_its_own() {
    let (service, events) = start().await;
    let worker = service.worker(&[]).await;
    let sender = service.sender().await;
    let names = FATES.map(|(name, _)| simulated(name));
    let recipients = names.clone().map(|mail| json!({ "mail": mail }));
    let body = addressed(&json!(recipients)).with("subject", "To {{mail}}");
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let results = service.results.last(id, names.len()).await;
    let calls = service.cloud.account.accepted().await;
    assert_eq!(calls.len(), 1, "one call for all");
    let count = FATES.map(|(_, types)| types.len()).iter().sum();
    let events = events.take(count).await;
    let by_address = types(&events);
    for (name, expected) in FATES {
        assert_eq!(by_address[simulated(name).as_str()], expected);
    }
    for event in &events {
        let mail = &event["mail"];
        let index = mail["tags"]["mmms-recipient-index"][0].as_str();
        let index: usize = index.and_then(|index| index.parse().ok()).expect("a tag");
        assert_eq!(mail["destination"], json!([names[index]]));
        assert_eq!(mail["messageId"], results[index]["message_id"]);
        assert_eq!(mail["tags"]["mmms-mailing-id"], json!([id]));
        let subject = format!("To {}", names[index]);
        assert_eq!(mail["commonHeaders"]["subject"], subject);
    }
    worker.stop().await;
}

#[tokio::test]
async fn copies_have_events_of_their_own_and_only_one_send() {
    let (service, events) = start().await;
    let sender = service.sender().await;
    let (to, copy) = (simulated("success"), simulated("bounce"));
    let body = letter(&to).with("cc", json!([copy]));
    sender.mail(&body).await.data(200);
    let events = events.take(3).await;
    assert_eq!(types(&events)[to.as_str()], ["Send", "Delivery", "Bounce"]);
    assert_eq!(events[0]["mail"]["destination"], json!([to, copy]));
    assert_eq!(events[1]["delivery"]["recipients"], json!([to]));
    let bounced = &events[2]["bounce"]["bouncedRecipients"];
    assert_eq!(bounced[0]["emailAddress"], copy);
}

#[tokio::test]
async fn a_mail_with_a_virus_is_rejected_after_it_was_accepted() {
    let (service, events) = start().await;
    let sender = service.sender().await;
    // In two parts, for the scanners of this file.
    let virus = [
        r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR",
        "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    ];
    let content = BASE64_STANDARD.encode(virus.concat());
    let attached = json!([{ "filename": "eicar.com", "content": content }]);
    let body = letter("john@example.com").with("attachments", attached);
    sender.mail(&body).await.data(200);
    let rejected = events.take(1).await.remove(0);
    assert_eq!(rejected["eventType"], "Reject");
    assert_eq!(rejected["reject"]["reason"], "Bad content");
}

#[tokio::test]
async fn a_mail_that_cannot_be_rendered_is_accepted_and_fails() {
    let cloud = e2e::Cloud::new().await;
    let events = cloud.account.mail_events().await;
    cloud.account.verify("example.com").await;
    let content = json!({ "Subject": "Hello {{name}}", "Text": "Good morning." });
    let call = json!({
        "FromEmailAddress": "news@example.com",
        "ConfigurationSetName": CONFIGURATION_SET,
        "DefaultContent": { "Template": { "TemplateContent": content, "TemplateData": "{}" } },
        "BulkEmailEntries": [{ "Destination": { "ToAddresses": ["john@example.com"] } }],
    });
    let path = "/v2/email/outbound-bulk-emails";
    let (ses, post) = ("ses", Method::POST);
    let answer = cloud.account.rest(post, ses, path, Some(&call)).await;
    assert!(answer.contains("SUCCESS"), "{answer}");
    let failed = events.take(1).await.remove(0);
    assert_eq!(failed["eventType"], "Rendering Failure");
    let message = failed["failure"]["errorMessage"].as_str();
    assert!(
        message.is_some_and(|message| message.contains("name")),
        "{failed}"
    );
}

#[tokio::test]
async fn ses_publishes_only_to_a_topic_that_admits_this_configuration_set() {
    let (service, events) = start().await;
    events.admit_ses("another").await;
    let (status, answer) = events.publish_there().await;
    assert_eq!(status, 400, "{answer}");
    let sender = service.sender().await;
    sender.mail(&letter(&simulated("success"))).await.data(200);
    events.admit_ses(CONFIGURATION_SET).await;
    sender.mail(&letter(&simulated("bounce"))).await.data(200);
    let events = events.take(2).await;
    assert_eq!(
        types(&events)[simulated("bounce").as_str()],
        ["Send", "Bounce"]
    );
}

#[tokio::test]
async fn events_that_may_not_be_written_to_their_queue_are_dead_letters() {
    let (service, events) = start().await;
    let other = "arn:aws:sns:us-east-1:000000000000:other";
    events.admit_topic(&events.queue, other).await;
    let sender = service.sender().await;
    sender.mail(&letter(&simulated("success"))).await.data(200);
    let both = |taken: &[Value]| taken.len() == 2;
    let dead = events.dead.take_until("the dead letters", both).await;
    assert_eq!(
        types(&dead)[simulated("success").as_str()],
        ["Send", "Delivery"]
    );
    assert_eq!(events.queue.length().await, 0);
}

#[tokio::test]
async fn a_configuration_set_that_does_not_exist_holds_mail_back() {
    let unknown =
        |settings: e2e::server::Settings| settings.env("SES_CONFIGURATION_SET", "unknown");
    let service = Service::of_processes(unknown).await;
    let sender = service.sender().await;
    let data = sender.mail(&letter("john@example.com")).await.data(202);
    assert_eq!(data["status"], "queued", "{data}");
    assert!(service.cloud.account.accepted().await.is_empty());
}

/// The messages of the queue of events, received or not.
async fn nothing_is_left(events: &MailEvents) {
    eventually("the worker has taken all events", async || {
        match (events.queue.length().await, events.dead.length().await) {
            (0, 0) => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[tokio::test]
async fn a_worker_as_a_process_takes_the_events_from_their_queue() {
    let (service, events) = start().await;
    let worker = service
        .worker(&[("MAIL_EVENT_QUEUE_URL", events.queue.url())])
        .await;
    let sender = service.sender().await;
    for (name, _) in FATES {
        sender.mail(&letter(&simulated(name))).await.data(200);
    }
    nothing_is_left(&events).await;
    worker.stop().await;
    let received = service.cloud.account.accepted().await;
    assert_eq!(received.len(), FATES.len());
}

#[tokio::test]
async fn a_worker_as_a_function_takes_the_events_of_a_second_event_source() {
    let cloud = e2e::Cloud::new().await;
    let events = cloud.account.mail_events().await;
    let url = events.queue.url().to_owned();
    let service = Service::like(cloud, |settings| {
        settings
            .env("SES_CONFIGURATION_SET", CONFIGURATION_SET)
            .env("MAIL_EVENT_QUEUE_URL", &url)
    })
    .await;
    let worker = &service.server.deployment().worker;
    let source = EventSource::between(&events.queue, worker, 2, Delivery::default()).await;
    source.set_enabled(true);
    let sender = service.sender().await;
    for (name, _) in FATES {
        sender.mail(&letter(&simulated(name))).await.data(200);
    }
    nothing_is_left(&events).await;
    let count: usize = FATES.map(|(_, types)| types.len()).iter().sum();
    assert_eq!(source.received().len(), count);
}

#[tokio::test]
async fn a_message_that_is_no_event_is_put_aside_and_harms_no_other() {
    const NO_EVENT: &str = "{\"eventType\": \"Deliv";
    let (service, events) = start().await;
    events.queue.put_aside_after(3, &events.dead).await;
    let sender = service.sender().await;
    events.queue.send(NO_EVENT).await;
    sender.mail(&letter(&simulated("success"))).await.data(200);
    let worker = service
        .worker(&[("MAIL_EVENT_QUEUE_URL", events.queue.url())])
        .await;
    let put_aside = eventually("the message is put aside", async || {
        let messages = events.dead.receive(Duration::ZERO).await;
        messages.into_iter().next().ok_or("nothing")
    })
    .await;
    assert_eq!(put_aside.body(), Some(NO_EVENT));
    eventually("the events are taken", async || {
        match events.queue.length().await {
            0 => Ok(()),
            other => Err(other),
        }
    })
    .await;
    for line in worker.logs() {
        assert!(!line.contains("Deliv\""), "{line}");
    }
    worker.stop().await;
}

#[tokio::test]
async fn events_wait_for_a_database_that_is_away() {
    let (service, events) = start().await;
    let sender = service.sender().await;
    sender.mail(&letter(&simulated("success"))).await.data(200);
    let proxy = Proxy::before(service.server.database().url()).await;
    proxy.go_down();
    let worker = service
        .worker(&[
            ("DATABASE_URL", proxy.url()),
            ("MAIL_EVENT_QUEUE_URL", events.queue.url()),
        ])
        .await;
    eventually("an event has failed", async || {
        let logs = worker.logs();
        let failed = |line: &String| line.contains("an event of SES was not recorded");
        if logs.iter().any(failed) {
            Ok(())
        } else {
            Err(logs)
        }
    })
    .await;
    assert_eq!(events.queue.length().await, 2);
    proxy.come_up();
    nothing_is_left(&events).await;
    worker.stop().await;
}
