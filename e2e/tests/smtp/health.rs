//! A mail server that refuses all mail for a while: all mail waits, one recipient probes, and no attempts are used up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use e2e::smtp::{Options, Phase, Reaction, always};
use e2e::{Database, Server, SmtpServer, Worker, eventually, letter, mailing, on_both_databases};
use serde_json::Value;

on_both_databases!(
    throttling_holds_everybody_back_and_costs_nothing,
    a_wrong_password_is_shown_a_handful_of_times_by_all_instances,
    an_outage_costs_no_attempt,
    what_concerns_the_sender_fails_no_mail,
    a_connection_that_is_used_up_costs_nothing,
);

const LIMIT: Duration = Duration::from_mins(3);

async fn start(database: &Database, smtp: &SmtpServer) -> Server {
    Server::through(smtp, database)
        .env("MAX_ATTEMPTS", "1")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await
}

fn id(data: &Value) -> String {
    data["id"].as_str().expect("an id").to_owned()
}

/// In the words of Postfix, and as a server that closes the connection says it.
async fn throttling_holds_everybody_back_and_costs_nothing(database: Database) {
    for (phase, reply) in [
        (
            Phase::Recipient,
            "450 4.7.1 Error: too much mail from 127.0.0.1",
        ),
        (Phase::Connect, "421 4.7.0 slow down"),
        (Phase::Mail, "451 4.3.0 not now"),
    ] {
        let smtp = SmtpServer::start().await;
        let said = Arc::new(AtomicUsize::new(0));
        let until = Arc::new(Mutex::new(None::<Instant>));
        let counting = Arc::clone(&said);
        smtp.script(move |step| {
            if step.phase != phase {
                return Reaction::Continue;
            }
            let mut until = until.lock().expect("no script panics");
            let end = *until.get_or_insert_with(|| Instant::now() + Duration::from_secs(4));
            if Instant::now() >= end {
                return Reaction::Continue;
            }
            counting.fetch_add(1, Ordering::Relaxed);
            Reaction::Reply(reply)
        });
        let server = start(&database, &smtp).await;
        let sender = server.sender().await;
        let large = id(&sender.mail(&mailing(200)).await.data(202));
        // A single mail waits as well.
        eventually("the server is found throttling", || async {
            let said = said.load(Ordering::Relaxed);
            if said > 0 { Ok(()) } else { Err(said) }
        })
        .await;
        let single = sender.mail(&letter("single@example.net")).await.data(202);
        assert_eq!(single["status"], "queued");
        for id in [large, id(&single)] {
            let counts = server.settled_within(LIMIT, &id).await;
            assert_eq!(counts["failed"], 0, "{reply}: {counts}");
            assert_eq!(counts["unconfirmed"], 0, "{reply}: {counts}");
        }
        assert_eq!(smtp.count(), 201, "{reply}");
        // Four workers may notice it at the same time, and then a single one probes: after about 1, 2, 4 and 8 s.
        let said = said.load(Ordering::Relaxed);
        assert!(said <= 4 + 2 * 6, "{reply}: said {said} times");
    }
}

async fn a_wrong_password_is_shown_a_handful_of_times_by_all_instances(database: Database) {
    let smtp = SmtpServer::with(Options {
        credentials: Some(("user", "right")),
        ..Options::default()
    })
    .await;
    let transport = smtp.transport().replace("//", "//user:wrong@");
    let server = Server::on(&database)
        .env("MAIL_TRANSPORT", &transport)
        .start()
        .await;
    let mut others = Vec::new();
    if database.is_postgres() {
        for _ in 0..2 {
            others.push(Worker::start(&database, &[("MAIL_TRANSPORT", &transport)]).await);
        }
    }
    let large = id(&server.sender().await.mail(&mailing(500)).await.data(202));
    probes(&database, 1).await;
    // Each instance may have had four calls under way when the first one noticed it.
    let shown = smtp.users().len();
    assert!(shown <= 4 * 3, "the password was shown {shown} times");
    // One of them that failed later would begin the next hold instead of a probe.
    eventually("no call is under way", || async {
        let counts = server.mailing(&large).await["counts"].clone();
        if counts["sending"] == 0 {
            Ok(())
        } else {
            Err(counts)
        }
    })
    .await;
    // The hold ends three times, and each time one of all instances probes.
    for expected in 2..5 {
        let before = smtp.users().len();
        database.execute("UPDATE pace SET held_until = 0").await;
        probes(&database, expected).await;
        assert_eq!(smtp.users().len(), before + 1, "one probes");
    }
    let mut logs = server.logs();
    for worker in others {
        logs.extend(worker.logs());
        worker.stop().await;
    }
    let told = logs
        .iter()
        .filter(|line| line.contains("takes no mail of this account"));
    assert_eq!(told.count(), 1, "{logs:#?}");
    let counts = server.mailing(&large).await["counts"].clone();
    assert_eq!(counts["queued"], 500, "{counts}");
}

