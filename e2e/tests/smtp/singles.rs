//! The answer to a single mail, depending on the SMTP server's reply.

use std::time::{Duration, Instant};

use e2e::smtp::{Phase, Reaction, always};
use e2e::{Database, Server, SmtpServer, letter, on_both_databases};

use crate::start;

on_both_databases!(
    a_refusal_is_422,
    what_cannot_be_taken_now_is_queued,
    an_unknown_fate_is_told_and_left_alone,
    an_answer_comes_within_25_seconds,
);

async fn a_refusal_is_422(database: Database) {
    for phase in [Phase::Recipient, Phase::Data, Phase::End] {
        let smtp = SmtpServer::start().await;
        smtp.script(always(
            phase,
            Reaction::Reply("554 5.7.1 ann@example.org is not wanted"),
        ));
        let server = start(&database, &smtp).await;
        let sender = server.sender().await;
        let answer = sender.mail(&letter("ann@example.org")).await;
        answer.error(422, "send_rejected");
        assert!(
            !answer.text().contains("ann@"),
            "never an address: {}",
            answer.text()
        );
        let items = sender.get("/v1/mail").await.items();
        assert_eq!(items[0]["counts"]["failed"], 1, "{phase:?}: {items:?}");
        assert_eq!(smtp.count(), 0);
    }
}

async fn what_cannot_be_taken_now_is_queued(database: Database) {
    for phase in [
        Phase::Connect,
        Phase::Mail,
        Phase::Recipient,
        Phase::Data,
        Phase::End,
    ] {
        let smtp = SmtpServer::start().await;
        smtp.script(always(phase, Reaction::Reply("421 4.3.0 not now")));
        let server = start(&database, &smtp).await;
        let data = server
            .sender()
            .await
            .mail(&letter("ann@example.org"))
            .await
            .data(202);
        assert_eq!(data["status"], "queued", "{phase:?}: {data}");
        let others = server.sender().await.mail(&letter("bob@example.org")).await;
        assert_eq!(
            others.data(202)["status"],
            "queued",
            "while all mail is refused"
        );
        smtp.script(|_| Reaction::Continue);
        let id = data["id"].as_str().expect("an id");
        let counts = server.settled(id).await;
        assert_eq!(counts["sent"], 1, "{phase:?}: {counts}");
        smtp.accepts(2).await;
        assert_eq!(smtp.count(), 2, "{phase:?}");
    }
}

async fn an_unknown_fate_is_told_and_left_alone(database: Database) {
    for reaction in [
        Reaction::AcceptAndClose,
        Reaction::AcceptAndStall,
        Reaction::Close,
    ] {
        let smtp = SmtpServer::start().await;
        smtp.script(always(Phase::End, reaction));
        let server = start(&database, &smtp).await;
        let data = server
            .sender()
            .await
            .mail(&letter("ann@example.org"))
            .await
            .data(202);
        assert_eq!(data["status"], "unconfirmed", "{reaction:?}: {data}");
        smtp.script(|_| Reaction::Continue);
        let id = data["id"].as_str().expect("an id");
        // A later mail is sent while this one stays `unconfirmed`.
        let later = server.sender().await.mail(&letter("bob@example.org")).await;
        later.data(200);
        let recipients = server.recipients(id).await;
        assert_eq!(recipients[0]["status"], "unconfirmed", "{reaction:?}");
        assert_eq!(
            smtp.visits(Phase::End, "ann@example.org"),
            1,
            "{reaction:?}"
        );
    }
}

/// With the default lease, and a server that never answers.
async fn an_answer_comes_within_25_seconds(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(Phase::End, Reaction::AcceptAndStall));
    let server = Server::through(&smtp, &database).start().await;
    let sender = server.sender().await;
    let begin = Instant::now();
    let data = sender.mail(&letter("ann@example.org")).await.data(202);
    assert_eq!(data["status"], "unconfirmed", "{data}");
    assert!(
        begin.elapsed() < Duration::from_secs(25),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(smtp.count(), 1);
}
