//! Every fault of SES, in mixes chosen by a seed.

use e2e::letter::recipient;
use e2e::reckoning::Reckoning;
use e2e::ses::{Call, Fault, Reaction, mixed};
use e2e::{Cloud, Service, eventually, letter, mailing};
use serde_json::Value;

const EVERY: &[Fault] = &[
    Fault::Throttle,
    Fault::Unavailable,
    Fault::Fail,
    Fault::FailAfter,
    Fault::Reset,
    Fault::ResetAfter,
    Fault::Silence,
    Fault::RefuseSome,
    Fault::RefuseAll,
];
const MANY: usize = 400;
const SINGLES: usize = 8;
/// The number of times that SES is unreachable in a mix.
const ABSENCES: usize = 2;
/// Recipients whose attempt failed because SES was unreachable.
const NOT_CONNECTED: &str = "SELECT COUNT(*) FROM recipient WHERE status_detail = 'not_connected'";

async fn service() -> Service {
    let mut cloud = Cloud::new().await;
    cloud.workers = 3;
    Service::like(cloud, |settings| {
        settings.env("LEASE_SECONDS", "6").env("SWEEP_SECONDS", "1")
    })
    .await
}

/// Sends a mailing and single mails, while SES reacts as the seed says and is unreachable now and then.
async fn a_mix(seed: u64) {
    let service = service().await;
    service.ses.script(harming_one(mixed(seed, 0.4, EVERY)));
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    tokio::join!(singles(&service), absences(&service, id));
    let reckoning = service.reckon(id, MANY).await;
    reckoning.all_doubts_are_of_ses(&service, id).await;
    assert!(
        reckoning.failed + reckoning.unconfirmed > 0,
        "the mix harmed no recipient: {reckoning:?}"
    );
    for single in service.server.management().get("/v1/mail").await.items() {
        let single = single["id"].as_str().expect("an id");
        if single != id {
            let reckoning = service.reckon(single, 1).await;
            reckoning.all_doubts_are_of_ses(&service, single).await;
        }
    }
}

/// Refuses one recipient of a mailing whenever the mix would accept it: the effect of a mix depends on which recipients
/// share a call, and thereby on time.
fn harming_one(mix: impl Fn(&Call) -> Reaction) -> impl Fn(&Call) -> Reaction {
    move |call| match mix(call) {
        Reaction::Accept if call.recipients.contains(&recipient(0)) => {
            if call.is_bulk {
                Reaction::RefuseSome(vec![(recipient(0), "MESSAGE_REJECTED")])
            } else {
                Reaction::Refuse("MessageRejected")
            }
        }
        reaction => reaction,
    }
}

/// Asserts that the answer to each single mail agrees with its fate, if that is known.
async fn singles(service: &Service) {
    let sender = service.sender().await;
    for index in 0..SINGLES {
        let address = format!("single-{index}@example.org");
        let answer = sender.mail(&letter(&address)).await;
        let fate = service.ses.fates().of(&address);
        match answer.status {
            200 => assert_eq!(fate.accepted, 1, "{address}: {}", answer.text()),
            202 if answer.data(202)["status"] == "unconfirmed" => {
                assert!(fate.doubted > 0, "{address}: {}", answer.text());
            }
            202 => {}
            _ => {
                answer.error(422, "send_rejected");
                assert_eq!((fate.accepted, fate.refused), (0, 1), "{address}");
            }
        }
    }
}

/// Makes SES unreachable until a recipient was affected, repeatedly.
async fn absences(service: &Service, id: &str) {
    for _ in 0..ABSENCES {
        let database = service.server.database();
        let before = database.count(NOT_CONNECTED).await;
        service.ses.set_open(false).await;
        eventually("SES is found unreachable", async || {
            let counts = &service.server.mailing(id).await["counts"];
            let noticed = database.count(NOT_CONNECTED).await > before;
            if noticed || counts["queued"] == 0 {
                Ok(())
            } else {
                Err(counts.clone())
            }
        })
        .await;
        service.ses.set_open(true).await;
    }
}

#[tokio::test]
async fn a_first_mix_of_faults_balances() {
    a_mix(1).await;
}

#[tokio::test]
async fn a_second_mix_of_faults_balances() {
    a_mix(2).await;
}

#[tokio::test]
async fn a_third_mix_of_faults_balances() {
    a_mix(3).await;
}

#[tokio::test]
async fn while_ses_is_not_there_everything_waits_and_nothing_is_unknown() {
    let service = service().await;
    service.ses.set_open(false).await;
    let sender = service.sender().await;
    let data = sender.mail(&mailing(60)).await.data(202);
    let single = sender.mail(&letter("ann@example.org")).await.data(202);
    assert_eq!(single["status"], "queued", "{single}");
    eventually("SES is found unreachable", async || {
        match service.server.database().count(NOT_CONNECTED).await {
            0 => Err(()),
            _ => Ok(()),
        }
    })
    .await;
    service.ses.set_open(true).await;
    for (mailing, count) in [(&data, 60), (&single, 1)] {
        let id = mailing["id"].as_str().expect("an id");
        assert_eq!(service.reckon(id, count).await, all_sent(count));
    }
}

fn all_sent(sent: usize) -> Reckoning {
    Reckoning {
        sent,
        ..Reckoning::default()
    }
}

#[tokio::test]
async fn throttling_costs_no_attempt() {
    let service = service().await;
    service.ses.script(|call| match call.number {
        1..=3 => Reaction::Throttle,
        _ => Reaction::Accept,
    });
    let sender = service.sender().await;
    let data = sender.mail(&mailing(40)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    assert_eq!(service.reckon(id, 40).await, all_sent(40));
    let recipients = service.server.recipients(id).await;
    let attempts: Vec<&Value> = recipients.iter().map(|entry| &entry["attempts"]).collect();
    assert!(attempts.iter().all(|count| **count == 1), "{attempts:?}");
}

#[tokio::test]
async fn a_refused_bulk_call_is_split_down_to_the_one_who_is_refused() {
    let service = service().await;
    service.ses.script(|call| {
        if call.recipients.contains(&recipient(17)) {
            Reaction::Refuse("BadRequestException")
        } else {
            Reaction::Accept
        }
    });
    let sender = service.sender().await;
    let data = sender.mail(&mailing(50)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let expected = Reckoning {
        sent: 49,
        failed: 1,
        unconfirmed: 0,
    };
    assert_eq!(service.reckon(id, 50).await, expected);
    let recipients = service.server.recipients(id).await;
    assert_eq!(recipients[17]["status"], "failed", "{}", recipients[17]);
}
