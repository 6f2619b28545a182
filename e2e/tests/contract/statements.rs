//! The price of a mail in statements, on either database.

use e2e::{Caller, Database, Server, With, eventually, letter, mailing, on_both_databases};
use serde_json::json;

on_both_databases!(
    a_single_mail_takes_few_statements,
    a_single_mail_of_a_key_with_limits_is_counted_where_it_is_stored,
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
    // `SQLite`: the key; BEGIN, the clock, the mailing, the recipient, COMMIT; BEGIN, the outcome, its event, the
    // deliveries to webhooks, COMMIT. `PostgreSQL` stores the mail in one statement, and the outcome in another.
    let expected = if database.is_postgres() { 3 } else { 11 };
    takes(&server, &sender, expected).await;
}

async fn a_single_mail_of_a_key_with_limits_is_counted_where_it_is_stored(database: Database) {
    let server = start(&database).await;
    let limits = json!({ "requests_per_minute": 100, "recipients_per_day": 100 });
    let key = server.new_key(json!({ "limits": limits })).await;
    let sender = server.with_key(key["api_key"].as_str().expect("a key"));
    // In the transaction of `SQLite`, the counters are one statement more.
    let expected = if database.is_postgres() { 3 } else { 12 };
    takes(&server, &sender, expected).await;
}

/// Sends mails until three in a row take the same number of statements: until then, that sweep comes between. Returns
/// this number, and the number of statements so far.
async fn steady(server: &Server, sender: &Caller) -> (usize, usize) {
    let mut before = 0;
    let mut taken = Vec::new();
    for number in 0..100 {
        let id = send(sender, number).await;
        let now = statements(server, &id, 1).await;
        taken.push(now - before);
        before = now;
        if let [.., a, b, c] = taken[..]
            && a == b
            && b == c
        {
            return (c, now);
        }
    }
    panic!("{taken:?}: {:#?}", server.logs());
}

/// Asserts that a mail takes so many statements.
async fn takes(server: &Server, sender: &Caller, expected: usize) {
    let (taken, _) = steady(server, sender).await;
    assert_eq!(taken, expected, "{:#?}", server.logs());
}

async fn a_recipient_of_a_mailing_takes_a_fraction_of_a_statement(database: Database) {
    let server = start(&database).await;
    let sender = server.sender().await;
    let (_, before) = steady(&server, &sender).await;
    let body = mailing(CALL).with("email_id", "of statements");
    let data = sender.mail(&body).await.data(202);
    let id = data["id"].as_str().expect("an id");
    let taken = statements(&server, id, CALL).await - before;
    println!("{taken} for {CALL} recipients");
    assert!(taken <= CALL / 2, "{taken}: {:#?}", server.logs());
}
