//! SIGKILL between any two steps: no recipient is mailed twice or forgotten, and only the recipients that were at SES
//! at that moment are unconfirmed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::runtime::Function;
use e2e::{Cloud, Database, Service, With, eventually, letter, mailing};
use futures_util::FutureExt;

/// More than one call for one wake-up, and more than one wake-up.
const MANY: usize = 120;
/// The number of times that the worker dies at a point: at its first, second and third pass.
const DEATHS: usize = 3;
/// Longer than a lease, and than the time after which a wake-up counts as lost.
const LATER: Duration = Duration::from_mins(2);

/// Rates in recipients a second: one at which no call waits, and one at which three calls take three seconds.
const FAST: usize = 200;
const SLOW: usize = 20;
/// The time for a few calls at the slow rate; the rest is enqueued again.
const LITTLE: Duration = Duration::from_secs(12);

/// The recipients that were at SES when a program died.
#[derive(Clone, Default)]
struct InFlight(Arc<Mutex<HashSet<i64>>>);

impl InFlight {
    fn watch(&self, function: &Function, database: &Database) {
        let (in_flight, database) = (self.clone(), database.clone());
        function.on_crash(move || {
            let (in_flight, database) = (in_flight.clone(), database.clone());
            async move {
                // The last statement of the dead program may still be executed.
                let mut sending = database.sending().await;
                loop {
                    let before = sending;
                    sending = database.sending().await;
                    if before == sending {
                        break;
                    }
                }
                in_flight.0.lock().expect("nobody panics").extend(sending);
                // No other program is at work, so the next two minutes can be skipped.
                database.age_what_waits(LATER).await;
            }
            .boxed()
        });
    }

    fn count(&self) -> usize {
        self.0.lock().expect("nobody panics").len()
    }
}

async fn cloud() -> Cloud {
    let mut cloud = Cloud::new().await;
    // A single worker, so that every recipient at SES is in a call of the one that dies.
    cloud.workers = 1;
    cloud
}

async fn deployed(cloud: Cloud, rate: usize) -> Service {
    let rate = rate.to_string();
    Service::like(cloud, |settings| {
        settings
            .env("LEASE_SECONDS", "6")
            .env("SWEEP_SECONDS", "1")
            .env("MAX_SEND_RATE", &rate)
    })
    .await
}

/// Lets the worker die at a point three times.
async fn the_worker_dies(point: &str) {
    the_worker_of(cloud().await, FAST, point).await;
}

async fn the_worker_of(mut cloud: Cloud, rate: usize, point: &str) {
    cloud.doomed_workers = (1..=DEATHS).map(|time| format!("{point}@{time}")).collect();
    let service = deployed(cloud, rate).await;
    let in_flight = InFlight::default();
    let worker = &service.server.deployment().worker;
    in_flight.watch(worker, service.server.database());
    let sender = service.sender().await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let reckoning = service.reckon(id, MANY).await;
    assert!(worker.crashes() > 0, "{point} is never reached");
    balanced(&reckoning, in_flight.count());
}

fn balanced(reckoning: &e2e::reckoning::Reckoning, in_flight: usize) {
    assert_eq!(reckoning.failed, 0, "{reckoning:?}");
    assert!(
        reckoning.unconfirmed <= in_flight,
        "{reckoning:?}, {in_flight} were in flight"
    );
}

macro_rules! the_worker_dies_at {
    ($($name:ident: $point:literal),+ $(,)?) => {
        mod the_worker_dies_at {
            $(
                #[tokio::test]
                async fn $name() {
                    super::the_worker_dies($point).await;
                }
            )+
        }
    };
}

the_worker_dies_at!(
    a_wake_up_received: "received",
    recipients_claimed: "claimed",
    its_turn: "turn",
    recipients_marked_as_sending: "sending",
    an_answer_of_ses: "called",
    an_outcome_written: "recorded",
    a_result_told: "published",
    a_result_marked: "marked",
    a_wake_up_done: "done",
);

#[tokio::test]
async fn the_worker_dies_after_it_has_handed_back_what_it_has_no_time_for() {
    let mut cloud = cloud().await;
    cloud.time_limit = LITTLE;
    the_worker_of(cloud, SLOW, "handed-back").await;
}

/// Lets the API die at a point of a mailing. Its client repeats the request with the same key.
async fn the_api_dies(point: &str, count: usize) {
    let mut cloud = cloud().await;
    cloud.doomed_apis = vec![format!("{point}@1")];
    let service = deployed(cloud, FAST).await;
    let in_flight = InFlight::default();
    let api = &service.server.deployment().api;
    in_flight.watch(api, service.server.database());
    let sender = service.sender().await.idempotency_key("once");
    let body = if count == 1 {
        letter("recipient-0@example.org")
    } else {
        mailing(count)
    };
    let body = body.with("email_id", "once");
    let answer = sender.mail(&body).await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert_eq!(api.crashes(), 1, "{point} is never reached");
    let answer = eventually("the same request is answered", async || {
        let answer = sender.mail(&body).await;
        if answer.status == 409 {
            answer.error(409, "idempotency_in_progress");
            return Err(answer.text());
        }
        Ok(answer)
    })
    .await;
    assert!([200, 202].contains(&answer.status), "{}", answer.text());
    let data = answer.data(answer.status);
    let id = data["id"].as_str().expect("an id");
    let mailings = service.server.management().get("/v1/mail").await.items();
    assert_eq!(mailings.len(), 1, "one request is one mailing");
    let reckoning = service.reckon(id, count).await;
    balanced(&reckoning, in_flight.count());
}

macro_rules! the_api_dies_at {
    ($($name:ident: $point:literal, $count:expr),+ $(,)?) => {
        mod the_api_dies_at {
            $(
                #[tokio::test]
                async fn $name() {
                    super::the_api_dies($point, $count).await;
                }
            )+
        }
    };
}

the_api_dies_at!(
    a_mailing_stored: "stored", super::MANY,
    its_wake_ups_written: "woken", super::MANY,
    a_single_mail_stored: "stored", 1,
    a_single_mail_marked_as_sending: "sending", 1,
    the_answer_of_ses_to_a_single_mail: "called", 1,
    the_outcome_of_a_single_mail_written: "recorded", 1,
    the_result_of_a_single_mail_told: "published", 1,
    the_result_of_a_single_mail_marked: "marked", 1,
);
