//! What the programs say and do when they start and stop.

use e2e::{Database, Server, Worker, letter, on_both_databases};

// A function prints no address, and is started and ended by Lambda.
on_both_databases!(
    the_addresses_to_open_are_printed,
    a_restart_finds_everything_as_it_was,
    a_worker_starts_and_ends_cleanly,
    two_servers_start_at_once_on_an_empty_database,
);

async fn the_addresses_to_open_are_printed(database: Database) {
    let server = Server::on(&database).start().await;
    let last = |line: &str| line.starts_with("Management");
    server.program().line(last).await;
    let url = server.url();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(
        server.program().stdout(),
        [
            format!("MMMS is listening on {url}"),
            format!("Console      {url}/console"),
            format!("Swagger UI   {url}/docs"),
            format!("Mailbox      {url}/mailbox"),
            "Management   open on loopback: no ADMIN_TOKEN is set".to_owned(),
        ]
    );
    for path in ["/console", "/docs", "/mailbox"] {
        assert_eq!(server.anonymous().get(path).await.status, 200, "{path}");
    }
}

async fn a_restart_finds_everything_as_it_was(database: Database) {
    let mut server = Server::on(&database).start().await;
    let sender = server.sender().await;
    let data = sender.mail(&letter("ann@example.org")).await.data(200);
    let id = data["id"].as_str().expect("an id");
    let before = (server.mailing(id).await, server.recipients(id).await);
    server.stop().await;
    server.start().await;
    assert_eq!(
        (server.mailing(id).await, server.recipients(id).await),
        before
    );
    assert_eq!(server.mailbox().total().await, 1);
}

async fn a_worker_starts_and_ends_cleanly(database: Database) {
    let variables = [("MAIL_TRANSPORT", "mailbox")];
    Worker::start(&database, &variables).await.stop().await;
}

async fn two_servers_start_at_once_on_an_empty_database(database: Database) {
    let (first, second) =
        tokio::join!(Server::on(&database).start(), Server::on(&database).start(),);
    let data = first
        .sender()
        .await
        .mail(&letter("ann@example.org"))
        .await
        .data(200);
    let id = data["id"].as_str().expect("an id");
    assert_eq!(second.mailing(id).await, first.mailing(id).await);
}

#[tokio::test]
async fn what_is_not_so_is_not_printed() {
    let server = Server::start_with(&[
        ("MAIL_TRANSPORT", "smtp://127.0.0.1:1"),
        ("ADMIN_TOKEN", "a-token-of-the-administrator"),
    ])
    .await;
    server
        .program()
        .line(|line| line.starts_with("Swagger UI"))
        .await;
    assert_eq!(server.anonymous().get("/v1/health").await.status, 200);
    let answer = server.management().get("/mailbox").await;
    answer.error(404, "not_found");
    let printed = server.program().stdout().join("\n");
    assert!(
        !printed.contains("Mailbox") && !printed.contains("Management"),
        "{printed}"
    );
}
