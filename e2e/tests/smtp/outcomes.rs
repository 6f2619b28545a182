//! The outcomes of queued mail: accepted, certainly not accepted, refused and unknown.

use std::time::Duration;

use e2e::answer::is_text;
use e2e::letter::recipient;
use e2e::smtp::{Phase, Reaction};
use e2e::{Database, Server, SmtpServer, mailing, on_both_databases};
use serde_json::{Value, json};

use crate::start;

on_both_databases!(
    a_temporary_reply_at_any_step_is_tried_again,
    a_permanent_reply_from_the_recipient_on_is_a_failure,
    a_reply_that_never_comes_after_the_message_leaves_the_mail_unconfirmed,
    a_connection_that_breaks_earlier_never_doubles_a_mail,
    a_server_that_is_away_is_waited_for,
    a_server_that_is_busy_is_waited_for,
    attempts_are_bounded,
);

const STEPS: [Phase; 4] = [Phase::Mail, Phase::Recipient, Phase::Data, Phase::End];
const LIMIT: Duration = Duration::from_mins(2);

/// Sets the reaction at a step, for its first `visits` visits.
fn at(smtp: &SmtpServer, phase: Phase, visits: usize, reaction: Reaction) {
    smtp.script(move |step| {
        if step.phase == phase && step.visit <= visits {
            reaction
        } else {
            Reaction::Continue
        }
    });
}

/// Sends to two recipients through a server that reacts in this way at a step, and returns the recipients at their end.
async fn sent_through(
    database: &Database,
    phase: Phase,
    visits: usize,
    reaction: Reaction,
) -> (Vec<Value>, SmtpServer) {
    let smtp = SmtpServer::start().await;
    at(&smtp, phase, visits, reaction);
    let server = start(database, &smtp).await;
    let data = server.sender().await.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled_within(LIMIT, id).await;
    (server.recipients(id).await, smtp)
}

async fn a_temporary_reply_at_any_step_is_tried_again(database: Database) {
    for phase in STEPS {
        let reply = Reaction::Reply("451 4.3.0 not now");
        let (recipients, smtp) = sent_through(&database, phase, 1, reply).await;
        for (index, entry) in recipients.iter().enumerate() {
            assert_eq!(entry["status"], "sent", "{phase:?}: {entry}");
            assert!(entry["status_detail"].is_null(), "{phase:?}: {entry}");
            assert_eq!(smtp.to(&recipient(index)).len(), 1, "{phase:?}");
        }
    }
}

/// A refusal of the sender is never about a recipient: see `what_concerns_the_sender_fails_no_mail`.
async fn a_permanent_reply_from_the_recipient_on_is_a_failure(database: Database) {
    for phase in [Phase::Recipient, Phase::Data, Phase::End] {
        let reply = Reaction::Reply("550 5.7.1 recipient-0@example.org is not wanted");
        let (recipients, smtp) = sent_through(&database, phase, usize::MAX, reply).await;
        for entry in &recipients {
            assert_eq!(entry["status"], "failed", "{phase:?}: {entry}");
            assert_eq!(entry["status_detail"], "refused", "{phase:?}: {entry}");
            assert_eq!(entry["attempts"], 1, "{phase:?}: {entry}");
            assert!(is_text(&entry["last_error"]), "{phase:?}: {entry}");
            assert!(
                !entry["last_error"].to_string().contains('@'),
                "never an address: {entry}"
            );
            assert!(
                entry["message_id"].is_null() && entry["sent_at"].is_null(),
                "{entry}"
            );
        }
        assert_eq!(smtp.count(), 0, "{phase:?}");
    }
}

