//! The start and the end of the programs, and their output.

use e2e::process::{Program, Run};
use e2e::{Database, Server, Worker, letter, on_both_databases};

// A function prints no address, and Lambda starts and ends it.
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
    let folder = database.folder();
    let folder = if database.url().starts_with("sqlite") {
        folder.join("mailbox")
    } else {
        folder.join("data/mailbox")
    };
    assert_eq!(
        server.program().stdout(),
        [
            format!("MMMS is listening on {url}"),
            format!("Console      {url}/console"),
            format!("Swagger UI   {url}/docs"),
            format!("Mailbox      {url}/mailbox"),
            format!(
                "Mail         captured in {}, none of it is sent",
                folder.display()
            ),
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

#[tokio::test]
async fn both_programs_say_where_mail_goes_and_name_no_password() {
    for (transport, words) in [
        (
            "smtp://user:secret@127.0.0.1:1",
            "Mail         sent for real, through the SMTP server smtp://127.0.0.1:1",
        ),
        (
            "smtps://user:secret@[::1]",
            "Mail         sent for real, through the SMTP server smtps://[::1]",
        ),
        ("ses", "Mail         sent for real, through Amazon SES"),
    ] {
        let database = Database::sqlite();
        let variables = [
            ("MAIL_TRANSPORT", transport),
            ("ADMIN_TOKEN", "a-token-of-the-administrator"),
            ("AWS_REGION", "eu-central-1"),
        ];
        let server = Server::start_with(&variables).await;
        server.program().line(|line| line == words).await;
        let worker = Worker::start(&database, &variables).await;
        worker.program().line(|line| line == words).await;
        let printed = [server.program().stdout(), worker.program().stdout()].concat();
        assert!(!printed.join("\n").contains("secret"), "{printed:?}");
    }
}

/// Neither a question nor a mistyped argument starts a program.
#[tokio::test]
async fn both_programs_tell_what_they_are_and_start_nothing() {
    let version = env!("CARGO_PKG_VERSION");
    for program in ["api", "worker"] {
        for arguments in [&["--help"][..], &["-h"], &["--version"], &["-V"]] {
            let run = without_a_start(program, arguments).await;
            assert_eq!(run.code, Some(0), "{program} {arguments:?}: {}", run.stderr);
            assert_eq!(run.stderr, "", "{program} {arguments:?}");
            if arguments[0].to_lowercase().contains('v') {
                assert_eq!(run.stdout, format!("{program} {version}"));
            } else {
                for words in [format!("Usage: {program}"), "MAIL_TRANSPORT".to_owned()] {
                    assert!(run.stdout.contains(&words), "{}", run.stdout);
                }
            }
        }
        for arguments in [
            &["--nothing"][..],
            &["nothing"],
            &["openapi", "more"],
            &["--", "nothing"],
        ] {
            let run = without_a_start(program, arguments).await;
            assert_eq!(run.code, Some(2), "{program} {arguments:?}");
            assert_eq!(run.stdout, "", "{program} {arguments:?}");
            assert!(run.stderr.contains("Usage: "), "{}", run.stderr);
        }
    }
    let help = without_a_start("api", &["--help"]).await.stdout;
    assert!(help.contains("openapi"), "{help}");
}

/// Returns the result of the program, and asserts that it leaves its folder empty.
async fn without_a_start(program: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let run = Program::run(program, arguments, &[], folder.path()).await;
    let left = std::fs::read_dir(folder.path())
        .expect("the folder")
        .count();
    assert_eq!(left, 0, "{program} {arguments:?} has made files");
    run
}

#[tokio::test]
async fn what_a_person_types_leads_to_a_page() {
    let server = Server::embedded().await;
    for (path, page) in [
        ("/", "/console"),
        ("", "/console"),
        ("/docs/", "/docs"),
        ("/mailbox/", "/mailbox"),
    ] {
        let answer = reqwest::get(format!("{}{path}", server.url())).await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.url().path()), (200, page));
        let content_type = answer.headers()["content-type"].to_str().expect("ASCII");
        assert_eq!(content_type, "text/html; charset=utf-8", "{path}");
    }
    let answer = reqwest::get(format!("{}/console/", server.url())).await;
    assert_eq!(answer.expect("an answer").status(), 200);
    let browser = server.anonymous();
    let answer = browser.request(reqwest::Method::POST, "/").await;
    answer.error(405, "method_not_allowed");
    for path in ["/v1/mail/", "/docs//", "/docs/index.html"] {
        browser.get(path).await.error(404, "not_found");
    }
}
