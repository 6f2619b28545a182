//! The price of a mail in statements, on either database.

use e2e::{Caller, Database, Server, With, eventually, letter, mailing, on_both_databases};

on_both_databases!(
    a_single_mail_takes_few_statements,
    a_recipient_of_a_mailing_takes_a_fraction_of_a_statement,
);

const CALL: usize = 50;

async fn start(database: &Database) -> Server {
    Server::on(database)
        .env("RUST_LOG", "info,mail::statement=trace")
        // There is no sweep but that of the start.
        .env("SWEEP_SECONDS", "3600")
        .start()
        .await
}

/// Returns the number of statements so far, once those of this mail's recipients are among them.
async fn statements(server: &Server, mail_id: &str, recipients: usize) -> usize {
    eventually("the recipients have ended", || async {
        let logs = server.logs();
        let of_mail = logs.iter().filter(|line| line.contains(mail_id));
        let ended = of_mail.filter(|line| line.contains("recipient ended"));
        if ended.count() == recipients {
            Ok(logs
                .iter()
                .filter(|line| line.contains("mail::statement"))
                .count())
        } else {
            Err(logs)
        }
    })
    .await
}

async fn send(sender: &Caller, number: usize) -> String {
    let letter = letter(&format!("{number}@example.com"));
    let data = sender.mail(&letter).await.data(200);
    data["id"].as_str().expect("an id").to_owned()
}

async fn a_single_mail_takes_few_statements(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let mut before = 0;
    let mut taken = Vec::new();
    for number in 0..6 {
        let id = send(&sender, number).await;
        let now = statements(&server, &id, 1).await;
        taken.push(now - before);
        before = now;
    }
    // That sweep may have come between.
    let fewest = taken.iter().min().copied();
    // `SQLite`: the key; BEGIN, the clock, the mailing, the recipient, COMMIT; BEGIN, the outcome, its event, the
    // deliveries to webhooks, COMMIT. `PostgreSQL` stores the mail in one statement, and the outcome in another.
    let expected = if database.is_postgres() { 3 } else { 11 };
    assert_eq!(fewest, Some(expected), "{taken:?}: {:#?}", server.logs());
}

async fn a_recipient_of_a_mailing_takes_a_fraction_of_a_statement(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let first = send(&sender, 0).await;
    let mut before = statements(&server, &first, 1).await;
    let mut taken = Vec::new();
    for _ in 0..3 {
        let body = mailing(CALL).with("email_id", "of statements");
        let data = sender.mail(&body).await.data(202);
        let id = data["id"].as_str().expect("an id");
        let now = statements(&server, id, CALL).await;
        taken.push(now - before);
        before = now;
    }
    // The sweep of the start may have come between.
    let fewest = taken.iter().min().copied().unwrap_or(CALL);
    println!("{taken:?} for {CALL} recipients each");
    assert!(fewest <= CALL / 2, "{taken:?}: {:#?}", server.logs());
}
