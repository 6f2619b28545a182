//! A mailing of ten thousand drains in the background.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::letter::recipient;
use e2e::smtp::{Phase, Reaction, always};
use e2e::{Database, Server, SmtpServer, eventually, letter, mailing, on_both_databases};
use futures_util::future::join_all;
use serde_json::Value;

on_both_databases!(
    ten_thousand_drain_while_single_mails_pass_them,
    a_stop_in_the_middle_loses_nothing_and_doubles_nothing,
    a_mail_on_its_way_is_answered_before_the_end,
    a_mailing_goes_while_single_mails_use_the_whole_rate,
    what_waited_before_a_restart_does_not_wait_behind_new_mail,
);

const MANY: usize = 10_000;
const FEWER: usize = 3_000;
const LIMIT: Duration = Duration::from_mins(5);

/// Posts the mailing, and returns its id.
async fn accepted(server: &Server, count: usize) -> String {
    let sender = server.sender().await;
    let begin = Instant::now();
    let data = sender.mail(&mailing(count)).await.data(202);
    assert_eq!(data["accepted"], count);
    assert!(
        begin.elapsed() < Duration::from_secs(25),
        "{:?}",
        begin.elapsed()
    );
    data["id"].as_str().expect("an id").to_owned()
}

/// Waits until a part of the mailing was sent, and asserts that the rest is still queued.
async fn under_way(server: &Server, id: &str, count: usize) {
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
    assert_eq!(sum, count as u64, "{counts}");
}

/// Asserts that every recipient got one mail.
async fn one_each(server: &Server, id: &str, count: usize, others: usize) {
    let counts = server.settled_within(LIMIT, id).await;
    assert_eq!(counts["sent"], count, "{counts}");
    let messages = server.mailbox().messages().await;
    assert_eq!(messages.len(), count + others);
    let addresses: HashSet<_> = messages
        .iter()
        .map(|message| message["to"][0]["mail"].as_str().expect("an address"))
        .collect();
    assert_eq!(addresses.len(), count + others);
    for index in 0..count {
        assert!(
            addresses.contains(recipient(index).as_str()),
            "{index} is missing"
        );
    }
}

async fn ten_thousand_drain_while_single_mails_pass_them(database: Database) {
    let server = Server::on(&database).start().await;
    let id = accepted(&server, MANY).await;
    under_way(&server, &id, MANY).await;
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
    one_each(&server, &id, MANY, 5).await;
}

async fn a_stop_in_the_middle_loses_nothing_and_doubles_nothing(database: Database) {
    let mut server = Server::on(&database)
        // A call has a third of the lease: enough for a slow disk.
        .env("LEASE_SECONDS", "12")
        .env("SWEEP_SECONDS", "1")
        // Slow enough to see the mailing under way.
        .env("MAX_SEND_RATE", "500")
        .start()
        .await;
    let id = accepted(&server, FEWER).await;
    for _ in 0..2 {
        under_way(&server, &id, FEWER).await;
        server.stop().await;
        server.start().await;
    }
    one_each(&server, &id, FEWER, 0).await;
}

async fn a_mail_on_its_way_is_answered_before_the_end(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(Phase::End, Reaction::Delay(Duration::from_secs(1))));
    let mut server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    let post = tokio::spawn(async move { sender.mail(&letter("ann@example.org")).await });
    smtp.accepts(1).await;
    server.stop().await;
    let data = post.await.expect("an answer").data(200);
    server.start().await;
    let recipients = server.recipients(data["id"].as_str().expect("an id")).await;
    assert_eq!(recipients[0]["status"], "sent", "{recipients:?}");
    assert_eq!(smtp.count(), 1);
}

async fn a_mailing_goes_while_single_mails_use_the_whole_rate(database: Database) {
    let server = Server::on(&database)
        .env("MAX_SEND_RATE", "5")
        .start()
        .await;
    let sender = server.sender().await;
    let done = AtomicBool::new(false);
    // More concurrent single mails than the rate allows, so that one always waits.
    let singles = join_all((0..20).map(|_| async {
        while !done.load(Ordering::Relaxed) {
            let answer = sender.mail(&letter("ann@example.org")).await;
            assert!(matches!(answer.status, 200 | 202), "{}", answer.text());
        }
    }));
    let mailing = async {
        eventually("single mails use the whole rate", async || {
            let total = server.mailbox().total().await;
            if total >= 10 { Ok(()) } else { Err(total) }
        })
        .await;
        let id = accepted(&server, 6).await;
        let counts = server.settled_within(LIMIT, &id).await;
        done.store(true, Ordering::Relaxed);
        counts
    };
    let (counts, _) = tokio::join!(mailing, singles);
    assert_eq!(counts["sent"], 6, "{counts}");
}

async fn what_waited_before_a_restart_does_not_wait_behind_new_mail(database: Database) {
    let mut server = Server::on(&database)
        .env("MAX_SEND_RATE", "10")
        .env("LEASE_SECONDS", "6")
        .start()
        .await;
    let old = accepted(&server, 30).await;
    eventually("the first is sent", async || {
        let counts = server.mailing(&old).await["counts"].clone();
        if counts["sent"].as_u64() > Some(0) {
            Ok(())
        } else {
            Err(counts)
        }
    })
    .await;
    server.kill().await;
    server.start().await;
    let new = accepted(&server, 500).await;
    // Both mailings take turns, at ten recipients a second.
    let counts = server.settled_within(LIMIT, &old).await;
    assert_eq!(counts["failed"], 0, "{counts}");
    let counts = server.mailing(&new).await["counts"].clone();
    assert!(counts["queued"].as_u64() > Some(200), "{counts}");
}
