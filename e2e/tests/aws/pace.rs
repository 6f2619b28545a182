//! All instances together keep to the account's rate, measured by the arrival of calls at SES.

use std::time::{Duration, Instant};

use e2e::reckoning::Reckoning;
use e2e::{Service, letter, mailing};

const RATE: usize = 20;
const MANY: usize = 240;
const SINGLES: usize = 10;
const WORKERS: usize = 4;
const SECOND: Duration = Duration::from_secs(1);
/// The bound of any second: the rate, the turns of a quarter of a second before that were unused, and one call.
const MOST: usize = RATE + RATE / 4 + RATE;

/// Four workers send a mailing, while an API sends single mails.
async fn paced(service: &Service) {
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(service.worker(&[]).await);
    }
    let sender = service.sender().await;
    // The first sender asks for the rate, and sends slowly until it is known.
    sender.mail(&letter("first@example.org")).await;
    service.ses.accepts(1).await;
    let data = sender.mail(&mailing(MANY)).await.data(202);
    service.ses.accepts(RATE).await;
    for index in 0..SINGLES {
        let body = letter(&format!("single-{index}@example.org"));
        let answer = sender.mail(&body).await;
        assert!([200, 202].contains(&answer.status), "{}", answer.text());
    }
    let id = data["id"].as_str().expect("an id");
    let all = Reckoning {
        sent: MANY,
        ..Reckoning::default()
    };
    assert_eq!(service.reckon(id, MANY).await, all);
    let arrivals = service.ses.arrivals();
    keeps_within(&arrivals);
    keeps_up(&arrivals[1..]);
    for worker in workers {
        worker.stop().await;
    }
}

/// Asserts that no second exceeds the bound.
fn keeps_within(arrivals: &[(Instant, usize)]) {
    for (index, (begin, _)) in arrivals.iter().enumerate() {
        let second = arrivals[index..].iter();
        let within = second.take_while(|(time, _)| time.duration_since(*begin) < SECOND);
        let many: usize = within.map(|(_, many)| many).sum();
        assert!(
            many <= MOST,
            "{many} recipients in the second after call {index}, {MOST} are the most"
        );
    }
}

/// Asserts that from the first call to the last one, at least nine tenths of the rate were used.
fn keeps_up(arrivals: &[(Instant, usize)]) {
    let [(first, _), .., (last, last_many)] = arrivals else {
        panic!("there are calls");
    };
    let seconds = last.duration_since(*first).as_secs_f64();
    let many: usize = arrivals.iter().map(|(_, many)| many).sum();
    let before_the_last = u32::try_from(many - last_many).expect("a small number");
    let rate = u32::try_from(RATE).expect("a small number");
    let average = f64::from(before_the_last) / seconds;
    println!(
        "{many} recipients in {} calls, {average:.1}/s",
        arrivals.len()
    );
    assert!(
        average >= 0.9 * f64::from(rate),
        "{average:.1}/s on average, {rate}/s may go"
    );
}

#[tokio::test]
async fn four_workers_and_an_api_keep_to_the_rate_that_is_set() {
    let rate = RATE.to_string();
    let service = Service::of_processes(|settings| settings.env("MAX_SEND_RATE", &rate)).await;
    paced(&service).await;
}

#[tokio::test]
async fn four_workers_and_an_api_keep_to_the_rate_that_ses_tells() {
    let service = Service::of_processes(|settings| settings).await;
    service.ses.set_rate(20.0);
    paced(&service).await;
}
