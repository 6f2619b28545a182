//! Unreadable rows in the database.

use e2e::{Database, Server, With, letter, mailing, on_both_databases};
use sea_orm::ConnectionTrait;

on_both_databases!(what_cannot_be_read_fails_alone);

/// Queues everything again, as if it had never been sent, and makes some of it unreadable.
async fn spoil(database: &Database) {
    let connection = database.connect().await;
    for statement in [
        "UPDATE recipient SET status = 'queued', claim_token = NULL, lease_until = NULL, woken_at = NULL, \
         attempts = 0, ended_at = NULL, event_id = NULL, published_at = NULL",
        "UPDATE mailing SET ended_at = NULL",
        "UPDATE recipient SET variables = '[]' WHERE position = 17",
        "UPDATE mailing SET envelope = '{\"subject\": \"Half of it\"}' WHERE id IN \
         (SELECT mailing_id FROM recipient GROUP BY mailing_id HAVING COUNT(*) = 3)",
        "UPDATE mailing SET body = '7' WHERE id IN \
         (SELECT mailing_id FROM recipient GROUP BY mailing_id HAVING COUNT(*) = 4)",
    ] {
        let done = connection
            .execute_unprepared(statement)
            .await
            .expect("a statement");
        assert!(done.rows_affected() > 0, "{statement}");
    }
    connection.close().await.expect("the connection closes");
}

async fn what_cannot_be_read_fails_alone(database: Database) {
    let mut server = Server::on(&database)
        .env("SWEEP_SECONDS", "1")
        .start()
        .await;
    let sender = server.sender().await;
    let mut ids = Vec::new();
    for body in [mailing(50), mailing(3), mailing(4), mailing(5)] {
        let data = sender
            .mail(&body.with("email_id", "several"))
            .await
            .data(202);
        let id = data["id"].as_str().expect("an id").to_owned();
        server.settled(&id).await;
        ids.push(id);
    }
    server.stop().await;
    spoil(&database).await;
    server.start().await;
    for (id, sent, failed) in [
        (&ids[0], 49, 1),
        (&ids[1], 0, 3),
        (&ids[2], 0, 4),
        (&ids[3], 5, 0),
    ] {
        let counts = server.settled(id).await;
        assert_eq!(counts["sent"], sent, "{counts}");
        assert_eq!(counts["failed"], failed, "{counts}");
        let recipients = server.recipients(id).await;
        let corrupt = recipients
            .iter()
            .filter(|recipient| recipient["status_detail"] == "corrupt");
        assert_eq!(corrupt.count(), failed);
    }
    // The server listens on another port now.
    let listed = server.management().get("/v1/mail").await.data(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(4));
    let half = server.mailing(&ids[1]).await;
    assert_eq!(half["subject"], "Half of it");
    let sender = server.sender().await;
    sender.mail(&letter("ann@example.org")).await.data(200);
}
