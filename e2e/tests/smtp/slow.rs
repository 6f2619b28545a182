//! A mail server that takes longer for a mail than a lease, or than a caller waits. RFC 5321, 4.5.3.2, allows it
//! minutes.

use std::time::Duration;

use e2e::letter::recipient;
use e2e::smtp::{Phase, Reaction};
use e2e::waiting::within;
use e2e::{Database, Server, SmtpServer, eventually, letter, mailing, on_both_databases};

on_both_databases!(
    a_mail_that_is_taken_after_several_leases_is_sent,
    a_refusal_that_comes_late_is_a_failure,
    a_mail_that_is_put_off_late_is_tried_again,
    what_takes_longer_than_it_may_is_unconfirmed,
    nobody_knows_of_a_call_whose_process_was_killed,
    the_answer_to_a_single_mail_that_comes_after_all_settles_it,
    a_single_mail_that_waits_for_the_server_is_queued,
);

/// More than two leases of three seconds.
const LONG: Duration = Duration::from_secs(7);
/// Longer than the caller of a single mail waits.
const TOO_LONG: Duration = Duration::from_secs(23);
const LIMIT: Duration = Duration::from_mins(2);

async fn start(database: &Database, smtp: &SmtpServer, timeout: &str) -> Server {
    Server::through(smtp, database)
        .env("LEASE_SECONDS", "3")
        .env("SWEEP_SECONDS", "1")
        .env("SMTP_TIMEOUT_SECONDS", timeout)
        .start()
        .await
}

/// Sets the reaction at the first visit of a step, and for a mailing only for its first recipient.
fn first(smtp: &SmtpServer, phase: Phase, reaction: Reaction) {
    smtp.script(move |step| {
        if step.phase == phase && step.visit == 1 && step.recipient != recipient(1) {
            reaction
        } else {
            Reaction::Continue
        }
    });
}

/// Returns the status and the number of attempts of two recipients; the server reacts in this way at the end of the
/// first one's mail.
async fn sent_to_two(
    database: &Database,
    reaction: Reaction,
    timeout: &str,
) -> (Vec<(String, i64)>, SmtpServer) {
    let smtp = SmtpServer::start().await;
    first(&smtp, Phase::End, reaction);
    let server = start(database, &smtp, timeout).await;
    let data = server.sender().await.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled_within(LIMIT, id).await;
    let recipients = server.recipients(id).await;
    let ends = recipients.iter().map(|recipient| {
        let status = recipient["status"].as_str().expect("a status").to_owned();
        (status, recipient["attempts"].as_i64().expect("a number"))
    });
    (ends.collect(), smtp)
}

fn end(status: &str, attempts: i64) -> (String, i64) {
    (status.to_owned(), attempts)
}

async fn a_mail_that_is_taken_after_several_leases_is_sent(database: Database) {
    let (ends, smtp) = sent_to_two(&database, Reaction::Delay(LONG), "900").await;
    assert_eq!(ends, [end("sent", 1), end("sent", 1)]);
    assert_eq!(smtp.count(), 2);
}

async fn a_refusal_that_comes_late_is_a_failure(database: Database) {
    let late = Reaction::ReplyAfter(LONG, "554 5.7.1 this content is not wanted");
    let (ends, smtp) = sent_to_two(&database, late, "900").await;
    assert_eq!(ends, [end("failed", 1), end("sent", 1)]);
    assert_eq!(smtp.count(), 1);
}

async fn a_mail_that_is_put_off_late_is_tried_again(database: Database) {
    let late = Reaction::ReplyAfter(LONG, "450 4.2.0 greylisted");
    let (ends, smtp) = sent_to_two(&database, late, "900").await;
    assert_eq!(ends, [end("sent", 2), end("sent", 1)]);
    assert_eq!(smtp.count(), 2);
}

async fn what_takes_longer_than_it_may_is_unconfirmed(database: Database) {
    let (ends, smtp) = sent_to_two(&database, Reaction::AcceptAndStall, "5").await;
    assert_eq!(ends, [end("unconfirmed", 1), end("sent", 1)]);
    assert_eq!(smtp.count(), 2);
}

async fn nobody_knows_of_a_call_whose_process_was_killed(database: Database) {
    let smtp = SmtpServer::start().await;
    first(&smtp, Phase::End, Reaction::AcceptAndStall);
    let mut server = start(&database, &smtp, "900").await;
    let data = server.sender().await.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id").to_owned();
    smtp.accepts(2).await;
    // The answer about the second one is written down while the first one still waits for its own.
    eventually("the second one is sent", || async {
        let counts = server.mailing(&id).await["counts"].clone();
        if counts["sent"] == 1 {
            Ok(())
        } else {
            Err(counts)
        }
    })
    .await;
    server.kill().await;
    smtp.script(|_| Reaction::Continue);
    server.start().await;
    let counts = server.settled_within(LIMIT, &id).await;
    assert_eq!(
        (&counts["unconfirmed"], &counts["sent"]),
        (&1.into(), &1.into())
    );
    assert_eq!(smtp.count(), 2, "none twice");
}

async fn the_answer_to_a_single_mail_that_comes_after_all_settles_it(database: Database) {
    let smtp = SmtpServer::start().await;
    first(&smtp, Phase::End, Reaction::Delay(TOO_LONG));
    let server = start(&database, &smtp, "900").await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(202);
    assert_eq!(data["status"], "unconfirmed", "{data}");
    let id = data["id"].as_str().expect("an id");
    let sent = within(LIMIT, "the mail to be sent", async || {
        let counts = server.mailing(id).await["counts"].clone();
        if counts["sent"] == 1 {
            Ok(())
        } else {
            Err(counts)
        }
    });
    sent.await;
    assert_eq!(smtp.count(), 1);
}

async fn a_single_mail_that_waits_for_the_server_is_queued(database: Database) {
    let smtp = SmtpServer::start().await;
    first(&smtp, Phase::Connect, Reaction::Delay(TOO_LONG));
    let server = start(&database, &smtp, "900").await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(202);
    assert_eq!(data["status"], "queued", "{data}");
    let counts = server.settled_within(LIMIT, data["id"].as_str().expect("an id"));
    assert_eq!(counts.await["sent"], 1);
    assert_eq!(smtp.count(), 1);
}
