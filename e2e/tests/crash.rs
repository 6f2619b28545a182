//! SIGKILL at random moments of a mailing: no recipient gets two mails, and none is forgotten.

use std::collections::HashSet;
use std::env;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use e2e::balance::balanced;
use e2e::smtp::{Phase, Reaction};
use e2e::{Database, Server, SmtpServer, With, eventually, mailing, on_both_databases};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::time::sleep;

on_both_databases!(twenty_kills_lose_nothing_and_double_nothing);

const RECIPIENTS: usize = 2_000;
const KILLS: usize = 20;
const KILLS_WHILE_ACCEPTING: usize = 6;
/// The interval between two mails: slow enough that the mailing outlasts the kills.
const PACE: Duration = Duration::from_millis(5);

/// A server that gets killed, and the recipients that were in flight.
struct Victim {
    server: Server,
    smtp: SmtpServer,
    random: StdRng,
    kills: usize,
    /// The positions of the recipients that were at the transport at one of the kills.
    in_flight: HashSet<i64>,
    /// The largest number of them at one kill.
    most_at_once: usize,
}

async fn twenty_kills_lose_nothing_and_double_nothing(database: Database) {
    let seed = env::var("E2E_SEED").map_or_else(
        |_| rand::random(),
        |seed| seed.parse().expect("E2E_SEED is a number"),
    );
    println!("E2E_SEED={seed}");
    let smtp = SmtpServer::start().await;
    take_slowly(&smtp);
    let server = Server::through(&smtp, &database)
        .env("LEASE_SECONDS", "6")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let mut victim = Victim {
        server,
        smtp,
        random: StdRng::seed_from_u64(seed),
        kills: 0,
        in_flight: HashSet::new(),
        most_at_once: 0,
    };
    let id = victim.accepted().await;
    while victim.kills < KILLS {
        let more = victim.random.random_range(1..=60);
        victim.smtp.accepts(victim.smtp.count() + more).await;
        let moment = victim.random.random_range(0..30);
        sleep(Duration::from_millis(moment)).await;
        victim.kill().await;
        victim.server.start().await;
    }
    assert!(
        victim.smtp.count() < RECIPIENTS,
        "the kills came while it was under way"
    );
    let limit = Duration::from_mins(3);
    victim.server.settled_within(limit, &id).await;
    let recipients = victim.server.recipients(&id).await;
    balanced(
        &recipients,
        &victim.smtp,
        RECIPIENTS,
        victim.in_flight.len(),
    );
    assert!(
        victim.most_at_once <= victim.smtp.most_sessions(),
        "{} were to be at the transport at once, which never had more than {} connections",
        victim.most_at_once,
        victim.smtp.most_sessions()
    );
}

/// Delays the answer to every message until its turn, across all connections.
fn take_slowly(smtp: &SmtpServer) {
    let turn = Mutex::new(Instant::now());
    smtp.script(move |step| {
        if step.phase != Phase::End {
            return Reaction::Continue;
        }
        let now = Instant::now();
        let mut turn = turn.lock().expect("no script panics");
        *turn = (*turn + PACE).max(now);
        Reaction::Delay(*turn - now)
    });
}

impl Victim {
    /// Posts the mailing with one `Idempotency-Key`, kills the server in between, repeats the request until it is
    /// answered, and returns the mailing's id.
    async fn accepted(&mut self) -> String {
        let key = self.server.new_key(json!({})).await;
        let key = key["api_key"].as_str().expect("a key").to_owned();
        let body = mailing(RECIPIENTS).with("email_id", "the mailing");
        while self.kills < KILLS_WHILE_ACCEPTING {
            let sender = self.server.with_key(&key).idempotency_key("the mailing");
            let body = body.clone();
            let post = tokio::spawn(async move { sender.try_post("/v1/mail", &body).await });
            let moment = self.random.random_range(0..300);
            sleep(Duration::from_millis(moment)).await;
            self.kill().await;
            if let Ok(answer) = post.await.expect("the request ends") {
                assert!([202, 409].contains(&answer.status), "{}", answer.text());
            }
            self.server.start().await;
        }
        let sender = self.server.with_key(&key).idempotency_key("the mailing");
        let data = eventually("the mailing is accepted", || async {
            let answer = sender.mail(&body).await;
            if answer.status == 409 {
                answer.error(409, "idempotency_in_progress");
                return Err(answer.text());
            }
            Ok(answer.data(202))
        })
        .await;
        assert_eq!(data["accepted"], RECIPIENTS);
        let mailings = self.server.management().get("/v1/mail").await.items();
        let ids: Vec<&Value> = mailings.iter().map(|mailing| &mailing["id"]).collect();
        assert_eq!(ids, [&data["id"]], "one request is one mailing");
        data["id"].as_str().expect("an id").to_owned()
    }

    async fn kill(&mut self) {
        self.server.kill().await;
        self.kills += 1;
        self.server.database().quiet().await;
        let sending = self.server.database().sending().await;
        // Recipients of an earlier kill may not be at an end yet.
        let before = self.in_flight.len();
        self.in_flight.extend(sending);
        self.most_at_once = self.most_at_once.max(self.in_flight.len() - before);
    }
}