/// Waits until `count` holds have begun.
async fn probes(database: &Database, count: i64) {
    eventually("a pause begins", || async {
        let holds = database
            .count("SELECT CAST(holds AS BIGINT) FROM pace")
            .await;
        if holds >= count { Ok(()) } else { Err(holds) }
    })
    .await;
}

/// An unreachable server costs no attempt, no matter how often it is tried.
async fn an_outage_costs_no_attempt(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.set_open(false).await;
    let server = start(&database, &smtp).await;
    let large = id(&server.sender().await.mail(&mailing(20)).await.data(202));
    for _ in 0..8 {
        probes(&database, 1).await;
        // Skips an hour.
        let later = "UPDATE pace SET held_until = 0, holds = 0";
        database.execute(later).await;
        database
            .execute("UPDATE recipient SET due_at = due_at - 3600000")
            .await;
    }
    for recipient in server.recipients(&large).await {
        assert_eq!(recipient["status"], "queued", "{recipient}");
        assert_eq!(recipient["attempts"], 0, "{recipient}");
    }
    smtp.set_open(true).await;
    let counts = server.settled_within(LIMIT, &large).await;
    assert_eq!(counts["sent"], 20, "{counts}");
}

async fn what_concerns_the_sender_fails_no_mail(database: Database) {
    for (phase, reply, code) in [
        (Phase::Mail, "550 no", "account"),
        (
            Phase::Recipient,
            "550 5.4.5 Daily user sending limit exceeded",
            "quota",
        ),
        (
            Phase::End,
            "554 Message rejected: Email address is not verified",
            "account",
        ),
        (
            Phase::Recipient,
            "553 5.7.1 sender address rejected: not owned by user",
            "account",
        ),
        (Phase::Recipient, "554 5.7.1 Relay access denied", "account"),
    ] {
        let smtp = SmtpServer::start().await;
        smtp.script(always(phase, Reaction::Reply(reply)));
        let server = start(&database, &smtp).await;
        let large = id(&server.sender().await.mail(&mailing(5)).await.data(202));
        eventually("one has its reason", || async {
            let recipients = server.recipients(&large).await;
            let waits =
                |entry: &Value| entry["status"] == "queued" && entry["status_detail"] == code;
            if recipients.iter().any(waits) {
                Ok(())
            } else {
                Err(recipients)
            }
        })
        .await;
        let counts = server.mailing(&large).await["counts"].clone();
        assert_eq!(counts["failed"], 0, "{reply}: {counts}");
        smtp.script(|_| Reaction::Continue);
        database.execute("UPDATE pace SET held_until = 0").await;
        database.execute("UPDATE recipient SET due_at = 0").await;
        let counts = server.settled_within(LIMIT, &large).await;
        assert_eq!(counts["sent"], 5, "{reply}: {counts}");
    }
}

async fn a_connection_that_is_used_up_costs_nothing(database: Database) {
    for reply in [
        "451 4.7.0 Mails per session limit exceeded",
        "503 too many mails",
    ] {
        let smtp = SmtpServer::with(Options {
            mails_per_session: Some((10, reply)),
            ..Options::default()
        })
        .await;
        let server = start(&database, &smtp).await;
        let large = id(&server.sender().await.mail(&mailing(100)).await.data(202));
        let counts = server.settled_within(LIMIT, &large).await;
        assert_eq!(counts["sent"], 100, "{reply}: {counts}");
        assert_eq!(smtp.count(), 100, "{reply}");
    }
}
