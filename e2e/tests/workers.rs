//! Several workers on one ledger, with leases that expire while they work.

use std::time::Duration;

use e2e::balance::balanced;
use e2e::letter::recipient;
use e2e::smtp::{Phase, Reaction, always};
use e2e::waiting::within;
use e2e::{Database, Server, SmtpServer, Worker, eventually, mailing, on_both_databases};
use tokio::time::sleep;

const LEASE: Duration = Duration::from_secs(6);
const RECIPIENTS: usize = 400;

fn variables(transport: &str) -> [(&str, &str); 3] {
    [
        ("MAIL_TRANSPORT", transport),
        ("LEASE_SECONDS", "6"),
        ("SWEEP_SECONDS", "1"),
    ]
}

/// Returns a mailing in the ledger that the server which accepted it had no time to send.
async fn accepted(database: &Database, smtp: &SmtpServer) -> (Server, String) {
    let mut settings = Server::on(database);
    for (name, value) in variables(&smtp.transport()) {
        settings = settings.env(name, value);
    }
    let mut server = settings.start().await;
    let data = server
        .sender()
        .await
        .mail(&mailing(RECIPIENTS))
        .await
        .data(202);
    server.stop().await;
    assert!(
        smtp.count() < RECIPIENTS / 2,
        "there is work left for the workers"
    );
    (server, data["id"].as_str().expect("an id").to_owned())
}

async fn two_workers(database: &Database, smtp: &SmtpServer) -> [Worker; 2] {
    let transport = smtp.transport();
    let variables = variables(&transport);
    let (one, other) = tokio::join!(
        Worker::start(database, &variables),
        Worker::start(database, &variables),
    );
    [one, other]
}

/// Returns the number of recipients that are not at an end.
async fn left(database: &Database) -> i64 {
    let open = "SELECT COUNT(*) FROM recipient WHERE status IN ('queued', 'sending')";
    database.count(open).await
}

/// Waits until every recipient in the ledger is at an end.
async fn nothing_left(database: &Database) {
    within(
        Duration::from_mins(3),
        "every recipient comes to an end",
        || async {
            let left = left(database).await;
            if left == 0 { Ok(()) } else { Err(left) }
        },
    )
    .await;
}

on_both_databases!(a_worker_alone_finishes_what_the_server_left);

async fn a_worker_alone_finishes_what_the_server_left(database: Database) {
    let smtp = SmtpServer::start().await;
    smtp.script(always(
        Phase::End,
        Reaction::Delay(Duration::from_millis(20)),
    ));
    let (mut server, id) = accepted(&database, &smtp).await;
    let transport = smtp.transport();
    let worker = Worker::start(&database, &variables(&transport)).await;
    nothing_left(&database).await;
    worker.stop().await;
    server.start().await;
    balanced(&server.recipients(&id).await, &smtp, RECIPIENTS, 0);
}

#[tokio::test]
async fn a_transport_that_stalls_past_the_leases_doubles_nothing() {
    let database = Database::postgres().await;
    let smtp = SmtpServer::start().await;
    let stalls = |address: &str| (0..RECIPIENTS).step_by(20).any(|i| address == recipient(i));
    let stalled = RECIPIENTS.div_ceil(20);
    smtp.script(move |step| match step.phase {
        Phase::End if stalls(step.recipient) => Reaction::Delay(2 * LEASE),
        Phase::End => Reaction::Delay(Duration::from_millis(20)),
        _ => Reaction::Continue,
    });
    let (mut server, id) = accepted(&database, &smtp).await;
    let [one, other] = two_workers(&database, &smtp).await;
    nothing_left(&database).await;
    one.stop().await;
    other.stop().await;
    server.start().await;
    let recipients = server.recipients(&id).await;
    // The server that accepted the mailing was stopped, not killed: only stalled mails are unconfirmed.
    balanced(&recipients, &smtp, RECIPIENTS, stalled);
}

#[tokio::test]
async fn a_worker_that_freezes_past_its_lease_doubles_nothing() {
    let database = Database::postgres().await;
    let smtp = SmtpServer::start().await;
    smtp.script(always(
        Phase::End,
        Reaction::Delay(Duration::from_millis(100)),
    ));
    let (mut server, id) = accepted(&database, &smtp).await;
    let workers = two_workers(&database, &smtp).await;
    let mut freezes = 0;
    for worker in workers.iter().cycle().take(4) {
        let busy = eventually("mail is on its way", || async {
            // The recipients that a frozen worker was about to send to may be at an end without a mail.
            let left = left(&database).await;
            if smtp.answering() > 0 || left == 0 {
                Ok(left > 0)
            } else {
                Err(left)
            }
        })
        .await;
        if !busy {
            break;
        }
        worker.freeze();
        freezes += 1;
        sleep(LEASE + Duration::from_secs(2)).await;
        worker.resume();
    }
    assert!(freezes > 0, "the workers were too fast to be frozen");
    nothing_left(&database).await;
    let [one, other] = workers;
    one.stop().await;
    other.stop().await;
    server.start().await;
    let recipients = server.recipients(&id).await;
    balanced(
        &recipients,
        &smtp,
        RECIPIENTS,
        freezes * smtp.most_sessions(),
    );
}

#[tokio::test]
async fn what_a_killed_worker_had_is_taken_over() {
    let database = Database::postgres().await;
    let smtp = SmtpServer::start().await;
    smtp.script(always(
        Phase::End,
        Reaction::Delay(Duration::from_millis(50)),
    ));
    let (mut server, id) = accepted(&database, &smtp).await;
    let [one, other] = two_workers(&database, &smtp).await;
    smtp.accepts(smtp.count() + 20).await;
    one.kill().await;
    nothing_left(&database).await;
    other.stop().await;
    server.start().await;
    let recipients = server.recipients(&id).await;
    balanced(&recipients, &smtp, RECIPIENTS, smtp.most_sessions());
}