async fn a_reply_that_never_comes_after_the_message_leaves_the_mail_unconfirmed(
    database: Database,
) {
    for (reaction, mails) in [
        (Reaction::AcceptAndClose, 1),
        (Reaction::AcceptAndStall, 1),
        (Reaction::Close, 0),
        (Reaction::Stall, 0),
    ] {
        let (recipients, smtp) = sent_through(&database, Phase::End, 1, reaction).await;
        for (index, entry) in recipients.iter().enumerate() {
            assert_eq!(entry["status"], "unconfirmed", "{reaction:?}: {entry}");
            assert!(is_text(&entry["status_detail"]), "{reaction:?}: {entry}");
            assert!(entry["sent_at"].is_null(), "{reaction:?}: {entry}");
            assert_eq!(smtp.to(&recipient(index)).len(), mails, "{reaction:?}");
            assert_eq!(
                smtp.visits(Phase::End, &recipient(index)),
                1,
                "{reaction:?}"
            );
        }
    }
}

async fn a_connection_that_breaks_earlier_never_doubles_a_mail(database: Database) {
    for phase in [Phase::Mail, Phase::Recipient, Phase::Data] {
        for reaction in [Reaction::Close, Reaction::Stall, Reaction::ReplyAndClose] {
            let (recipients, smtp) = sent_through(&database, phase, 1, reaction).await;
            for (index, entry) in recipients.iter().enumerate() {
                let mails = smtp.to(&recipient(index)).len();
                match entry["status"].as_str() {
                    Some("sent") => assert_eq!(mails, 1, "{phase:?} {reaction:?}"),
                    Some("unconfirmed") => assert!(mails <= 1, "{phase:?} {reaction:?}"),
                    _ => panic!("{phase:?} {reaction:?}: {entry}"),
                }
            }
        }
    }
    let (recipients, smtp) = sent_through(&database, Phase::End, 9, Reaction::ReplyAndClose).await;
    for entry in &recipients {
        assert_eq!(entry["status"], "sent", "the answer came: {entry}");
    }
    assert_eq!(smtp.count(), 2);
}

async fn a_server_that_is_away_is_waited_for(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.set_open(false).await;
    let server = start(&database, &smtp).await;
    let data = server.sender().await.mail(&mailing(3)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    e2e::eventually("the connection is tried and refused", || async {
        let recipients = server.recipients(id).await;
        let refused = |entry: &Value| entry["status"] == "queued" && is_text(&entry["last_error"]);
        if recipients.iter().all(refused) {
            Ok(())
        } else {
            Err(recipients)
        }
    })
    .await;
    smtp.set_open(true).await;
    let counts = server.settled_within(LIMIT, id).await;
    assert_eq!(counts["sent"], 3, "{counts}");
    assert_eq!(smtp.count(), 3);
}

async fn a_server_that_is_busy_is_waited_for(database: Database) {
    for reaction in [
        Reaction::Reply("421 4.3.2 too many connections"),
        Reaction::Close,
    ] {
        let (recipients, smtp) = sent_through(&database, Phase::Connect, 2, reaction).await;
        for entry in &recipients {
            assert_eq!(entry["status"], "sent", "{reaction:?}: {entry}");
        }
        assert_eq!(smtp.count(), 2);
    }
}

async fn attempts_are_bounded(database: Database) {
    let smtp = SmtpServer::start().await;
    at(
        &smtp,
        Phase::Recipient,
        usize::MAX,
        Reaction::Reply("452 4.2.2 mailbox full"),
    );
    let server = Server::through(&smtp, &database)
        .env("MAX_ATTEMPTS", "2")
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let data = server.sender().await.mail(&mailing(2)).await.data(202);
    let id = data["id"].as_str().expect("an id");
    server.settled_within(LIMIT, id).await;
    for (index, entry) in server.recipients(id).await.iter().enumerate() {
        assert_eq!(entry["status"], "failed", "{entry}");
        assert_eq!(entry["status_detail"], "attempts_exhausted", "{entry}");
        assert_eq!(entry["attempts"], json!(2), "{entry}");
        assert_eq!(smtp.visits(Phase::Recipient, &recipient(index)), 2);
    }
}
