//! A mailing of ten thousand drains in the background.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use e2e::letter::recipient;
use e2e::{Database, Server, eventually, letter, mailing, on_both_databases};
use serde_json::Value;

on_both_databases!(
    ten_thousand_drain_while_single_mails_pass_them,
    a_stop_in_the_middle_loses_nothing_and_doubles_nothing,
);

const MANY: usize = 10_000;
const LIMIT: Duration = Duration::from_mins(5);

/// Accepts the mailing; its id.
async fn accepted(server: &Server) -> String {
    let sender = server.sender().await;
    let begin = Instant::now();
    let data = sender.mail(&mailing(MANY)).await.data(202);
    assert_eq!(data["accepted"], MANY);
    assert!(
        begin.elapsed() < Duration::from_secs(25),
        "{:?}",
        begin.elapsed()
    );
    data["id"].as_str().expect("an id").to_owned()
}

/// Waits until some of the mailing was sent and some was not; its counts then.
async fn under_way(server: &Server, id: &str) -> Value {
    let counts = eventually("the mailing is under way", || async {
        let counts = server.mailing(id).await["counts"].clone();
        if counts["sent"].as_u64() > Some(100) {
            Ok(counts)
        } else {
            Err(counts)
        }
    })
    .await;
    assert!(
        counts["queued"].as_u64() > Some(0),
        "it is still under way: {counts}"
    );
    let sum: u64 = counts
        .as_object()
        .expect("counts")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(sum, MANY as u64, "{counts}");
    counts
}

/// Looks that everybody got one mail.
async fn one_each(server: &Server, id: &str, others: usize) {
    let counts = server.settled_within(LIMIT, id).await;
    assert_eq!(counts["sent"], MANY, "{counts}");
    let messages = server.mailbox().messages().await;
    assert_eq!(messages.len(), MANY + others);
    let addresses: HashSet<_> = messages
        .iter()
        .map(|message| message["to"][0]["mail"].as_str().expect("an address"))
        .collect();
    assert_eq!(addresses.len(), MANY + others);
    for index in 0..MANY {
        assert!(
            addresses.contains(recipient(index).as_str()),
            "{index} is missing"
        );
    }
}

async fn ten_thousand_drain_while_single_mails_pass_them(database: Database) {
    let server = Server::on(&database).start().await;
    let id = accepted(&server).await;
    under_way(&server, &id).await;
    let sender = server.sender().await;
    for index in 0..5 {
        let begin = Instant::now();
        sender
            .mail(&letter(&format!("single-{index}@example.org")))
            .await
            .data(200);
        assert!(
            begin.elapsed() < Duration::from_secs(5),
            "{:?}",
            begin.elapsed()
        );
    }
    let counts = server.mailing(&id).await["counts"].clone();
    assert!(
        counts["queued"].as_u64() > Some(0),
        "the singles passed the mailing: {counts}"
    );
    one_each(&server, &id, 5).await;
}

async fn a_stop_in_the_middle_loses_nothing_and_doubles_nothing(database: Database) {
    let mut server = Server::on(&database)
        .env("LEASE_SECONDS", "3")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let id = accepted(&server).await;
    for _ in 0..2 {
        under_way(&server, &id).await;
        server.stop().await;
        server.start().await;
    }
    one_each(&server, &id, 0).await;
}
