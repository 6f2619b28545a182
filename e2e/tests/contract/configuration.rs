//! An invalid variable prevents the start, with one line that names it.

use e2e::Database;
use e2e::process::{Program, Run};

const NONSENSE: [(&str, &str); 31] = [
    ("PORT", "http"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("HOST", "not a host"),
    ("DATABASE_URL", "mysql://localhost/mmms"),
    ("DATABASE_URL", "nonsense"),
    ("MAIL_TRANSPORT", "pigeon"),
    ("MAIL_TRANSPORT", "smtp://"),
    ("MAIL_TRANSPORT", "smtp://host:port"),
    ("MAIL_TRANSPORT", "http://127.0.0.1:25"),
    ("LEASE_SECONDS", "0"),
    ("LEASE_SECONDS", "soon"),
    ("LEASE_SECONDS", "1.5"),
    ("SWEEP_SECONDS", "0"),
    ("SWEEP_SECONDS", "-5"),
    ("SWEEP_SECONDS", "99999999999999999999"),
    ("MAX_ATTEMPTS", "0"),
    ("MAX_ATTEMPTS", "many"),
    ("RETENTION_DAYS", "a month"),
    ("RETENTION_DAYS", "-1"),
    ("KEEP_DAYS", "0"),
    ("KEEP_DAYS", "29"),
    ("MAX_SEND_RATE", "fast"),
    ("MAX_SEND_RATE", "0"),
    ("LOG_FORMAT", "xml"),
    ("RUST_LOG", "mail=loud"),
    ("WEBHOOK_QUEUE_URL", "webhooks"),
    ("WEBHOOK_OUTCOME_QUEUE_URL", "outcomes"),
    ("WEBHOOK_REACH", "everything"),
    ("MAILBOX_DIR", "/dev/null/mailbox"),
    ("DATABASE_URL", "sqlite:///dev/null/mmms.db"),
];

async fn run(program: &str, name: &str, value: &str) -> Run {
    let database = Database::sqlite();
    let mut environment = vec![
        ("DATABASE_URL".to_owned(), database.url().to_owned()),
        ("PORT".to_owned(), "0".to_owned()),
    ];
    environment.push((name.to_owned(), value.to_owned()));
    Program::run(program, &[], &environment, database.folder()).await
}

#[tokio::test]
async fn api_stops_with_one_line_that_names_the_variable() {
    for (name, value) in NONSENSE {
        names_it(&run("api", name, value).await, name, value);
    }
}

#[tokio::test]
async fn worker_stops_with_one_line_that_names_the_variable() {
    let api_only = ["PORT", "HOST"];
    for (name, value) in NONSENSE {
        if !api_only.contains(&name) {
            names_it(&run("worker", name, value).await, name, value);
        }
    }
}

#[tokio::test]
async fn poster_stops_with_one_line_that_names_the_variable() {
    const RUNTIME: (&str, &str) = ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9");
    const QUEUE: (&str, &str) = (
        "WEBHOOK_OUTCOME_QUEUE_URL",
        "https://sqs.example/1/outcomes",
    );
    let folder = Database::sqlite();
    for (given, (name, value)) in [
        (vec![QUEUE], ("AWS_LAMBDA_RUNTIME_API", "")),
        (vec![RUNTIME], ("WEBHOOK_OUTCOME_QUEUE_URL", "outcomes")),
        (vec![RUNTIME, QUEUE], ("WEBHOOK_REACH", "everything")),
    ] {
        let mut environment: Vec<_> = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        environment.push((name.to_owned(), value.to_owned()));
        let run = Program::run("poster", &[], &environment, folder.folder()).await;
        names_it(&run, name, value);
    }
}

fn names_it(run: &Run, name: &str, value: &str) {
    let said = format!("{name}={value}: {:?} {:?}", run.stdout, run.stderr);
    assert_eq!(run.code, Some(2), "{said}");
    assert_eq!(run.stderr.lines().count(), 1, "{said}");
    assert!(run.stderr.contains(name), "{said}");
    assert!(run.stdout.is_empty(), "{said}");
}

#[tokio::test]
async fn a_password_in_a_bad_variable_is_not_shown() {
    for (name, value) in [
        ("DATABASE_URL", "postgres://me:S3cretWord@:bad:port/x"),
        ("MAIL_TRANSPORT", "smtp://me:S3cretWord@host:port"),
    ] {
        let run = run("api", name, value).await;
        names_it(&run, name, value);
        assert!(!run.stderr.contains("S3cretWord"), "{}", run.stderr);
    }
}

#[tokio::test]
async fn an_unknown_command_is_refused() {
    let database = Database::sqlite();
    let run = Program::run("api", &["openapy"], &[], database.folder()).await;
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stdout.is_empty(), "{}", run.stdout);
}
